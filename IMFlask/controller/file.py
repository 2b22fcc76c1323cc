"""Files: stored whole or not at all, listed, found, deleted, swept up after a kill."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo.errors import PyMongoError

from controller import file_kind, page
from controller.batch_writer import BatchWriter
from controller.error import NotFound, Undone, Unsupported
from model.mongodb import File
from model.mongodb.base import utc_now
from model.mongodb.client import Document
from model.mongodb.file import MissingChunk

SWEEP_AGE = timedelta(hours=1)  # without a new chunk: nobody uploads that any more


class Upload(NamedTuple):
    """A file as it comes in: its bytes are there to be read once, in the order of the files."""

    filename: str
    content_type: str | None
    blocks: Iterator[bytes]


class Stored(NamedTuple):
    """A file to be read."""

    filename: str
    content_type: str
    length: int  # bytes
    etag: str  # never that of other bytes
    created_at: datetime
    blocks: Callable[[int, int], Iterator[bytes]]  # the bytes from the one to before the other


def remover(files: File) -> BatchWriter:
    """Return the writer to put ids of files into: it deletes what there is of them.

    For what could not be deleted at once: it tries until it could.
    """

    def delete(ids: list[ObjectId]) -> int:
        files.delete_files(ids)
        return 0

    return BatchWriter("file removal", lambda file_id: file_id, delete)


def upload(
    files: File, uploads: Iterable[Upload], kinds: Sequence[str], removal: BatchWriter
) -> list[dict[str, Any]]:
    """Store files, all of them or none, and return what is shown of each.

    kinds: what is accepted, as `file_kind.is_accepted` has it. When anything fails, a client
    that goes away included, nothing stays stored; while the database cannot be
    asked to delete it, `removal` remembers it. Raises Invalid for names and types
    that are none, Unsupported for a kind that is not accepted, Undone when the
    database fails, and whatever the uploads raise.
    """
    documents: list[Document] = []
    try:
        for filename, content_type, blocks in uploads:
            name, media_type = file_kind.name(filename), file_kind.media_type(content_type)
            if not file_kind.is_accepted(name, media_type, kinds):
                raise Unsupported(f"A file of this kind is not taken: send {', '.join(kinds)}.")
            document = files.new_file(name, media_type)
            documents.append(document)
            files.write_chunks(document, blocks)
        if documents:
            files.insert_files(documents)
    except BaseException as error:
        delete_all(files, [document["_id"] for document in documents], removal)
        if isinstance(error, PyMongoError):
            raise Undone from error
        raise
    return [shown(document) for document in documents]


def newest(files: File, limit: int, before: str | None = None) -> tuple[page.Documents, Any]:
    """Return a page of what is shown of the files, newest first, and the next page's cursor."""
    documents, cursor = page.newest(files.get_files, limit, before)
    return [shown(document) for document in documents], cursor


def find(files: File, file_id: str) -> Stored:
    """Return a file to be read; raise NotFound when there is none."""
    document = files.get_file(ObjectId(file_id))
    if document is None:
        raise _no_file()
    metadata = shown(document)

    def blocks(start: int, stop: int) -> Iterator[bytes]:
        try:
            yield from files.read_chunks(document, start, stop)
        except MissingChunk:
            if files.get_file(document["_id"]) is None:
                raise _no_file() from None  # it was deleted meanwhile
            raise

    return Stored(
        metadata["filename"] or "file",
        metadata["content_type"],
        metadata["length"],
        metadata["sha256"] or file_id,
        metadata["created_at"],
        blocks,
    )


def delete(files: File, file_id: str, removal: BatchWriter) -> None:
    """Delete a file; raise NotFound when there is none."""
    if not files.delete_file(ObjectId(file_id)):
        raise _no_file()
    delete_all(files, [ObjectId(file_id)], removal)


def sweep(files: File, is_to_delete: bool, now: datetime | None = None) -> list[Document]:
    """Return what killed processes have left of files; delete it where that is asked for.

    Each is {_id, chunks, newest}: the id of a file that is not there, the number of
    its chunks, and when the last one was made, SWEEP_AGE before `now` at least.
    """
    orphans = files.find_orphans((now or utc_now()) - SWEEP_AGE)
    if is_to_delete:
        for orphan in orphans:
            files.delete_files([orphan["_id"]])
    return orphans


def delete_all(files: File, ids: list[ObjectId], removal: BatchWriter) -> None:
    """Delete whatever there is of these files, now or as soon as the database lets us."""
    if not ids:
        return
    try:
        files.delete_files(ids)
    except PyMongoError:
        for file_id in ids:
            removal.put(file_id)


def shown(document: Document) -> dict[str, Any]:
    """Return what a client sees of a file; of one that others have stored some may be None."""
    metadata = document.get("metadata") or {}
    content_type = metadata.get("contentType") or document.get("contentType")
    return {
        "id": document["_id"],
        "filename": document.get("filename"),
        "length": int(document["length"]),
        "content_type": file_kind.known_type(content_type),
        "sha256": metadata.get("sha256"),
        "created_at": document["uploadDate"],
    }


def _no_file() -> NotFound:
    return NotFound("There is no such file.")
