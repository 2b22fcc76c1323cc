"""Answers that stream: what fails before the first block, and after it."""

from unittest import mock

from flask import Response, got_request_exception, request, stream_with_context
from werkzeug.test import EnvironBuilder

from core.database.outage import DatabaseAway
from core.error import NotFound
from tests.case import AppTestCase


def fail_at_once():
    """A stream without a block."""
    raise NotFound("x")
    yield


class StreamTestCase(AppTestCase):
    """A view that returns a generator"""

    def serve(self, *blocks):
        """Serve a stream of these blocks; of an exception among them it dies."""
        self.closed = []

        def stream():
            try:
                for block in blocks:
                    if isinstance(block, Exception):
                        raise block
                    yield block
            finally:
                self.closed.append(True)

        def view():
            response = Response(stream(), mimetype="text/plain")
            response.call_on_close(self.on_close)
            return response

        self.on_close = mock.Mock()
        self.set_view(view)

    def test_blocks_come_as_they_are_made(self):
        """All of them, none read before it is asked for but the first"""
        made = []
        self.set_view(lambda: Response(made.append(n) or f"{n}" for n in range(3)))
        with self.client.get("/view", buffered=False) as response:
            self.assertEqual(made, [0])
            self.assertEqual(b"".join(response.response), b"012")
        self.serve()
        self.assertEqual(self.client.get("/view").data, b"")
        self.serve("", "a", "b")
        self.assertEqual(self.client.get("/view").data, b"ab")

    def test_failure_before_the_first_block_has_its_status(self):
        """And its envelope, as if the view had raised it; the stream is closed"""
        away = "The service is not available now: try again soon."
        for error, status, words in (
            (DatabaseAway("away"), 503, away),
            (NotFound("There is none."), 404, "There is none."),
            (ZeroDivisionError(), 500, "The server failed to answer this; the failure is logged."),
        ):
            with self.subTest(status):
                self.serve(error)
                logger = self.assertLogs("app") if status == 500 else self.subTest()
                with logger as logs:
                    response = self.client.get("/view", headers={"X-Request-ID": "one"})
                self.assert_fails(response, status, words)
                self.assertEqual(response.headers["X-Request-ID"], "one")
                self.assertEqual(response.content_type, "application/json")
                self.assertEqual(
                    response.headers.get("Retry-After"), "2" if status == 503 else None
                )
                self.assertEqual(self.closed, [True])
        self.assertIn("ZeroDivisionError", logs.output[0])

    def test_failure_before_the_first_block_is_as_if_the_view_had_raised_it(self):
        """after_request, teardown with the error, a handler that reads the body or has no length"""
        seen = []
        self.app.after_request(lambda response: seen.append(response.status_code) or response)
        self.app.teardown_request(lambda error: seen.append(type(error)))
        self.serve(ZeroDivisionError())
        with self.assertLogs("app"):
            self.client.get("/view")
        self.assertEqual(seen, [200, type(None), 500, ZeroDivisionError])
        long, again = "a" * 50_000, {"cache": False}  # a small body can be read again
        for text, options, answer, status, data in (
            (long, {}, lambda: (request.get_json(), 409), 409, f'{{"a":"{long}"}}\n'.encode()),
            ("a", {}, lambda: (request.get_json(), 409), 409, b'{"a":"a"}\n'),
            ("a", again, lambda: ("", 204), 204, b""),
            (long, {}, lambda: (iter("ab"), 404), 404, b"ab"),
        ):
            self.setUp()
            self.app.register_error_handler(NotFound, lambda error, answer=answer: answer())
            self.app.add_url_rule("/post", "post", self.read_and_fail, methods=["POST"])
            self.app.before_request(lambda options=options: request.get_json(**options) and None)
            response = self.client.post("/post", json={"a": text})
            self.assertEqual((response.status_code, response.data), (status, data))

    def read_and_fail(self, error=None):
        request.get_json(silent=True)
        return Response(fail_at_once())

    def test_what_fails_there_as_well_is_in_the_envelope_too(self):
        """A teardown function, the handler's own stream; the answer is begun once"""

        def fail_always(error):
            raise KeyError

        for make, failure in (
            (lambda: self.app.teardown_request(fail_always), ZeroDivisionError()),
            (lambda: self.app.register_error_handler(NotFound, self.read_and_fail), NotFound("x")),
        ):
            self.setUp()
            make()
            self.serve(failure)
            start = mock.Mock()
            with self.assertLogs("core", "ERROR"), mock.patch.object(self.app.logger, "error"):
                body = self.app(EnvironBuilder("/view").get_environ(), start)
            start.assert_called_once_with("500 INTERNAL SERVER ERROR", mock.ANY, mock.ANY)
            self.assertIn(b"the failure is logged", b"".join(body))

    def test_stream_may_have_a_length(self):
        """What fails before its first block has its status all the same"""
        self.set_view(lambda: Response(fail_at_once(), headers={"Content-Length": "5"}))
        self.assert_fails(self.client.get("/view"), 404, "x")

    def test_error_tracker_gets_what_failed_before_the_first_block(self):
        """got_request_exception"""
        seen = []

        def track(app, exception):
            seen.append(exception)

        self.serve(error := ZeroDivisionError())
        with got_request_exception.connected_to(track, self.app), self.assertLogs("app"):
            self.client.get("/view")
        self.assertEqual(seen, [error])

    def test_failure_after_the_first_block_is_logged(self):
        """With the request and its traceback; the connection is broken, the stream closed"""
        self.serve("a", ZeroDivisionError("x"))
        with (
            self.assertLogs("core", "ERROR") as logs,
            self.assertRaisesRegex(ZeroDivisionError, "^$"),  # no client's words for the server
            self.client.get("/view", buffered=False, headers={"X-Request-ID": "one"}) as response,
        ):
            list(response.response)
        (record,) = logs.records
        self.assertEqual((record.message, record.request.id), ("an answer broke off", "one"))
        self.assertIs(record.exc_info[0], ZeroDivisionError)
        self.assertEqual(self.closed, [True])

    def test_client_that_goes_away_closes_the_stream(self):
        """Once; also one that has read nothing"""
        for count in (0, 1, 2):
            self.serve("a", "b")
            with self.client.get("/view", buffered=False) as response:
                for _ in range(count):
                    next(response.response)
            self.assertEqual(self.closed, [True])
            self.on_close.assert_called_once_with()

    def test_context_may_be_kept(self):
        """stream_with_context, as Flask has it"""
        self.set_view(lambda: Response(stream_with_context(request.path for _ in range(2))))
        self.assertEqual(self.client.get("/view").data, b"/view/view")

    def test_head_reads_nothing(self):
        """Of a stream"""
        self.serve(ZeroDivisionError())
        self.assertEqual(self.client.head("/view").status_code, 200)
