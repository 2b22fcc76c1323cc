"""Files: what is kept of each beside its bytes, which core/database stores as GridFS does.

>>> from model import connect
>>> File(connect({})).new_file("a.txt", "text/plain")["filename"]
'a.txt'
"""

from bson import Int64

from core.database import Document
from core.database.chunk import CHUNK_SIZE
from core.database.file import GridFSFile
from core.database.object_id import new_id
from model.mongodb.base import utc_now


class File(GridFSFile):
    """The files' documents; fields of your own go into `metadata`."""

    VERSION = 1

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

    def new_file(self, filename: str, content_type: str) -> Document:
        """Return a new document of an empty file; it is not stored yet.

        Its id and date are the upload's start, so that files sort by date.
        """
        document = self.schema | {"filename": filename}
        document["metadata"]["contentType"] = content_type
        return document
