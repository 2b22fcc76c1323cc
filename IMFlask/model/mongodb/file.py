"""Files, in the layout of GridFS: what the driver's own `gridfs` stores and reads, too.

The driver's GridIn and GridOut keep up to 48 MB of a file in memory; here it is some
1 MB either way. The layout: a document of `fs.files` for each file and documents
{files_id, n, data} of `fs.chunks` with its bytes, all of `chunkSize` but the last
(https://github.com/mongodb/specifications, gridfs).
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import Any

import pymongo
from bson import Int64, ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.collection import Collection

from model.mongodb.base import Model, utc_now
from model.mongodb.chunk import Chunk
from model.mongodb.client import Document
from model.mongodb.object_id import new_id

CHUNK_SIZE = 255 * 1024  # bytes: GridFS's default, a document of just under 256 KiB
BATCH = 4 * CHUNK_SIZE  # bytes that one query writes or reads, or one chunk that is larger


class MissingChunk(Exception):
    """A file's bytes are not all there."""


class File(Model):
    """The files' documents; a file that has none is not there, whatever chunks there are."""

    VERSION = 1

    @property
    def name(self) -> str:
        """GridFS's name."""
        return "fs.files"

    @property
    def index(self) -> list[IndexModel]:
        """GridFS's own, for those who look a name up; the order here is that of `_id`."""
        return [IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)])]

    @property
    def schema(self) -> Document:
        """Return an empty file of now; `length` and `chunkSize` are in bytes."""
        now = utc_now()
        return {
            "_id": new_id(now),
            "filename": None,
            "length": Int64(0),
            "chunkSize": CHUNK_SIZE,
            "uploadDate": now,
            "metadata": {"contentType": None, "sha256": None, "__version__": self.VERSION},
        }

    @property
    def chunks(self) -> Collection[Document]:
        """The pymongo collection of the chunks."""
        return Chunk(self.database).collection

    def new_file(self, filename: str, content_type: str) -> Document:
        """Return the document of a file of now, without bytes; it is in no database yet."""
        document = self.schema | {"filename": filename}
        document["metadata"]["contentType"] = content_type
        return document

    def write_chunks(self, document: Document, blocks: Iterable[bytes]) -> None:
        """Store the bytes in `blocks`, of any sizes, and write length and SHA-256 into `document`.

        The file is not there before `insert_files`. When this raises, whatever
        `blocks` or the driver has raised, some chunks may be there: see `delete_files`.
        """
        digest, length, batch = hashlib.sha256(), 0, []
        for n, data in enumerate(_cut(blocks, CHUNK_SIZE)):
            digest.update(data)
            length += len(data)
            batch.append({"files_id": document["_id"], "n": n, "data": data})
            if len(batch) * CHUNK_SIZE == BATCH:
                self.chunks.insert_many(batch)
                batch = []
        if batch:
            self.chunks.insert_many(batch)
        document["length"] = Int64(length)
        document["metadata"]["sha256"] = digest.hexdigest()

    def insert_files(self, documents: list[Document]) -> None:
        """Insert the documents of files whose chunks are stored: now they are there."""
        self.collection.insert_many(documents)

    def get_files(self, limit: int = 10, before: ObjectId | None = None) -> list[Document]:
        """Return the newest files' documents, as `find_newest` does."""
        return self.find_newest(limit, before)

    def get_file(self, file_id: ObjectId) -> Document | None:
        """Return a file's document, or None."""
        return self.collection.find_one({"_id": file_id})

    def read_chunks(self, document: Document, start: int, stop: int) -> Iterator[bytes]:
        """Yield the file's bytes from `start` to before `stop`, a chunk's at a time.

        A query each BATCH, and nothing is open on the server meanwhile: a reader
        may take as long as it likes. Raises MissingChunk where there are too few.
        """
        size, length = int(document["chunkSize"]), int(document["length"])
        last = -(-stop // size)  # rounded up
        step = max(BATCH // size, 1)
        for first in range(start // size, last, step):
            wanted = range(first, min(first + step, last))
            query = {"files_id": document["_id"], "n": {"$gte": wanted[0], "$lte": wanted[-1]}}
            chunks = sorted(self.chunks.find(query, {"n": 1, "data": 1}), key=itemgetter("n"))
            if [chunk["n"] for chunk in chunks] != list(wanted):
                raise MissingChunk(f"file {document['_id']}, chunks {wanted}")
            for chunk in chunks:
                begin, data = chunk["n"] * size, chunk["data"]
                if len(data) != min(size, length - begin):
                    raise MissingChunk(f"file {document['_id']}, chunk {chunk['n']} is cut")
                yield data[max(start - begin, 0) : stop - begin]

    def delete_file(self, file_id: ObjectId) -> bool:
        """Delete a file's document: it is not there any more; returns whether it was.

        Its chunks are left to `delete_files`.
        """
        return self.collection.delete_one({"_id": file_id}).deleted_count > 0

    def delete_files(self, file_ids: list[Any]) -> None:
        """Delete whatever there is of these files: first the documents, then the chunks."""
        self.collection.delete_many({"_id": {"$in": file_ids}})
        self.chunks.delete_many({"files_id": {"$in": file_ids}})

    def find_orphans(self, before: datetime) -> list[Document]:
        """Return {_id, chunks, newest} of each file that has chunks, all of before then, alone.

        `_id` is the file's, `chunks` their number, `newest` when the last of them was
        made. This reads the whole index of the chunks, however long that takes.
        """
        orphans = []
        with pymongo.timeout(0):
            groups = self.chunks.aggregate(
                [{"$group": {"_id": "$files_id", "chunks": {"$sum": 1}}}],
                hint="files_id_1_n_1",
                allowDiskUse=True,
            )
            while some := list(itertools.islice(groups, 1000)):
                with_file = self.collection.distinct(
                    "_id", {"_id": {"$in": [group["_id"] for group in some]}}
                )
                orphans += [group for group in some if group["_id"] not in with_file]
            for orphan in orphans:
                last = self.chunks.find_one(
                    {"files_id": orphan["_id"]}, {"_id": 1}, sort=[("n", DESCENDING)]
                )
                # None: somebody else has deleted them meanwhile.
                orphan["newest"] = last and last["_id"].generation_time
        return [one for one in orphans if one["newest"] and one["newest"] < before]


def _cut(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the bytes of `blocks` in pieces of `size`, and of what is left."""
    rest = bytearray()
    for block in blocks:
        rest += block
        while len(rest) >= size:
            yield bytes(rest[:size])
            del rest[:size]
    if rest:
        yield bytes(rest)
