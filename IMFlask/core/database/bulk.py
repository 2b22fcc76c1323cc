"""Bulk inserts: each document is stored once, also after a retry.

>>> from unittest.mock import Mock
>>> insert_each_once(Mock(), [])
0
"""

from typing import Any

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from core.database.failure import DUPLICATE, is_outage


def insert_each_once(collection: Collection[Any], documents: list[Any]) -> int:
    """Insert documents that have an `_id`; returns how many can never be inserted.

    A document that exists is skipped: a list whose outcome is unknown can be inserted again.
    Raises pymongo's errors if some may be inserted later.
    """
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if error.details["writeConcernErrors"] or is_outage(error):
            raise
        return sum(one["code"] != DUPLICATE for one in error.details["writeErrors"])
    return 0
