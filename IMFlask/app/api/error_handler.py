"""Every error, in one envelope."""

from flask import Flask, current_app
from pymongo.errors import (
    BulkWriteError,
    DocumentTooLarge,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)
from werkzeug.exceptions import BadRequestKeyError, HTTPException, SecurityError
from werkzeug.sansio.response import Response

from app.api.response import FAILURE, Envelope, fail
from app.request import current_request
from controller.error import (
    Conflict,
    ControllerError,
    Invalid,
    NotFound,
    Undone,
    Unsupported,
)
from controller.util import one_line
from model.mongodb.base import Unstorable
from model.mongodb.outage import DatabaseAway, is_outage, may_be_done, report_failure

_STATUS: dict[type[ControllerError], int] = {
    Invalid: 400,
    NotFound: 404,
    Conflict: 409,
    Unsupported: 415,
}

# What a client reads where the code gave no words of its own.
_SENTENCES = {
    400: "The request is malformed: check its syntax.",
    401: "Authentication is needed: send valid credentials.",
    403: "You are not allowed to do this.",
    404: "There is nothing at this address: check its spelling.",
    405: "This address does not take this method: see the Allow header.",
    409: "This contradicts what is already there: read it again first.",
    412: "What is stored is not, or no longer, what the request's conditions ask for.",
    413: "The body is too large: send less.",
    415: "The body's Content-Type is not taken here.",
    416: "The range lies outside of the file.",
    429: "Too many requests: wait a little.",
    500: FAILURE,
    503: "The service is not available now: try again soon.",
}
_RETRY_AFTER = "2"  # seconds
_UNSTORABLE = "A value is of a kind or size that the database cannot hold."
_UNKNOWN_OUTCOME = (
    "The database did not confirm this: look whether it was done before you send it again."
)
# MongoDB's error codes: BSONObjectTooLarge and DuplicateKey.
_TOO_LARGE, _DUPLICATE = 10334, 11000

_Answer = tuple[Envelope, int] | tuple[Envelope, int, list[tuple[str, str]]]


def init_app(app: Flask) -> None:
    """Answer every error of `app` in the envelope."""
    app.register_error_handler(HTTPException, handle_http_exception)
    app.register_error_handler(ControllerError, handle_controller_error)
    app.register_error_handler(Undone, handle_undone)
    app.register_error_handler(PyMongoError, handle_database_error)
    app.register_error_handler(DocumentTooLarge, handle_too_large)
    app.register_error_handler(Unstorable, handle_unstorable)
    # On Exception, not on InternalServerError: so it holds in debug as well.
    app.register_error_handler(Exception, handle_unexpected)


def handle_http_exception(error: HTTPException) -> _Answer | Response:
    """Answer what Flask, Werkzeug or `abort` raised, with its status and headers."""
    if error.response is not None:  # abort(response): the caller has said it all.
        return error.response
    status = error.code or 500
    envelope, _ = fail(status, _description(error, status))
    headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    if status == 503 and not any(name == "Retry-After" for name, _ in headers):
        headers.append(("Retry-After", _RETRY_AFTER))
    return (envelope, status, headers) if headers else (envelope, status)


def handle_controller_error(error: ControllerError) -> _Answer:
    """Answer what a controller raised, with its sentence."""
    for kind, status in _STATUS.items():
        if isinstance(error, kind):
            return fail(status, str(error))
    return handle_unexpected(error)


def handle_undone(error: Undone) -> _Answer:
    """Answer what the driver raised, where nothing of it stays done."""
    cause = error.__cause__
    if not isinstance(cause, PyMongoError):
        return handle_unexpected(error)
    if _codes(cause) == {_DUPLICATE}:  # of ids of ours: the driver's first try was done
        return _answer_outage(cause, is_undone=True)
    return handle_database_error(cause, is_undone=True)


def handle_database_error(error: PyMongoError, is_undone: bool = False) -> _Answer:
    """Answer what the driver raised, with a status that the client can act on.

    is_undone: whether it is known that nothing was done, or that it was undone.
    """
    if is_outage(error):
        return _answer_outage(error, is_undone)
    if isinstance(error, DuplicateKeyError) or _codes(error) == {_DUPLICATE}:
        return fail(409, _SENTENCES[409])
    if _codes(error) == {_TOO_LARGE}:
        return fail(413, _SENTENCES[413])
    return handle_unexpected(error)


def handle_too_large(error: DocumentTooLarge) -> tuple[Envelope, int]:
    """Answer a document over the 16 MB that MongoDB takes."""
    return fail(413, _SENTENCES[413])


def handle_unstorable(error: Unstorable) -> tuple[Envelope, int]:
    """Answer a value that the database cannot hold."""
    return fail(400, _UNSTORABLE)


def handle_unexpected(error: Exception) -> tuple[Envelope, int]:
    """Answer a bug: its traceback goes to the log, nothing of it to the client."""
    request = current_request()
    current_app.logger.error(
        "%s %s failed",
        one_line(request.method),
        one_line(request.shown_url),
        exc_info=error,
        extra={"status": 500, "milliseconds": round(request.elapsed() * 1000, 3)},
    )
    return fail(500, _SENTENCES[500])


def _answer_outage(error: PyMongoError, is_undone: bool) -> _Answer:
    """Answer 503: come back soon, unless that could do a thing twice."""
    if not isinstance(error, DatabaseAway):  # of which one line an outage is enough
        report_failure()
        current_app.logger.warning("the database does not answer: %s", one_line(repr(error))[:300])
    # What the request has done before is its own to know.
    is_undone = is_undone or not may_be_done(error)
    if current_request().method not in ("GET", "HEAD") and not is_undone:
        return fail(503, _UNKNOWN_OUTCOME)
    envelope, status = fail(503, _SENTENCES[503])
    return envelope, status, [("Retry-After", _RETRY_AFTER)]


def _codes(error: PyMongoError) -> set[int | None]:
    """Return the server's error codes; a bulk of writes may have several."""
    if isinstance(error, BulkWriteError):
        return {failure["code"] for failure in error.details.get("writeErrors", [])}
    return {error.code} if isinstance(error, OperationFailure) else set()


def _description(error: HTTPException, status: int) -> str:
    """Return the words given to `abort` or else ours; never Werkzeug's, which name exceptions."""
    if isinstance(error, SecurityError):
        return "The Host header does not name a host of this service."
    given = error.description
    if given is None or given == type(error).description or isinstance(error, BadRequestKeyError):
        return _SENTENCES.get(status) or f"{error.name}."
    return given
