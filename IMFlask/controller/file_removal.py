"""The removal of files, or of what is stored of them: now, or once the database lets us.

>>> from unittest.mock import Mock
>>> Removal(Mock()).delete([ObjectId()])
True
"""

from time import monotonic, sleep
from typing import NamedTuple

from bson import ObjectId
from pymongo.errors import PyMongoError

from controller.batch_writer import BatchWriter
from model.mongodb import File

# A write that has failed for its time may be done in spite of that, somewhat later. One
# that comes later still leaves a file without its bytes, for the sweep to find.
LATE = 3.0  # seconds


class _Leftover(NamedTuple):
    file_id: ObjectId
    due: float  # by the monotonic clock


class Removal:
    """Deletes files; what it cannot delete at once a thread of its own does, when it can."""

    def __init__(self, files: File) -> None:
        self._files = files
        self._writer = BatchWriter("file removal", lambda leftover: leftover, self._delete_due)

    def delete(self, file_ids: list[ObjectId], is_again: bool = False) -> bool:
        """Delete whatever there is of these files; return whether that could be done at once.

        is_again: do it once more a little later, for a write may still be under way.
        """
        try:
            if file_ids:
                self._delete(file_ids)
        except PyMongoError:
            self.delete_later(file_ids)
            return False
        if is_again:
            self.delete_later(file_ids)
        return True

    def delete_later(self, file_ids: list[ObjectId]) -> None:
        """Delete whatever there is of these files in LATE seconds, or when that can be done."""
        for file_id in file_ids:
            self._writer.put(_Leftover(file_id, monotonic() + LATE))

    def close(self) -> None:
        """Delete what is left, for 5 s at most; it is done at a graceful end of the process."""
        self._writer.close()

    def _delete_due(self, leftovers: list[_Leftover]) -> int:
        sleep(max(0.0, max(leftover.due for leftover in leftovers) - monotonic()))
        self._delete([leftover.file_id for leftover in leftovers])
        return 0

    def _delete(self, file_ids: list[ObjectId]) -> None:
        self._files.delete_files(file_ids)  # first, so that nobody sees a file without its bytes
        self._files.chunks.delete(file_ids)
