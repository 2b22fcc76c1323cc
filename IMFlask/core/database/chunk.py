"""The bytes of the files, in GridFS's own layout: documents {files_id, n, data}.

The driver's GridIn and GridOut keep up to 48 MB of a file in memory; here it is some
1 MB either way. The layout: all chunks of a file have its `chunkSize`, but for the
last one (https://github.com/mongodb/specifications, gridfs).

>>> from core.database.lazy import no_database
>>> list(Chunk(no_database("shop", "")).schema)
['files_id', 'n', 'data']
"""

import hashlib
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from core.database.client import Document
from core.database.failure import is_duplicate
from core.database.model import Model

CHUNK_SIZE = 255 * 1024  # bytes: GridFS's default, a document of just under 256 KiB
BATCH = 4 * CHUNK_SIZE  # bytes that one query writes or reads; a single chunk may be larger
_MANY = 256  # chunks that one query reads at most: other programs may make them tiny
_INDEX = "files_id_1_n_1"


class MissingChunk(Exception):
    """A file's bytes are not all there."""


class Chunk(Model):
    """The chunks of files. A file's document may not exist yet, or no longer."""

    VERSION = 1  # the layout is GridFS's, and has no place for it

    @property
    def name(self) -> str:
        """GridFS's name."""
        return "fs.chunks"

    @property
    def index(self) -> list[IndexModel]:
        """GridFS's own: a file's chunks in their order."""
        return [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], unique=True)]

    @property
    def schema(self) -> Document:
        """Return an empty first chunk."""
        return {"files_id": None, "n": 0, "data": b""}

    def write(self, file_id: ObjectId, blocks: Iterable[bytes]) -> tuple[int, str]:
        """Store the bytes of `blocks` of any sizes; return their number and SHA-256.

        Raises the errors of `blocks` and of the driver; some bytes may be stored then.
        """
        digest, length, batch = hashlib.sha256(), 0, []
        for n, data in enumerate(_cut(blocks, CHUNK_SIZE)):
            digest.update(data)
            length += len(data)
            batch.append({"files_id": file_id, "n": n, "data": data})
            if len(batch) * CHUNK_SIZE == BATCH:
                insert_own(self.collection, batch)
                batch = []
        if batch:
            insert_own(self.collection, batch)
        return length, digest.hexdigest()

    def read(self, file: Document, start: int, stop: int) -> Iterator[bytes]:
        """Yield the file's bytes from `start` to before `stop`, a chunk's at a time.

        Each query reads a BATCH and leaves nothing open on the server: a reader may be slow.
        Raises MissingChunk where bytes are missing.
        """
        # Other programs may have written the numbers as floats.
        size, length = int(file["chunkSize"]), int(file["length"])
        last = -(-stop // size)  # rounded up
        step = min(max(BATCH // size, 1), _MANY)
        for first in range(start // size, last, step):
            wanted = range(first, min(first + step, last))
            query = {"files_id": file["_id"], "n": {"$gte": wanted[0], "$lte": wanted[-1]}}
            found = self.collection.find(query, {"n": 1, "data": 1})
            # Sorted here: for a sort, the server could choose to scan.
            chunks = sorted(found, key=itemgetter("n"))
            if [chunk["n"] for chunk in chunks] != list(wanted):
                raise MissingChunk(f"file {file['_id']}, chunks {wanted}")
            for chunk in chunks:
                begin, data = int(chunk["n"]) * size, chunk["data"]
                if len(data) != min(size, length - begin):
                    raise MissingChunk(f"file {file['_id']}, chunk {chunk['n']} is cut")
                yield data[max(start - begin, 0) : stop - begin]

    def delete(self, file_ids: list[ObjectId]) -> None:
        """Delete all that is stored of these files."""
        self.collection.delete_many({"files_id": {"$in": file_ids}})

    def count_by_file(self, wanted: Document) -> Iterator[Document]:
        """Yield {_id, chunks} for each file: its id, and the number of its chunks.

        wanted: the condition on the ids. Only the index is read, even if that is slow; an
        uninitialised database has no index.
        """
        options: dict[str, Any] = {"allowDiskUse": True}
        if _INDEX in self.collection.index_information():
            options["hint"] = _INDEX
        count = {"$group": {"_id": "$files_id", "chunks": {"$sum": 1}}}
        return self.collection.aggregate([{"$match": {"files_id": wanted}}, count], **options)


def insert_own(collection: Collection[Any], documents: list[Document]) -> None:
    """Insert documents with new ids: a duplicate was stored by the driver's own first try."""
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if not is_duplicate(error):
            raise


def _cut(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the bytes of `blocks` in pieces of `size`, and what is left."""
    rest = bytearray()
    for block in blocks:
        rest += block
        while len(rest) >= size:
            yield bytes(rest[:size])
            del rest[:size]
    if rest:
        yield bytes(rest)
