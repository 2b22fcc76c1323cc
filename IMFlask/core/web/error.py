"""Every error, in one envelope: the status, and a sentence for the client.

The sentences by status are the product's, in app/api/error_handler.py.
"""

import logging
from typing import Any

from flask import Flask, has_request_context
from pymongo.errors import DocumentTooLarge, PyMongoError
from werkzeug.exceptions import BadRequestKeyError, HTTPException, SecurityError
from werkzeug.sansio.response import Response

from core.database.failure import is_answer, is_duplicate, is_outage, is_too_large, may_be_done
from core.database.outage import DatabaseAway, report_failure
from core.database.value import Unstorable
from core.error import ControllerError
from core.redaction import one_line
from core.web.request import current_request
from core.web.response import Envelope, fail, sentence

_RETRY_AFTER = "2"  # seconds
_UNSTORABLE = "The database cannot store a value of this kind or size."
_UNKNOWN_OUTCOME = (
    "The database did not confirm this: check whether it was done before you send it again."
)

_Answer = tuple[Envelope, int] | tuple[Envelope, int, list[tuple[str, str]]]


class ErrorAnswers:
    """Answers every error of `app` in the envelope.

    sentences: the clients' default messages, by status.
    """

    def __init__(self, app: Flask, sentences: dict[int, str]) -> None:
        self._app = app
        app.extensions["sentences"] = sentences
        app.register_error_handler(HTTPException, self.answer_http)
        app.register_error_handler(ControllerError, self.answer_controller)
        app.register_error_handler(PyMongoError, self.answer_database)
        app.register_error_handler(DocumentTooLarge, lambda error: self._fail(413))
        app.register_error_handler(Unstorable, lambda error: fail(400, _UNSTORABLE))
        # Flask logs every other exception, passes it to error trackers and teardown functions,
        # and answers 500; PROPAGATE_EXCEPTIONS is off, in debug as well.
        app.logger.addFilter(_describe_failure)

    def answer_http(self, error: HTTPException) -> _Answer | Response:
        """Answer what Flask, Werkzeug or `abort` raised, with its status and headers."""
        if error.response is not None:  # abort(response): the caller has said it all.
            return error.response
        status = error.code or 500
        headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
        return self._answer(status, self._description(error, status), headers)

    def answer_controller(self, error: ControllerError) -> _Answer:
        """Answer what a controller raised, with its status and sentence."""
        if error.status not in range(400, 600):
            raise error
        return self._answer(error.status, str(error), [])

    def answer_database(self, error: PyMongoError) -> _Answer:
        """Answer what the driver raised, with a status that the client can act on."""
        if is_outage(error):
            return self._answer_outage(error)
        if is_duplicate(error):
            return self._fail(409)
        if is_too_large(error):
            return self._fail(413)
        raise error

    def _answer_outage(self, error: PyMongoError) -> _Answer:
        """Answer 503 with Retry-After, unless a second try could do something twice."""
        if not isinstance(error, DatabaseAway):  # its outage is logged already
            report_failure(error)
            trouble = "cannot do this now" if is_answer(error) else "does not answer"
            shown = one_line(repr(error))[:300]
            self._app.logger.warning("the database %s: %s", trouble, shown)
        # Earlier writes of the same request are not considered.
        if current_request().method not in ("GET", "HEAD") and may_be_done(error):
            return fail(503, _UNKNOWN_OUTCOME)
        return self._answer(503, sentence(self._app, 503), [])

    def _answer(self, status: int, description: str, headers: list[tuple[str, str]]) -> _Answer:
        if status == 503 and not any(name == "Retry-After" for name, _ in headers):
            headers.append(("Retry-After", _RETRY_AFTER))
        envelope, _ = fail(status, description)
        return (envelope, status, headers) if headers else (envelope, status)

    def _fail(self, status: int) -> tuple[Envelope, int]:
        return fail(status, sentence(self._app, status))

    def _description(self, error: HTTPException, status: int) -> str:
        """Return the description given to `abort`, or else ours; never Werkzeug's default."""
        if isinstance(error, SecurityError):
            name = f"{self._app.config['APP_NAME']}_TRUSTED_HOSTS"
            return "The Host header does not name a host of this service" + (
                f": {name} adds one." if self._app.config["KIND"] == "development" else "."
            )
        given = error.description
        kind: Any = next(one for one in type(error).__mro__ if "description" in vars(one))
        is_default = given == kind.description and kind.__module__.startswith("werkzeug.")
        if given is None or is_default or isinstance(error, BadRequestKeyError):
            return sentence(self._app, status)
        return str(given)


def _describe_failure(record: logging.LogRecord) -> bool:
    """Rewrite Flask's record of an unexpected error, its secrets redacted."""
    is_flask_s = record.funcName == "log_exception" and str(record.msg).startswith("Exception on ")
    if is_flask_s and record.exc_info and has_request_context():
        request = current_request()
        record.msg = "%s %s failed"
        record.args = (one_line(request.method), one_line(request.shown_url))
        record.status, record.milliseconds = 500, round(request.elapsed() * 1000, 3)
    return True
