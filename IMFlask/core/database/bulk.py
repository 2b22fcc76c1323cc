"""Many documents at once, each stored once whatever happens in between.

>>> from unittest.mock import Mock
>>> insert_each_once(Mock(), [])
0
"""

from typing import Any

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from core.batch_writer import PutOff
from core.database.failure import DUPLICATE, NEVER


def insert_each_once(collection: Collection[Any], documents: list[Any]) -> int:
    """Insert documents that have an `_id`; returns how many can never be inserted.

    One that is there already is passed over, so that a list whose outcome is
    unknown can be inserted again. Raises PutOff with those that can be inserted
    later, as far as the server says; pymongo's errors where the outcome is unknown.
    """
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if error.details["writeConcernErrors"]:
            raise
        failures = [one for one in error.details["writeErrors"] if one["code"] != DUPLICATE]
        passing = [one for one in failures if one["code"] not in NEVER]
        refused = len(failures) - len(passing)
        if passing:
            again = [documents[one["index"]] for one in passing]
            raise PutOff(f"{passing[0]['code']}, {passing[0]['errmsg']}", again, refused) from error
        return refused
    return 0
