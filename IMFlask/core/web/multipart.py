"""A multipart form, read part by part while it streams (RFC 2046, 5.1; RFC 7578).

Werkzeug's FormDataParser wants the form whole. Its MultipartDecoder gives parts that
depend on where the blocks of the body happen to end (3.1.9; pallets/werkzeug issue
3285), and takes a CR or LF alone for the end of a line.
"""

import re
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.http import parse_options_header

BROKEN_FORM = "The form is malformed or incomplete: check its encoding."
_NO_BOUNDARY = (
    "The form's boundary is missing, or is not the one in its Content-Type:"
    " let your client set that header."
)
HEAD_LIMIT = 16 * 1024  # bytes of a part's headers
# Bytes of all parts' headers: reading them takes time, some with the square of their length.
HEADS_LIMIT = 512 * 1024
_PLAIN_ENCODINGS = ("7bit", "8bit", "binary")  # RFC 7578, 4.7, has no others
_NAME = re.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # of a header (RFC 9110, 5.6.2)

_CRLF = b"\r\n"


class Part(NamedTuple):
    """A part of a form; its bytes must be read before the next part."""

    name: str | None
    filename: str | None  # None: a field, no file
    content_type: str | None
    blocks: Iterator[bytes]


def read_parts(blocks: Iterator[bytes], boundary: str, limit: int | None) -> Iterator[Part]:
    """Yield the parts of a form, at most `limit`; at the end all of `blocks` has been read.

    Raises a 400 when it is malformed or ends early, a 413 when it has more parts or more
    than HEADS_LIMIT bytes of heads, and what `blocks` raises.
    """
    # RFC 2046 has 70 at most; Werkzeug's test client makes 71 or 72 once in 400 forms.
    if not re.fullmatch("[ -~]{1,200}", boundary):
        raise BadRequest(_NO_BOUNDARY)
    form = _Form(blocks, boundary.encode())
    deque(form.data(_NO_BOUNDARY), maxlen=0)  # the preamble
    count = 0
    while form.has_part():
        count += 1
        if limit is not None and count > limit:
            raise RequestEntityTooLarge(f"The form has more than {limit} parts.")
        headers = form.headers()
        if headers.get("content-transfer-encoding", "8bit").lower() not in _PLAIN_ENCODINGS:
            raise UnsupportedMediaType("Send the parts of a form without a transfer encoding.")
        # Browsers do not escape a backslash, which the parser would take for an escape.
        disposition = re.sub(r'\\(?!["\\])', r"\\\\", headers.get("content-disposition", ""))
        _, options = parse_options_header(disposition)
        data = form.data()
        yield Part(options.get("name"), options.get("filename"), headers.get("content-type"), data)
        deque(data, maxlen=0)  # what the reader has left
    deque(blocks, maxlen=0)  # the epilogue


def leading_fields(
    parts: Iterator[Part], most: int | None, fields: MultiDict[str, str]
) -> Iterator[Part]:
    """Add the fields before the first file to `fields`; return the parts from there on.

    most: the bytes of all fields. Raises a 413 beyond that, a 400 for what is not UTF-8.
    """
    size = sum(len(text.encode()) for _, text in fields.items(multi=True))
    for part in parts:
        if part.filename is not None:
            return chain([part], parts)
        value = b""
        for block in part.blocks:
            size += len(block)
            if most is not None and size > most:
                raise RequestEntityTooLarge
            value += block
        try:
            fields.add(part.name or "", value.decode())
        except UnicodeDecodeError:
            raise BadRequest("The form is not valid UTF-8.") from None
    return parts


class _Form:
    """The form's bytes: the buffered ones, and those to come.

    A delimiter is a line break, two dashes and the boundary. The first one of a form may lack the
    line break; that of a part without a body shares the headers' last one: hence `data` searches
    with a line break in front.
    """

    def __init__(self, blocks: Iterator[bytes], boundary: bytes) -> None:
        self._blocks = blocks
        self._delimiter = _CRLF + b"--" + boundary
        self._buffer = _CRLF
        self._heads = 0  # bytes of the heads read so far

    def data(self, trouble: str = BROKEN_FORM) -> Iterator[bytes]:
        """Yield the bytes before the next delimiter, and read over it.

        trouble: what the client reads when there is none.
        """
        delimiter = self._delimiter
        self._read(len(delimiter), trouble)
        if not self._buffer.startswith(delimiter):
            self._buffer = self._buffer[len(_CRLF) :]
        while (end := self._buffer.find(delimiter)) < 0:
            # The last bytes may be the first ones of a delimiter.
            if (count := len(self._buffer) - len(delimiter) + 1) > 0:
                yield self._buffer[:count]
                self._buffer = self._buffer[count:]
            self._read(len(self._buffer) + 1, trouble)
        yield self._buffer[:end]
        self._buffer = self._buffer[end + len(delimiter) :]

    def has_part(self) -> bool:
        """Whether a part follows the delimiter that was read; skips its line."""
        self._read(2)
        if self._buffer.startswith(b"--"):
            return False
        if self._line_up_to(_CRLF).strip(b" \t"):
            raise BadRequest(BROKEN_FORM)
        return True

    def headers(self) -> dict[str, str]:
        """Return the part's headers by their names in lower case; of several the first."""
        self._buffer = _CRLF + self._buffer  # there may be none
        head = self._line_up_to(_CRLF + _CRLF)
        self._buffer = _CRLF + self._buffer
        self._heads += len(head)
        if self._heads > HEADS_LIMIT:
            raise RequestEntityTooLarge("The heads of the form's parts are too long in total.")
        headers: dict[str, str] = {}
        try:
            text = head.decode().removeprefix("\r\n")
        except UnicodeDecodeError:
            raise BadRequest("The head of a part of the form is not valid UTF-8.") from None
        for line in re.sub("\r\n[ \t]+", " ", text).split("\r\n") if text else []:
            name, colon, value = line.partition(":")
            if not colon or not _NAME.fullmatch(name):
                raise BadRequest(BROKEN_FORM)
            headers.setdefault(name.lower(), value.strip())
        return headers

    def _line_up_to(self, end: bytes) -> bytes:
        while (index := self._buffer.find(end, 0, HEAD_LIMIT)) < 0:
            if len(self._buffer) > HEAD_LIMIT:
                raise BadRequest("The head of a part of the form is too long.")
            self._read(len(self._buffer) + 1)
        line, self._buffer = self._buffer[:index], self._buffer[index + len(end) :]
        return line

    def _read(self, count: int, trouble: str = BROKEN_FORM) -> None:
        """Read on until `count` bytes are there."""
        while len(self._buffer) < count:
            block = next(self._blocks, None)
            if block is None:
                raise BadRequest(trouble)
            self._buffer += block
