"""Lists in pages, newest first: a page ends with the cursor of the next one.

>>> newest(lambda limit, before: [{"_id": 3}, {"_id": 2}, {"_id": 1}][:limit], 2)
([{'_id': 3}, {'_id': 2}], 2)
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from bson import ObjectId

Documents = list[dict[str, Any]]


class Page(NamedTuple):
    """A requested part of a list: at most `limit`, older than `before`."""

    limit: int
    before: ObjectId | None = None  # the `_id` that an earlier page ended with


def newest(
    find: Callable[[int, ObjectId | None], Documents],
    limit: int,
    before: ObjectId | str | None = None,
) -> tuple[Documents, Any]:
    """Return a page of what `find` finds, and the cursor of the next page.

    find: a model's method. It takes a limit and an `_id`, and returns the newest documents older
    than that. limit: the most on the page; before: the cursor of an earlier page. The returned
    cursor is None on the last page.
    """
    documents = find(limit + 1, None if before is None else ObjectId(before))
    page = documents[:limit]
    return page, page[-1].get("_id") if len(documents) > limit else None
