"""Files: stored whole or not at all, listed, found, deleted, swept up after a kill.

>>> from unittest.mock import Mock
>>> newest(Mock(**{"get_files.return_value": []}), 10)
([], None)
"""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import pymongo
from bson import Int64, ObjectId
from pymongo.errors import PyMongoError

from controller.error import Invalid, NotFound, Unsupported
from controller.util import Documents, newest_page
from core import file as kind
from core.database import Document
from core.database.chunk import MissingChunk
from core.file import Stored, Upload
from model.mongodb import File
from model.mongodb.base import utc_now

SWEEP_AGE = timedelta(hours=1)  # from then on chunks without a file count as left behind
# Far less: a sweep must spare running uploads, even if clocks differ by some minutes.
UPLOAD_TIME = SWEEP_AGE / 2

_logger = logging.getLogger(__name__)


def upload(files: File, uploads: Iterable[Upload], kinds: Sequence[str]) -> list[dict[str, Any]]:
    """Store files, all of them or none, and return what is shown of each.

    kinds: the accepted kinds, as in `core.file.is_accepted`. After any failure, including a
    disconnected client, this deletes the stored data before it raises; `sweep` deletes the rest.
    Raises Invalid for invalid names and types and for an upload longer than UPLOAD_TIME,
    Unsupported for a kind that is not accepted, PyMongoError if the database fails, and the
    errors of the uploads.
    """
    until = monotonic() + UPLOAD_TIME.total_seconds()
    documents: list[Document] = []
    try:
        for filename, content_type, blocks in uploads:
            name, media_type = kind.name(filename), kind.media_type(content_type)
            if not kind.is_accepted(name, media_type, kinds):
                raise Unsupported(f"A file of this kind is not accepted: send {', '.join(kinds)}.")
            document = files.new_file(name, media_type)
            documents.append(document)
            length, sha256 = files.chunks.write(document["_id"], _in_time(blocks, until))
            document["length"] = Int64(length)
            document["metadata"]["sha256"] = sha256
        if documents:
            _check_time(until)
            files.insert_files(documents)
    except BaseException:
        _remove(files, [document["_id"] for document in documents])
        raise
    return [shown(document) for document in documents]


def newest(files: File, limit: int, before: ObjectId | None = None) -> tuple[Documents, Any]:
    """Return a page of what is shown of the files, newest first, and the next page's cursor."""
    documents, cursor = newest_page(files.get_files, limit, before)
    return [shown(document) for document in documents], cursor


def find(files: File, file_id: ObjectId) -> Stored:
    """Return a file to be read; raise NotFound when there is none."""
    document = files.get_file(file_id)
    if document is None:
        raise _no_file()
    metadata = shown(document)

    def blocks(start: int, stop: int) -> Iterator[bytes]:
        try:
            yield from files.chunks.read(document, start, stop)
        except MissingChunk:
            if files.get_file(document["_id"]) is None:
                raise _no_file() from None  # it was deleted meanwhile
            raise

    return Stored(
        filename=kind.known_name(metadata["filename"]),
        content_type=metadata["content_type"],
        length=metadata["length"],
        etag=metadata["sha256"] or str(file_id),
        created_at=metadata["created_at"],
        blocks=blocks,
    )


def delete(files: File, file_id: ObjectId) -> None:
    """Delete a file; raise NotFound when there is none."""
    if not files.delete_files([file_id]):
        raise _no_file()
    _remove(files, [file_id])


def sweep(files: File, is_to_delete: bool, now: datetime | None = None) -> list[Document]:
    """Return the remains of incomplete files; delete them if asked to.

    Killed processes, above all, leave chunks without a document; a write that the database did
    long after it was given up leaves a document without all its chunks. Each is {_id, chunks}:
    the file's id, which is SWEEP_AGE old at `now` or older,
    and the number of its chunks.
    """
    before = (now or utc_now()) - SWEEP_AGE
    leftovers = files.find_orphans(before) + files.find_incomplete(before)
    if is_to_delete:
        with pymongo.timeout(0):
            for leftover in leftovers:
                files.delete_files([leftover["_id"]])
                files.chunks.delete([leftover["_id"]])
    return leftovers


def shown(document: Document) -> dict[str, Any]:
    """Return a file's public data; fields of other programs' files may be None."""
    given = document.get("metadata")
    metadata = given if isinstance(given, dict) else {}
    content_type = metadata.get("contentType") or document.get("contentType")
    filename, sha256 = document.get("filename"), metadata.get("sha256")
    is_digest = isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256)
    return {
        "id": document["_id"],
        "filename": filename[: kind.NAME_LIMIT] if isinstance(filename, str) else None,
        "length": int(document["length"]),
        "content_type": kind.known_type(content_type),
        "sha256": sha256 if is_digest else None,
        "created_at": document["uploadDate"],
    }


def _remove(files: File, file_ids: list[ObjectId]) -> None:
    """Delete all that is stored of files; leave what the database does not delete for `sweep`."""
    if not file_ids:
        return
    try:
        files.delete_files(file_ids)  # first, so that no file is visible without its bytes
        files.chunks.delete(file_ids)
    except PyMongoError as error:
        _logger.warning("files are left for `flask file-sweep`: %s", type(error).__name__)


def _in_time(blocks: Iterator[bytes], until: float) -> Iterator[bytes]:
    for block in blocks:
        _check_time(until)
        yield block


def _check_time(until: float) -> None:
    if monotonic() > until:
        minutes = int(UPLOAD_TIME.total_seconds() / 60)
        raise Invalid(f"The upload took longer than {minutes} minutes: send less at once.")


def _no_file() -> NotFound:
    return NotFound("There is no such file.")
