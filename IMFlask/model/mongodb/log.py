"""The API log: one document a request.

>>> from model import connect
>>> Log(connect({})).schemize({"url": "/"})["url"]
'/'
"""

import bson
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, IndexModel

from core.database import Document
from core.database.bulk import insert_each_once
from core.database.object_id import new_id
from model.mongodb.base import Model, utc_now

# The longest time that MongoDB can be told to keep a document, 68 years.
_FOR_EVER = 2**31 - 1


class Log(Model):
    """Entries of the API log; they expire LOG_RETENTION_DAYS after `created_at`."""

    VERSION = 1

    @property
    def index(self) -> list[IndexModel]:
        """Expiry by `created_at`; the order of the entries is that of `_id`."""
        lifetime = self.config.get("LOG_RETENTION_DAYS", 30) * 24 * 3600 or _FOR_EVER
        return [IndexModel([("created_at", ASCENDING)], expireAfterSeconds=lifetime)]

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
        """Return a complete entry as `insert_logs` takes it: with its `_id`, in BSON.

        Raises what the encoder does when BSON cannot hold it.
        """
        entry = {"_id": new_id(document["created_at"]), **document, "__version__": self.VERSION}
        return RawBSONDocument(bson.encode(entry))

    def insert_logs(self, entries: list[RawBSONDocument]) -> int:
        """Insert encoded entries as `insert_each_once` does; returns how many it gave up."""
        # Not `self.collection`: no client waits for this, so that it may wait for a server.
        return insert_each_once(self.database[self.name], entries)

    def get_log(self, limit: int = 10, before: ObjectId | None = None) -> list[Document]:
        """Return the newest entries, as `find_newest` does."""
        return self.find_newest(limit, before)
