"""Every error in the envelope."""

from unittest import mock

from flask import abort, got_request_exception, request
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
    WriteError,
)
from werkzeug.exceptions import (
    HTTPException,
    ServiceUnavailable,
)
from werkzeug.exceptions import NotFound as NotFoundPage

from controller.error import Conflict, ControllerError, Invalid, NotFound
from core.database.outage import DatabaseAway
from core.database.value import Unstorable
from tests.core.case import ProbeTestCase

AWAY = "The service is not available now: try again soon."
BUG = "The server failed to answer this; the failure is logged."
CONFLICT = "This conflicts with what is already stored: read it again first."
UNKNOWN = "The database did not confirm this: check whether it was done before you send it again."


class NoStatus(ControllerError):
    status = 204


class ErrorTestCase(ProbeTestCase):
    """Errors"""

    def fail_with(self, error):
        """Answer a request whose view raises `error`."""

        def view():
            raise error

        self.set_view(view)
        return self.client.get("/view")

    def test_statuses_have_a_sentence_each(self):
        """Every status of the contract, in the envelope, with our words"""
        seen = set()
        for status in (400, 401, 403, 404, 405, 409, 413, 415, 416, 429, 500, 503):
            with self.subTest(status):
                self.set_view(lambda status=status: abort(status))
                response = self.client.get("/view")
                self.assertEqual(response.status_code, status)
                self.assertEqual(list(response.json), ["msg", "description", "request_id"])
                self.assertEqual(response.content_type, "application/json")
                seen.add(response.json["description"])
        self.assertEqual(len(seen), 12)
        self.assertFalse([sentence for sentence in seen if not sentence.endswith(".")])

    def test_words_of_one_s_own_class_are_kept(self):
        """Werkzeug's own are replaced, in a class derived from its as well"""

        class Teapot(HTTPException):
            code, description = 418, "Only tea here."

        class Mine(NotFoundPage):
            pass

        class Worded(NotFoundPage):
            description = "No such order."

        self.assert_fails(self.fail_with(Teapot()), 418, "Only tea here.")
        self.assert_fails(self.fail_with(Worded()), 404, "No such order.")
        nothing = "There is nothing at this address: check its spelling."
        self.assert_fails(self.fail_with(Mine()), 404, nothing)
        self.assert_fails(self.fail_with(Mine("Gone.")), 404, "Gone.")

    def test_503_says_when_to_come_back(self):
        """Retry-After"""
        self.set_view(lambda: abort(503))
        self.assertEqual(self.client.get("/view").headers["Retry-After"], "2")
        response = self.fail_with(ServiceUnavailable(retry_after=7))
        self.assertEqual(response.headers.getlist("Retry-After"), ["7"])

    def test_missing_key_names_no_exception(self):
        """request.args["x"], in debug too, where Werkzeug says KeyError"""
        for debug in (False, True):
            self.app.debug = debug
            self.set_view(lambda: request.args["x"])
            self.assert_fails(
                self.client.get("/view"), 400, "The request is malformed: check its syntax."
            )

    def test_controller_errors_have_their_status(self):
        """Invalid, NotFound, Conflict and what is derived from them"""

        class Taken(Conflict):
            pass

        for error, status in ((Invalid, 400), (NotFound, 404), (Conflict, 409), (Taken, 409)):
            self.assert_fails(self.fail_with(error("So it is.")), status, "So it is.")

    def test_database_errors_have_their_status(self):
        """What the driver raises"""
        duplicate = {"code": 11000}
        for error, status, description in (
            (DuplicateKeyError("E11000 dup", 11000), 409, CONFLICT),
            (BulkWriteError({"writeErrors": [duplicate, duplicate]}), 409, CONFLICT),
            (DocumentTooLarge("17 MB"), 413, "The body is too large: send less."),
            (Unstorable(), 400, "The database cannot store a value of this kind or size."),
        ):
            with self.subTest(error=error), self.assertNoLogs("app", "ERROR"):
                self.assert_fails(self.fail_with(error), status, description)
        for error in (
            OperationFailure("not authorized on secret", 13),
            BulkWriteError({"writeErrors": [duplicate, {"code": 2}]}),
            WriteError("x", 2),
            WriteConcernError("there is no such tag", 79),
            ConfigurationError("x"),
        ):
            with self.subTest(error=error), self.assertLogs("app", "ERROR"):
                self.assert_fails(self.fail_with(error), 500, BUG)

    def test_database_that_is_away_is_503(self):
        """Whatever the driver calls it; no word of its own reaches the client"""
        for error in (
            ServerSelectionTimeoutError("127.0.0.1:1 refused"),
            AutoReconnect("x"),
            NetworkTimeout("x"),
            NotPrimaryError("x"),
            WaitQueueTimeoutError("x"),
            ExecutionTimeout("x", 50),
            DatabaseAway("x"),
        ):
            with self.subTest(error=error), self.assertLogs("app") as logs:
                self.app.logger.info("so that there is a line")
                response = self.fail_with(error)
                self.assert_fails(response, 503, AWAY)
                self.assertEqual(response.headers["Retry-After"], "2")
                # Of the one that costs nothing there would be too many.
                self.assertEqual(len(logs.output), 1 if type(error) is DatabaseAway else 2)
                self.assertNotIn("\n", logs.output[-1])

    def test_write_of_unknown_outcome_invites_no_blind_retry(self):
        """It may have been done; one that was never sent may be sent again"""
        for error, is_known in (
            (AutoReconnect("connection closed"), False),
            (NetworkTimeout("timed out"), False),
            (NotPrimaryError("x"), True),
            (ServerSelectionTimeoutError("x"), True),
            (WaitQueueTimeoutError("x"), True),
            (DatabaseAway("x"), True),
        ):
            patch = mock.patch(
                "tests.core.probe.Probe.change_name", autospec=True, side_effect=error
            )
            with self.subTest(error=error), patch, mock.patch.object(self.app.logger, "warning"):
                response = self.client.put("/probe/name", json={"name": "NB"})
                self.assert_fails(response, 503, AWAY if is_known else UNKNOWN)
                self.assertEqual("Retry-After" in response.headers, is_known)

    def test_unexpected_error_is_logged_and_hidden(self):
        """A bug: traceback to the log, none to the client, in debug too"""
        for debug in (False, True):
            self.app.debug = debug
            for error in (ZeroDivisionError("secret /path"), KeyError("x"), NoStatus("x")):
                with self.subTest(debug=debug, error=error):
                    with self.assertLogs("app", "ERROR") as logs:
                        response = self.fail_with(error)
                    self.assert_fails(
                        response, 500, "The server failed to answer this; the failure is logged."
                    )
                    self.assertIn("Traceback", logs.output[0])
                    self.assertIn(type(error).__name__, logs.output[0])

    def test_unexpected_error_is_signalled(self):
        """As error trackers expect; what is foreseen is not"""
        seen = []

        def track(app, exception):
            seen.append((app, type(exception)))

        with got_request_exception.connected_to(track), self.assertLogs("app", "ERROR"):
            self.fail_with(ZeroDivisionError())
            self.fail_with(NotFound("gone"))
        self.assertEqual(seen, [(self.app, ZeroDivisionError)])

    def test_unexpected_error_reaches_the_teardown_functions(self):
        """In debug too; what is foreseen does not"""
        seen = []
        self.app.teardown_request(lambda error: seen.append(type(error)))
        for debug in (False, True):
            self.app.debug = debug
            for error in (ZeroDivisionError(), NotFound("gone")):
                with self.assertLogs("app", "ERROR") if error.args == () else self.subTest():
                    self.fail_with(error)
        self.assertEqual(seen, [ZeroDivisionError, type(None)] * 2)

    def test_unexpected_error_after_the_view_is_hidden_too(self):
        """A result that is no JSON, a None, a failing after_request"""
        for result in ({"a": object()}, None, {1, 2}):
            self.app.debug = True
            self.set_view(lambda result=result: result)
            with self.subTest(result=result), self.assertLogs("app", "ERROR"):
                self.assert_fails(
                    self.client.get("/view"),
                    500,
                    "The server failed to answer this; the failure is logged.",
                )

    def test_client_cannot_forge_a_log_line(self):
        """A line break in the path is escaped"""

        def view(**variables):
            raise ZeroDivisionError

        self.app.add_url_rule("/fail/<path>", view_func=view)
        self.app.add_url_rule("/pin/<int:pin>", view_func=view, endpoint="pin")
        with self.assertLogs("app", "ERROR") as logs:
            self.client.get("/pin/0123")
        self.assertIn("GET /pin/<int:pin> failed", logs.output[0])
        with self.assertLogs("app", "ERROR") as logs:
            self.client.get("/fail/a%0AERROR:forged%E2%80%A8x")
        self.assertIn("GET /fail/a\\nERROR:forged\\u2028x failed", logs.output[0])

    def test_user_s_own_log_line_is_as_it_is(self):
        """Though it begins like Flask's"""

        def view():
            self.app.logger.exception("Exception on payment %d", 42)
            return {}

        self.set_view(view)
        with self.assertLogs("app", "ERROR") as logs:
            self.client.get("/view")
        self.assertEqual(logs.records[0].message, "Exception on payment 42")
