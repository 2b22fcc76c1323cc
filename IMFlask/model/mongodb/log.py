"""The API log: one document a request."""

import itertools
import os
import secrets
import struct
from datetime import datetime

import bson
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import BulkWriteError

from model.mongodb.base import Model, utc_now
from model.mongodb.client import Document

_DUPLICATE = 11000  # MongoDB's error code DuplicateKey
# The longest time that MongoDB can be told to keep a document, 68 years.
_FOR_EVER = 2**31 - 1

_count = itertools.count()


class Log(Model):
    """Entries of the API log; they expire LOG_RETENTION_DAYS after `created_at`."""

    VERSION = 1

    @property
    def index(self) -> list[IndexModel]:
        """Expiry by `created_at`; the order of the entries is that of `_id`."""
        days = self.config.get("LOG_RETENTION_DAYS", 30)
        return [
            IndexModel(
                [("created_at", ASCENDING)],
                expireAfterSeconds=days * 24 * 3600 or _FOR_EVER,
            )
        ]

    @property
    def schema(self) -> Document:
        """Return an empty entry of now; `process_time` is in seconds."""
        return {
            "request_id": None,
            "ipv4": None,
            "url": None,
            "method": None,
            "params": None,
            "status_code": None,
            "process_time": None,
            "created_at": utc_now(),
            "__version__": self.VERSION,
        }

    def insert_log(self, document: Document) -> None:
        """Insert one entry, completed from the schema."""
        self.collection.insert_one(self.encode(self.schemize(document)))

    def encode(self, document: Document) -> RawBSONDocument:
        """Return a complete entry as it is stored: with its `_id`, in BSON.

        Raises what the encoder does when BSON cannot hold it.
        """
        return RawBSONDocument(bson.encode({"_id": entry_id(document["created_at"]), **document}))

    def insert_logs(self, entries: list[RawBSONDocument]) -> int:
        """Insert encoded entries; returns how many the server refused.

        One that is there already is passed over, so that a list whose fate is
        unknown can be inserted again. Raises pymongo's errors when it is not
        known that the others are stored.
        """
        # Not `self.collection`, which gives up at once while there is no server: no
        # client waits for this, and who waits has the driver look for one more often.
        collection = self.database[type(self).__name__]
        try:
            collection.insert_many(entries, ordered=False)
        except BulkWriteError as error:
            if error.details["writeConcernErrors"]:
                raise
            codes = [failure["code"] for failure in error.details["writeErrors"]]
            return len(codes) - codes.count(_DUPLICATE)
        return 0

    def get_log(self, limit: int = 10, before: ObjectId | None = None) -> list[Document]:
        """Return the newest entries, newest first, at most `limit`, which is 1 or more.

        before: only entries older than the one with this `_id`. Their order is
        that of `_id`; the hint holds every planner to its index.
        """
        if limit < 1:
            raise ValueError("MongoDB takes a limit of 0 for none at all")
        older = {} if before is None else {"_id": {"$lt": before}}
        cursor = self.collection.find(older).sort("_id", DESCENDING).hint("_id_")
        return list(cursor.limit(limit))


def entry_id(created_at: datetime) -> ObjectId:
    """Return a new `_id` that sorts by time to the millisecond, whichever process made it.

    An ObjectId of the driver's begins with the seconds alone. This one is 4 bytes
    of seconds, 2 of milliseconds, 2 that count within the process, 4 that are random
    to each process.
    """
    seconds, milliseconds = int(created_at.timestamp()), created_at.microsecond // 1000
    return ObjectId(struct.pack(">IHH4s", seconds, milliseconds, next(_count) % 2**16, _process_id))


def _renew_process_id() -> None:
    global _process_id
    _process_id = secrets.token_bytes(4)


_process_id: bytes
_renew_process_id()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_process_id)
