"""A request's body, read safely from any server.

Werkzeug, gunicorn and Granian each raise exceptions of their own in the middle of a
body, and some of them treat a truncated body as complete. Here that is a 400; a body over the
limit is a 413.
"""

import io
from time import perf_counter
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from werkzeug.datastructures import FileStorage, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from core.web.multipart import leading_fields, read_parts

UNREADABLE = "The body ended early or could not be read: send it again, whole."
BLOCK = 64 * 1024  # bytes read at once
KEPT = 16 * 1024  # bytes of a body that may be logged: thousands of them may wait for it


class BodyStream(io.RawIOBase):
    """The stream of a body.

    stream: what the server gives; length: the Content-Length, or None; limit: the most
    that is taken, in bytes.
    """

    def __init__(self, stream: IO[bytes], length: int | None, limit: int | None) -> None:
        self._stream = stream
        self._length = length or 0
        self._limit = limit
        self._kept = b""
        self.count = 0  # bytes read so far
        self.is_whole = False
        self.waited = 0.0  # seconds spent receiving them

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; raise a 413 when there are too many, a 400 when the body is broken."""
        start = perf_counter()
        try:
            block = self._stream.read(len(buffer))
        except HTTPException as error:
            raise error if error.code == 413 else BadRequest(UNREADABLE) from error
        except Exception as error:
            raise BadRequest(UNREADABLE) from error
        self.waited += perf_counter() - start
        self.count += len(block)
        if self._limit is not None and self.count > self._limit:
            raise RequestEntityTooLarge
        if not block and self.count < self._length:
            raise BadRequest(UNREADABLE)
        if self.count <= KEPT:
            self._kept += block
        self.is_whole = not block or self.count == self._length
        buffer[: len(block)] = block
        return len(block)

    def kept(self) -> bytes | None:
        """Return the body, or None where that is more than KEPT bytes or not read to its end.

        A part of a body may end in the middle of a secret, which no redaction would recognise.
        """
        return self._kept if self.is_whole and self.count <= KEPT else None


class FormParser(FormDataParser):
    """Werkzeug's parser, except that a malformed form is a 400 instead of an empty form.

    Werkzeug's own parser of multipart forms adds a byte to files of some lengths (3.1.9).
    """

    def parse(self, stream: Any, mimetype: str, content_length: Any, options: Any = None) -> Any:
        """Return (stream, fields, files)."""
        if mimetype == "application/x-www-form-urlencoded":
            body = stream.read()
            try:
                unquote_to_bytes(body).decode()
            except UnicodeDecodeError:
                raise BadRequest("The form is not valid UTF-8.") from None
            return super().parse(io.BytesIO(body), mimetype, content_length, options)
        if mimetype != "multipart/form-data":
            return super().parse(stream, mimetype, content_length, options)
        blocks = iter(lambda: stream.read(BLOCK), b"")
        parts = read_parts(blocks, (options or {}).get("boundary", ""), self.max_form_parts)
        fields: MultiDict[str, str] = MultiDict()
        files: MultiDict[str, FileStorage] = MultiDict()
        for part in leading_fields(parts, self.max_form_memory_size, fields):
            if part.filename is None:
                leading_fields(iter([part]), self.max_form_memory_size, fields)
                continue
            name = part.name or ""
            file = self.stream_factory(content_length, part.content_type, part.filename)
            file.writelines(part.blocks)
            file.seek(0)
            files.add(name, FileStorage(file, part.filename, name, part.content_type))
        return stream, ImmutableMultiDict(fields), ImmutableMultiDict(files)
