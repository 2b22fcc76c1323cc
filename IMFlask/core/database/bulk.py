"""Many documents at once, each stored once whatever happens in between.

>>> from unittest.mock import Mock
>>> insert_each_once(Mock(), [])
0
"""

from typing import Any

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, OperationFailure

from core.database.client import Document

_DUPLICATE = 11000  # MongoDB's error code DuplicateKey


def insert_each_once(collection: Collection[Any], documents: list[Any]) -> int:
    """Insert documents that have an `_id`; returns how many the server refused.

    One that is there already is passed over, so that a list whose outcome is
    unknown can be inserted again. Raises pymongo's errors when it is not
    known that the others are stored.
    """
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if error.details["writeConcernErrors"]:
            raise
        codes = [failure["code"] for failure in error.details["writeErrors"]]
        return len(codes) - codes.count(_DUPLICATE)
    return 0


def insert_own(collection: Collection[Any], documents: list[Document]) -> None:
    """Insert documents with ids of ours: a duplicate is what the driver's own first try did."""
    if insert_each_once(collection, documents):
        raise OperationFailure("the server has refused documents")
