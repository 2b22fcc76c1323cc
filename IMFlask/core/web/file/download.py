"""Downloads: a file is streamed, whole or a range of it, or answered with a 304."""

import contextlib
import re
import unicodedata
from urllib.parse import quote

from flask import Response
from werkzeug.exceptions import PreconditionFailed

from core.file import Stored
from core.web.request import current_request


def download(stored: Stored) -> Response:
    """Return the answer to a GET or HEAD of a file: 200 or 206 with bytes, or 304.

    Raises a 412 or 416, as Werkzeug reads the request's conditions and range.
    """
    response = Response(content_type=stored.content_type)
    response.content_length = stored.length
    response.accept_ranges = "bytes"
    response.set_etag(stored.etag)
    response.last_modified = stored.created_at
    response.headers["Content-Disposition"] = disposition(stored.filename)
    # A browser must not run it with the rights of this site.
    response.headers["Content-Security-Policy"] = "sandbox"
    # A cache must ask whether the file still exists.
    response.cache_control.no_cache = True
    request = current_request()
    environ = dict(request.environ)
    if environ.get("HTTP_IF_MATCH") == "*":  # the file is there
        del environ["HTTP_IF_MATCH"]
    with contextlib.suppress(OverflowError):  # of a date beyond all bounds
        response.make_conditional(environ)
        # Its conditions come before a range, of which one alone is answered.
        ranges = request.range.ranges if request.range and request.range.units == "bytes" else []
        if response.status_code == 200 and request.method == "GET" and len(ranges) == 1:
            response.make_conditional(environ, accept_ranges=True, complete_length=stored.length)
    if response.status_code == 412:
        raise PreconditionFailed
    part = response.content_range  # without a start where the whole file is wanted
    response.response = stored.blocks(part.start or 0, part.stop or stored.length)
    return response


def disposition(filename: str) -> str:
    """Return the header that has a browser save the file under its name (RFC 6266).

    Old clients read an ASCII name; the true one is as in RFC 8187.
    """
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    plain = re.sub(r'[^ -~]|["\\%/]', "_", plain) if plain.strip(" .") else "file"
    if plain == filename:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
