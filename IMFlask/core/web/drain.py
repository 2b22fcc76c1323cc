"""The rest of a body that nobody has read, thrown away before the answer is sent.

A server closes the connection where it is left. A proxy that still sends then gets a broken
pipe instead of the answer: nginx answers 502 and takes the host for dead.
"""

import contextlib
from threading import BoundedSemaphore
from time import monotonic
from typing import Any

SECONDS = 5.0  # that the rest may take
_BLOCK = 16 * 1024
# Granian lets nobody give up a client that stalls: some threads must be left for others.
_slots = BoundedSemaphore(2)
_WAIT = 1.0  # seconds for a slot


def drain(environ: dict[str, Any], limit: int) -> None:
    """Read what is left of the body, at most `limit` bytes and until SECONDS are over."""
    # A body that the server does not end is of `flask run`, which throws its rest away itself.
    # A client that asks whether to send its body has not sent it.
    if not environ.get("wsgi.input_terminated") or "HTTP_EXPECT" in environ:
        return
    length = environ.get("CONTENT_LENGTH") or "0"
    if ("HTTP_TRANSFER_ENCODING" not in environ and length == "0") or int(length) > limit:
        return
    if not _slots.acquire(timeout=_WAIT):
        return
    connection = environ.get("gunicorn.socket")
    timeout = connection and connection.gettimeout()
    try:
        if connection:
            connection.settimeout(SECONDS)
        _read(environ["wsgi.input"], limit)
    finally:
        _slots.release()
        if connection:
            connection.settimeout(timeout)


def _read(body: Any, limit: int) -> None:
    until = monotonic() + SECONDS
    with contextlib.suppress(Exception):  # as each server has its own
        while limit > 0 and monotonic() < until and (block := body.read(_BLOCK)):
            limit -= len(block)
