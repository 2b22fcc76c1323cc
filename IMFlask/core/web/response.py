"""The envelope that every answer comes in.

`{"msg": "success", "result": ...}` or
`{"msg": "fail", "description": "...", "request_id": "..."}`.
"""

from http import HTTPStatus
from typing import Any, NewType

from flask import Flask, has_request_context

from core.web.request import current_request

Envelope = dict[str, Any]
Created = NewType("Created", tuple[Envelope, int, dict[str, str]])


def response(result: Any = None, **extra: Any) -> Envelope:
    """Return a success: with `result` unless that is None, and with what else is given."""
    envelope: Envelope = {"msg": "success"}
    if result is not None:
        envelope["result"] = result
    return envelope | extra


def created(result: Any = None, location: str | None = None) -> Created:
    """Return a 201, for something that did not exist before; location: its address, if any."""
    headers = {"Location": location} if location else {}
    return Created((response(result) | {"msg": "created"}, 201, headers))


def fail(status: int, description: str) -> tuple[Envelope, int]:
    """Return a failure: `description` is one sentence that the client can act on.

    Within a request its id is added, so that the log can be searched for it.
    """
    envelope: Envelope = {"msg": "fail", "description": description}
    if has_request_context():
        envelope["request_id"] = current_request().id
    return envelope, status


def sentence(app: Flask, status: int) -> str:
    """Return the default message of a status."""
    sentences: dict[int, str] = app.extensions["sentences"]
    return sentences.get(status) or f"{phrase(status)}."


def phrase(status: int) -> str:
    """Return the name of a status."""
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else str(status)
