"""The timer and the other decorators."""

from flask import Response, g

from app.api.decorator import timer
from core.web.response import response
from tests.core.case import ProbeTestCase


class TimerTestCase(ProbeTestCase):
    """timer"""

    def run_view(self, result, output, debug=False):
        self.app.config["TIMER_OUTPUT"] = output
        self.app.debug = debug
        with self.app.test_request_context():
            answer = timer(lambda: result)()
            self.assertGreaterEqual(g.process_time, 0)
            self.process_time = g.process_time
        return answer

    def test_response_adds_the_time_to_the_envelope(self):
        """A dict, and a tuple that begins with one, get process_time, at the end"""
        envelope = response([1])
        timed = self.run_view(envelope, "response")
        self.assertEqual(timed, {**envelope, "process_time": self.process_time})
        self.assertEqual(list(timed), ["msg", "result", "process_time"])
        timed = self.run_view((envelope, 201, {"X": "y"}), "response")
        self.assertEqual(timed[0]["process_time"], self.process_time)
        self.assertEqual(timed[1:], (201, {"X": "y"}))

    def test_nothing_shared_is_changed(self):
        """What the view returned stays as it was"""
        envelope = response()
        self.run_view(envelope, "response")
        self.run_view((envelope, 200), "response")
        self.assertEqual(envelope, {"msg": "success"})

    def test_what_is_no_envelope_passes_through(self):
        """A string, bytes, a list, a Response"""
        for result in ("text", b"bytes", [1, 2], ("text", 201), (), Response("{}")):
            with self.subTest(result=result):
                self.assertEqual(self.run_view(result, "response"), result)

    def test_log_logs_the_time(self):
        """TIMER_OUTPUT=log"""
        with self.assertLogs("app", "INFO") as logs:
            self.assertEqual(self.run_view({"msg": "success"}, "log"), {"msg": "success"})
        self.assertRegex(logs.output[0], r"took [0-9.]+ s$")

    def test_none_does_neither(self):
        """TIMER_OUTPUT=none"""
        with self.assertNoLogs("app"):
            self.assertEqual(self.run_view({"msg": "success"}, "none", debug=True), response())

    def test_default_follows_debug(self):
        """TIMER_OUTPUT unset"""
        self.assertIn("process_time", self.run_view(response(), None, debug=True))
        self.assertNotIn("process_time", self.run_view(response(), None))

    def test_time_is_left_when_the_view_raises(self):
        """g.process_time is set by a view that fails"""

        @timer
        def view():
            raise ZeroDivisionError

        with self.app.test_request_context():
            self.assertRaises(ZeroDivisionError, view)
            self.assertIn("process_time", g)
