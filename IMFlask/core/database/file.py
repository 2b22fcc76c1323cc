"""Files, in GridFS's own layout: what the driver's `gridfs` stores and reads, too.

>>> issubclass(GridFSFile, Model)
True
"""

import itertools
from datetime import datetime

import pymongo
from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from core.database.chunk import Chunk, insert_own
from core.database.client import Document
from core.database.model import Model

# What a document must have to be a file; other programs may put others beside ours.
_NUMBER = {"$type": ["int", "long", "double"], "$lte": 2**53}
_IS_FILE = {
    "length": {**_NUMBER, "$gte": 0},
    "chunkSize": {**_NUMBER, "$gte": 1},
    "uploadDate": {"$type": "date"},
}
_LAST_ID = ObjectId("f" * 24)


class GridFSFile(Model):
    """The files' documents; a file exists if it has one, whatever chunks exist.

    A subclass has VERSION and the schema: the data that is stored beside the bytes.
    """

    @property
    def name(self) -> str:
        """GridFS's name."""
        return "fs.files"

    @property
    def index(self) -> list[IndexModel]:
        """GridFS's own, for lookups by name; the order here is that of `_id`."""
        return [IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)])]

    @property
    def chunks(self) -> Chunk:
        """The files' bytes."""
        return Chunk(self.database)

    def insert_files(self, documents: list[Document]) -> None:
        """Insert the documents of files whose chunks are stored: now the files exist.

        One command; when it raises, some files may exist.
        """
        insert_own(self.collection, documents)

    def get_files(self, limit: int = 10, before: ObjectId | None = None) -> list[Document]:
        """Return the newest files' documents, as `find_newest` does.

        Those with an `_id` of another type, which only other programs store, are not
        among them.
        """
        return self.find_newest(limit, before or _LAST_ID, _IS_FILE, index="_id_")

    def get_file(self, file_id: ObjectId) -> Document | None:
        """Return a file's document, or None."""
        return self.collection.find_one({"_id": file_id, **_IS_FILE}, hint="_id_")

    def delete_files(self, file_ids: list[ObjectId]) -> int:
        """Delete files' documents, and so the files; return how many existed."""
        query = {"_id": {"$in": file_ids}, **_IS_FILE}
        return self.collection.delete_many(query, hint="_id_").deleted_count

    def find_orphans(self, before: datetime) -> list[Document]:
        """Return {_id, chunks} for each id from before `before` that has chunks and no document.

        An `_id` has the time when its upload began. Ids of other types, which other programs may
        store, are skipped. This may take long: no limit holds.
        """
        orphans = []
        with pymongo.timeout(0):
            # Not `$type`, for which some servers read the chunks themselves.
            old = {"$gte": ObjectId("0" * 24), "$lt": ObjectId.from_datetime(before)}
            groups = iter(self.chunks.count_by_file(old))
            while some := list(itertools.islice(groups, 1000)):
                query = {"_id": {"$in": [group["_id"] for group in some]}}
                there = {document["_id"] for document in self.collection.find(query, {"_id": 1})}
                orphans += [group for group in some if group["_id"] not in there]
        return orphans

    def find_incomplete(self, before: datetime) -> list[Document]:
        """Return {_id, chunks} for each file of ours from before `before` that lacks bytes.

        This may take long, and is not cut off.
        """
        query = {
            "_id": {"$lt": ObjectId.from_datetime(before)},
            "metadata.__version__": {"$exists": True},
            **_IS_FILE,
        }
        found = []
        with pymongo.timeout(0):
            documents = iter(self.collection.find(query).hint("_id_"))
            while some := list(itertools.islice(documents, 1000)):
                groups = self.chunks.count_by_file({"$in": [one["_id"] for one in some]})
                counts = {group["_id"]: group["chunks"] for group in groups}
                for one in some:
                    count = counts.get(one["_id"], 0)
                    if count * one["chunkSize"] < one["length"]:
                        found.append({"_id": one["_id"], "chunks": count})
            return [one for one in found if self.get_file(one["_id"])]  # not deleted meanwhile
