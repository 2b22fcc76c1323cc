"""Many documents at once, each stored once whatever happens in between.

>>> from unittest.mock import Mock
>>> insert_each_once(Mock(), [])
0
"""

from typing import Any

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from core.database.client import Document
from core.database.failure import count_refused, is_duplicate


def insert_each_once(collection: Collection[Any], documents: list[Any]) -> int:
    """Insert documents that have an `_id`; returns how many can never be inserted.

    One that is there already is passed over, so that a list whose outcome is
    unknown can be inserted again. Raises pymongo's errors when it is not
    known that the others are stored.
    """
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        return count_refused(error)
    return 0


def insert_own(collection: Collection[Any], documents: list[Document]) -> None:
    """Insert documents with ids of ours: a duplicate is what the driver's own first try did."""
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if not is_duplicate(error):
            raise
