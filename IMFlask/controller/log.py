"""The API log, page by page."""

from typing import Any

from bson import ObjectId

from model.mongodb import Log


def newest(log: Log, limit: int, before: str | None = None) -> tuple[list[dict[str, Any]], Any]:
    """Return a page of the log, newest first, and the cursor of the next page.

    log: the collection; limit: the most entries on the page; before: the
    cursor of an earlier page, an ObjectId as a string. The cursor that comes
    back is None on the last page.
    """
    cursor = None if before is None else ObjectId(before)
    entries = log.get_log(limit + 1, cursor)
    page = entries[:limit]
    return page, page[-1].get("_id") if len(entries) > limit else None
