"""Files as they come in: a multipart form that is parsed while it streams, and kept nowhere.

Flask's own parser keeps small files in memory and large ones on the disk until the
whole form is there; a view with `Files()` gets them as they arrive.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any

from flask import current_app
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType
from werkzeug.sansio.multipart import Data, Epilogue, Event, MultipartDecoder, NeedData
from werkzeug.sansio.multipart import File as Part

from app.api.source import Source
from app.api.validation import File
from app.request import BROKEN_FORM, Request
from controller.error import Invalid
from controller.file import Upload

_LINE_BREAK = re.compile(b"[\r\n]")


def read_form(request: Request, variables: dict[str, Any]) -> Iterator[Event]:
    """Return the events of the form in the body, at most MAX_UPLOAD_SIZE bytes of it."""
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("Send a form, with the Content-Type multipart/form-data.")
    request.max_content_length = current_app.config["MAX_UPLOAD_SIZE"]
    return _events(request)


def find_files(events: Iterator[Event], key: str, label: str) -> Iterator[Upload]:
    """Yield the files of one field, each to be read before the next one, if at all.

    Raises Invalid when there is none, a 400 when the form breaks off, a 413 when it
    is too large; at the end all of the body has been read.
    """
    count = 0
    for event in events:
        # A browser sends a nameless one where none was chosen.
        if isinstance(event, Part) and event.name == key and event.filename:
            count += 1
            yield Upload(event.filename, event.headers.get("Content-Type"), _blocks(events))
    if not count:
        raise Invalid(f"{label} is missing.")


class Files(File):
    """The files of a field, as they come in: an iterator of `controller.file.Upload`.

    What is wrong with them is raised while they are read. The view can have nothing
    else from the body.
    """

    source = Source("File", False, read_form, find_files)

    def __init__(self) -> None:
        super().__init__()  # no rules, which would need all files at once


def _events(request: Request) -> Iterator[Event]:
    try:
        boundary = request.mimetype_params.get("boundary", "").encode("ascii")
        if not boundary:
            raise ValueError("there is no boundary")
        decoder = MultipartDecoder(
            boundary, request.max_form_memory_size, max_parts=request.max_form_parts
        )
        blocks = _untorn(request.blocks(), len(boundary) + len("\r\n----\r\n"))
        for block in itertools.chain(blocks, [None]):
            decoder.receive_data(block)
            while not isinstance(event := decoder.next_event(), (NeedData, Epilogue)):
                yield event
    except HTTPException:
        raise
    except Exception as error:
        raise BadRequest(BROKEN_FORM) from error


def _untorn(blocks: Iterator[bytes], longest: int) -> Iterator[bytes]:
    """Yield the same bytes in blocks that never end within a delimiter, `longest` bytes at most.

    Of one that is torn between its last two dashes Werkzeug's decoder takes the first
    byte, a CR, for the file's last (3.1.9; pallets/werkzeug issue 3285).
    """
    rest = b""
    for block in blocks:
        rest += block
        line_break = _LINE_BREAK.search(rest, max(len(rest) - longest, 0))
        end = line_break.start() if line_break else len(rest)
        yield rest[:end]
        rest = rest[end:]
    yield rest


def _blocks(events: Iterator[Event]) -> Iterator[bytes]:
    for event in events:
        if isinstance(event, Data):
            yield event.data
            if not event.more_data:
                return
