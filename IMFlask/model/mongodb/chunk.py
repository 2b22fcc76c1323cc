"""The bytes of the files, in GridFS's own layout."""

from pymongo import ASCENDING, IndexModel

from model.mongodb.base import Model
from model.mongodb.client import Document


class Chunk(Model):
    """Documents {files_id, n, data}; `File` writes and reads them."""

    VERSION = 1

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
