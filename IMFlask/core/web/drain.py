"""Draining: the unread rest of a body is read and thrown away before the answer is sent.

A server closes a connection with unread data. A proxy that still sends gets a broken pipe instead
of the answer: nginx answers 502 and marks the host as failed.
"""

import contextlib
import socket
from threading import BoundedSemaphore, Event, Timer
from time import monotonic
from typing import Any

SECONDS = 5.0  # for the rest of a body
_BLOCK = 16 * 1024
# Clients that stall must leave some threads to others.
_slots = BoundedSemaphore(2)
_WAIT = 0.25  # seconds to wait for a slot; after a timeout no request waits until one is free
_are_stalled = Event()


def drain(environ: dict[str, Any], limit: int) -> None:
    """Read what is left of the body, at most `limit` bytes and until SECONDS are over.

    A read on Granian cannot be interrupted: there the time is checked between two blocks
    alone, and clients that stall keep two threads of a worker at most.
    """
    # `flask run` does not end the input, and discards the rest itself. A client that asks
    # whether to send its body has not sent it.
    if not environ.get("wsgi.input_terminated") or "HTTP_EXPECT" in environ:
        return
    if not environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" not in environ:
        return
    with contextlib.suppress(Exception):  # as each server has its own
        if int(environ.get("CONTENT_LENGTH") or 0) > limit:
            return
        if not _slots.acquire(timeout=0 if _are_stalled.is_set() else _WAIT):
            _are_stalled.set()
            return
        try:
            _read(environ["wsgi.input"], limit, environ.get("gunicorn.socket"))
        finally:
            _slots.release()
            _are_stalled.clear()


def _read(body: Any, limit: int, connection: socket.socket | None) -> None:
    until = monotonic() + SECONDS
    timer = None
    if connection:
        timer = Timer(SECONDS, connection.shutdown, (socket.SHUT_RD,))
        timer.daemon = True
        timer.start()
    try:
        while limit > 0 and monotonic() < until and (block := body.read(_BLOCK)):
            limit -= len(block)
    finally:
        if timer:
            timer.cancel()
