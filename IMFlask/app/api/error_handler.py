"""Every error, in one envelope."""

from flask import Flask, current_app
from werkzeug.exceptions import BadRequestKeyError, HTTPException
from werkzeug.wrappers import Response

from app.api.response import Envelope, fail
from app.request import current_request
from controller.error import Conflict, ControllerError, Invalid, NotFound
from controller.util import one_line

_STATUS: dict[type[ControllerError], int] = {Invalid: 400, NotFound: 404, Conflict: 409}

# What a client reads where the code gave no words of its own.
_SENTENCES = {
    400: "The request is malformed: check its syntax.",
    401: "Authentication is needed: send valid credentials.",
    403: "You are not allowed to do this.",
    404: "There is nothing at this address: check its spelling.",
    405: "This address does not take this method: see the Allow header.",
    409: "This contradicts what is already there: read it again first.",
    413: "The body is too large: send less.",
    415: "The body's Content-Type is not taken here.",
    416: "The range lies outside of the file.",
    429: "Too many requests: wait a little.",
    500: "The server failed to answer this; the failure is logged.",
    503: "The service is not available now: try again soon.",
}
_RETRY_AFTER = "2"  # seconds

_Answer = tuple[Envelope, int, list[tuple[str, str]]]


def init_app(app: Flask) -> None:
    """Answer every error of `app` in the envelope."""
    app.register_error_handler(HTTPException, handle_http_exception)
    app.register_error_handler(ControllerError, handle_controller_error)
    # On Exception, not on InternalServerError: so it holds in debug as well.
    app.register_error_handler(Exception, handle_unexpected)


def handle_http_exception(error: HTTPException) -> _Answer | Response:
    """Answer what Flask, Werkzeug or `abort` raised, with its status and headers."""
    if error.response is not None:  # abort(response): the caller has said it all.
        return error.response
    status = error.code or 500
    headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    if status == 503 and not any(name == "Retry-After" for name, _ in headers):
        headers.append(("Retry-After", _RETRY_AFTER))
    envelope, _ = fail(status, _description(error, status))
    return envelope, status, headers


def handle_controller_error(error: ControllerError) -> tuple[Envelope, int]:
    """Answer what a controller raised, with its sentence."""
    for kind, status in _STATUS.items():
        if isinstance(error, kind):
            return fail(status, str(error))
    return handle_unexpected(error)


def handle_unexpected(error: Exception) -> tuple[Envelope, int]:
    """Answer a bug: its traceback goes to the log, nothing of it to the client."""
    request = current_request()
    current_app.logger.error(
        "%s %s failed", one_line(request.method), one_line(request.shown_url), exc_info=error
    )
    return fail(500, _SENTENCES[500])


def _description(error: HTTPException, status: int) -> str:
    """Return the words given to `abort` or else ours; never Werkzeug's, which name exceptions."""
    given = error.description
    if given is None or given == type(error).description or isinstance(error, BadRequestKeyError):
        return _SENTENCES.get(status, f"{error.name}.")
    return given
