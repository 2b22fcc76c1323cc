"""The API log: one document a request.

>>> from model import connect
>>> Log(connect({})).schemize({"url": "/"})["url"]
'/'
"""

import bson
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, IndexModel
from pymongo.errors import BulkWriteError

from model.mongodb.base import Model, utc_now
from model.mongodb.client import Document
from model.mongodb.object_id import new_id

_DUPLICATE = 11000  # MongoDB's error code DuplicateKey
# The longest time that MongoDB can be told to keep a document, 68 years.
_FOR_EVER = 2**31 - 1


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
        return RawBSONDocument(bson.encode({"_id": new_id(document["created_at"]), **document}))

    def insert_logs(self, entries: list[RawBSONDocument]) -> int:
        """Insert encoded entries; returns how many the server refused.

        One that is there already is passed over, so that a list whose fate is
        unknown can be inserted again. Raises pymongo's errors when it is not
        known that the others are stored.
        """
        # Not `self.collection`, which gives up at once while there is no server: no
        # client waits for this, and who waits has the driver look for one more often.
        collection = self.database[self.name]
        try:
            collection.insert_many(entries, ordered=False)
        except BulkWriteError as error:
            if error.details["writeConcernErrors"]:
                raise
            codes = [failure["code"] for failure in error.details["writeErrors"]]
            return len(codes) - codes.count(_DUPLICATE)
        return 0

    def get_log(self, limit: int = 10, before: ObjectId | None = None) -> list[Document]:
        """Return the newest entries, as `find_newest` does."""
        return self.find_newest(limit, before)
