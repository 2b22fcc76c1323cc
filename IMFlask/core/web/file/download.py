"""A file out: streamed, whole or in part, or not at all where the client has it already."""

import itertools
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import quote

from flask import Response
from werkzeug.exceptions import PreconditionFailed, RequestedRangeNotSatisfiable
from werkzeug.http import parse_date

from core.file import Stored
from core.web.request import Request, current_request

_logger = logging.getLogger(__name__)

# One range; several are answered with the whole, as any server may (RFC 9110, 14.2).
_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,99})-([0-9]{0,99})[ \t]*", re.IGNORECASE)


def download(stored: Stored) -> Response:
    """Return the answer to a GET or HEAD of a file.

    200 or 206 with bytes; 304. Raises a 412 or 416, and what reading the first
    bytes raises: later the connection can only be broken off.
    """
    request = current_request()
    response = Response(content_type=stored.content_type)
    response.set_etag(stored.etag)
    response.last_modified = stored.created_at
    response.headers["Content-Disposition"] = disposition(stored.filename)
    # Whatever it is, it is not to run with the rights of this address.
    response.headers["Content-Security-Policy"] = "sandbox"
    response.headers["Accept-Ranges"] = "bytes"
    # Whoever keeps a copy has to ask whether the file is still there.
    response.cache_control.no_cache = True
    _check(request, stored)
    if _is_known(request, stored):
        response.status_code = 304
        return response
    start, stop = 0, stored.length
    if part := requested_range(request, response, stored.length):
        start, stop = part
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{stored.length}"
    response.content_length = stop - start
    if request.method != "HEAD":
        blocks = stored.blocks(start, stop)
        first = next(blocks, b"")
        response.response = _streamed(itertools.chain([first], blocks), request)
    return response


def disposition(filename: str) -> str:
    """Return the header that has a browser save the file under its name (RFC 6266).

    Old clients get one in ASCII; RFC 8187 has the form of the true one.
    """
    plain = re.sub(
        r'[^ -~]|["\\%/]', "_", "".join(map(_in_ascii, unicodedata.normalize("NFC", filename)))
    )
    plain = plain if plain.strip(" .") else "file"
    if plain == filename:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def check_preconditions(find: Callable[[], Stored]) -> None:
    """Raise a 412 when the file is not the one that the request is meant for.

    find: returns the file; asked only where the request has such a condition.
    """
    request = current_request()
    if "If-Match" in request.headers or "If-Unmodified-Since" in request.headers:
        _check(request, find())


def _check(request: Request, stored: Stored) -> None:
    """Raise a 412 as RFC 9110, 13.2.2, has it."""
    if "If-Match" in request.headers:
        if not request.if_match.is_strong(stored.etag) and not request.if_match.star_tag:
            raise PreconditionFailed
        return
    date = _date(request.headers.get("If-Unmodified-Since"))
    if date is not None and stored.created_at.replace(microsecond=0) > date:
        raise PreconditionFailed


def _is_known(request: Request, stored: Stored) -> bool:
    """Whether the client has the file already, as RFC 9110, 13.2.2, has it."""
    if "If-None-Match" in request.headers:
        return request.if_none_match.contains_weak(stored.etag)
    date = _date(request.headers.get("If-Modified-Since"))
    return date is not None and stored.created_at.replace(microsecond=0) <= date


def requested_range(request: Request, response: Response, length: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last that are asked for; None: all.

    What is not understood is passed over, and so is any range of an empty file or
    of another version of it. Raises a 416 for what lies outside.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    given = request.headers.get("If-Range")
    current = (None, response.headers["ETag"], response.headers["Last-Modified"])
    if not match or request.method != "GET" or not length or given not in current:
        return None
    first, last = match.groups()
    if first:
        start, stop = int(first), min(int(last) + 1, length) if last else length
        if last and int(last) < start:
            return None
    elif last:
        start, stop = length - min(int(last), length), length
    else:
        return None
    if start >= length:
        raise RequestedRangeNotSatisfiable(length)
    return start, stop


def _date(header: str | None) -> datetime | None:
    try:
        return parse_date(header)
    except OverflowError:  # of a year or an offset beyond all bounds
        return None


def _in_ascii(letter: str) -> str:
    """Return `e` for an accented one, `_` for what has no such relative."""
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "_"


def _streamed(blocks: Iterator[bytes], request: Request) -> Iterator[bytes]:
    try:
        yield from blocks
    except Exception as error:
        _logger.error("a download broke off", exc_info=error, extra={"request": request})
        raise
