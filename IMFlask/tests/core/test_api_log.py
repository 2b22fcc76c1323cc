"""The API log."""

import io
import threading
import time
from unittest import mock

import bson
from flask import request

from model.mongodb import Log
from tests.core.case import ProbeTestCase


class RequestLogCase(ProbeTestCase):
    def setUp(self):
        super().setUp()
        patch = mock.patch("model.mongodb.Log.insert_logs", autospec=True, return_value=0)
        self.insert_logs = patch.start()
        self.addCleanup(patch.stop)
        self.writer = self.app.extensions["api_log"]
        self.addCleanup(self.writer.close)

    def entry(self):
        """Return the one entry that was written since the last call."""
        self.writer.close()
        self.insert_logs.assert_called_once()
        ((_, entries), _) = self.insert_logs.call_args
        self.insert_logs.reset_mock()
        self.assertEqual(len(entries), 1)
        return bson.decode(entries[0].raw)


class RequestLogTestCase(RequestLogCase):
    """API logging"""

    settings = {"API_LOGGING": True, "LOG_BODIES": True}

    def test_request_leaves_one_entry(self):
        """Its fields"""
        headers = {"X-Request-ID": "abc"}
        self.client.get("/probe/add?a=1&b=2&token=x", headers=headers)
        entry = self.entry()
        self.assertEqual(entry.keys(), {"_id", *Log(None).schema})
        self.assertLess(0, entry["process_time"])
        for name, value in {
            "request_id": "abc",
            "ipv4": "127.0.0.1",
            "url": "/probe/add?a=1&b=2&token=***",
            "method": "GET",
            "params": "",
            "status_code": 200,
        }.items():
            self.assertEqual(entry[name], value)

    def test_body_is_stored_redacted(self):
        """JSON that the view has read, cut at 2 KB; of a very large one the length"""
        for name in ("NB", "x" * 10_000, "x" * 100_000):
            body = f'{{"password": "hunter2", "name": "{name}"}}'.encode()
            expected = f'{{"password": "***", "name": "{name}"}}'[:2048]
            if len(body) > 16 * 1024:
                expected = f"({len(body)} bytes)"
            for headers in ({"CONTENT_LENGTH": str(len(body))}, {"wsgi_input_terminated": True}):
                with mock.patch("tests.core.probe.Probe.change_name", autospec=True):
                    stream = io.BytesIO(body)
                    self.send("/probe/name", stream, "application/json", **headers)
                self.assertEqual(self.entry()["params"], expected)

    def test_entry_is_small_whatever_was_sent(self):
        """Thousands may wait: path, query and method are cut, their secrets redacted first"""
        path = "/" + "a" * 50_000
        self.client.open(f"{path}?token=hunter2&b={'b' * 900}&{'c' * 50_000}", method="M" * 50_000)
        entry = self.entry()
        self.assertEqual(entry["method"], "M" * 16)
        self.assertEqual(entry["url"], f"/***?token=***&b={'b' * 900}")

    def test_bodies_count_in_what_may_wait(self):
        """The bytes of them all"""
        with mock.patch("core.batch_writer.BYTES", 5_000):
            for size, dropped in ((100, 0), (10_000, 1)):
                self.client.post("/probe/name", json={"nam": "x" * size})
                self.assertEqual(self.writer.dropped, dropped)

    def test_body_that_nobody_read_is_told_by_its_length(self):
        """A 404, and what is malformed"""
        self.client.post("/nowhere", json={"password": "hunter2"})
        entry = self.entry()
        self.assertEqual((entry["params"], entry["status_code"]), ("(22 bytes)", 404))
        self.client.post("/probe/name", data='{"a', content_type="application/json")
        entry = self.entry()
        self.assertEqual((entry["params"], entry["status_code"]), ("(3 bytes)", 400))

    def test_part_of_a_body_is_told_by_its_length(self):
        """One that ends early may end within a secret"""
        body = b"url=mongodb://user:hunter2@host/x"
        self.app.add_url_rule("/form", "form", lambda: dict(request.form), methods=["POST"])
        kind = "application/x-www-form-urlencoded"
        self.send("/form", io.BytesIO(body[:24]), kind, CONTENT_LENGTH=str(len(body)))
        self.assertEqual(self.entry()["params"], f"({len(body)} bytes)")

    def test_secret_in_the_path_is_redacted(self):
        """A variable named like one"""
        self.app.add_url_rule("/reset/<token>", view_func=lambda token: {})
        self.client.get("/reset/hunter2?a=1")
        self.assertEqual(self.entry()["url"], "/reset/<token>?a=1")

    def test_errors_are_logged_too(self):
        """400, 405 and 500"""
        self.client.get("/probe/add")
        self.assertEqual(self.entry()["status_code"], 400)
        self.client.delete("/probe/name")
        self.assertEqual(self.entry()["status_code"], 405)
        with (
            mock.patch("tests.core.probe.Probe.get_name", side_effect=KeyError),
            self.assertLogs("app"),
        ):
            self.client.get("/probe/name")
        self.assertEqual(self.entry()["status_code"], 500)

    def test_static_files_and_unlogged_views_leave_none(self):
        """What is not an API request"""
        for path in ("/static/x.css", "/health/live"):
            self.client.get(path)
        self.writer.close()
        self.insert_logs.assert_not_called()

    def test_its_state_is_shown_by_health(self):
        """How many entries wait, were dropped, were lost"""
        self.writer.dropped, self.writer.lost = 3, 4
        response = self.client.get("/health/ready")
        self.assertEqual(response.json["result"], {"log_queue": 0, "log_dropped": 3, "log_lost": 4})

    def test_answer_does_not_wait_for_the_log(self):
        """The database hangs"""
        hangs = threading.Event()
        self.addCleanup(hangs.set)
        self.insert_logs.side_effect = lambda *args: not hangs.wait(10)
        start = time.monotonic()
        for _ in range(3):
            self.assertEqual(self.client.get("/probe/add?a=1&b=2").status_code, 200)
        self.assertLess(time.monotonic() - start, 3)
        self.assertEqual(len(self.writer), 3)


class NoBodiesTestCase(RequestLogCase):
    """Without LOG_BODIES"""

    settings = {"API_LOGGING": True, "LOG_BODIES": False}

    def test_length_of_a_body_is_stored(self):
        """Whatever it holds"""
        with mock.patch("tests.core.probe.Probe.change_name", autospec=True):
            self.client.post("/probe/name", json={"name": "NB"})
        self.assertEqual(self.entry()["params"], "(13 bytes)")


class NoRequestLogTestCase(ProbeTestCase):
    """API logging off"""

    def test_nothing_is_written(self):
        """API_LOGGING is off"""
        self.client.get("/probe/add?a=1&b=2")
        self.assertNotIn("api_log", self.app.extensions)
