"""The API log and the warning of slow requests."""

import time
from unittest import mock

from tests.case import AppTestCase


class RequestLogTestCase(AppTestCase):
    """API logging"""

    settings = {"API_LOGGING": True}

    def setUp(self):
        super().setUp()
        patch = mock.patch("model.mongodb.Log.insert_log", autospec=True)
        self.insert_log = patch.start()
        self.addCleanup(patch.stop)

    def entry(self):
        """Return the one entry that was written."""
        self.insert_log.assert_called_once()
        return self.insert_log.call_args.args[1]

    def test_request_leaves_one_entry(self):
        """Its fields"""
        self.client.get("/sample/add?a=1&b=2&token=x")
        entry = dict(self.entry())
        self.assertLess(0, entry.pop("process_time"))
        self.assertEqual(
            entry,
            {
                "ipv4": "127.0.0.1",
                "url": "/sample/add?a=1&b=2&token=***",
                "method": "GET",
                "params": "",
                "status_code": 200,
            },
        )

    def test_body_is_stored_redacted(self):
        """JSON that the view has read"""
        with mock.patch("model.mongodb.MasterConfig.change_author", autospec=True):
            self.client.post("/sample/author", json={"name": "NB", "password": "hunter2"})
        self.assertEqual(self.entry()["params"], '{"name": "NB", "password": "***"}')

    def test_body_that_nobody_read_is_told_by_its_length(self):
        """A 404, and what is malformed"""
        self.client.post("/nowhere", json={"password": "hunter2"})
        self.assertEqual((self.entry()["params"], self.entry()["status_code"]), ("(22 bytes)", 404))
        self.insert_log.reset_mock()
        self.client.post("/sample/author", data='{"a', content_type="application/json")
        self.assertEqual((self.entry()["params"], self.entry()["status_code"]), ("(3 bytes)", 400))

    def test_secret_in_the_path_is_redacted(self):
        """A variable named like one"""
        self.app.add_url_rule("/reset/<token>", view_func=lambda token: {})
        self.client.get("/reset/hunter2?a=1")
        self.assertEqual(self.entry()["url"], "/reset/<token>?a=1")

    def test_errors_are_logged_too(self):
        """400, 405 and 500"""
        self.client.get("/sample/add")
        self.assertEqual(self.entry()["status_code"], 400)
        self.insert_log.reset_mock()
        self.client.delete("/sample/author")
        self.assertEqual(self.entry()["status_code"], 405)
        self.insert_log.reset_mock()
        with mock.patch("controller.calculator.add", side_effect=KeyError), self.assertLogs("app"):
            self.client.get("/sample/add?a=1&b=2")
        self.assertEqual(self.entry()["status_code"], 500)

    def test_page_static_files_and_the_log_leave_none(self):
        """What is not an API request"""
        with mock.patch("model.mongodb.Log.get_log", autospec=True, return_value=[]):
            for path in ("/", "/static/x.css", "/sample/log"):
                self.client.get(path)
        self.insert_log.assert_not_called()

    def test_failure_to_log_changes_no_answer(self):
        """It is one line of warning"""
        self.insert_log.side_effect = RuntimeError("a\nb")
        with self.assertLogs("app", "WARNING") as logs:
            response = self.client.get("/sample/add?a=1&b=2")
        self.assertEqual((response.status_code, response.json["result"]), (200, 3))
        self.assertEqual(
            logs.output, ["WARNING:app:the API log lost an entry: RuntimeError: a\\nb"]
        )


class NoRequestLogTestCase(AppTestCase):
    """API logging off"""

    def test_nothing_is_written(self):
        """API_LOGGING is off"""
        with mock.patch("model.mongodb.Log.insert_log", autospec=True) as insert_log:
            self.client.get("/sample/add?a=1&b=2")
        insert_log.assert_not_called()


class SlowRequestTestCase(AppTestCase):
    """Slow API tracking"""

    settings = {"SLOW_API_TIME": 0.05}

    def test_slow_request_is_one_line(self):
        """ip, url, body, time; redacted and escaped"""

        def slow(*args):
            time.sleep(0.06)

        with (
            mock.patch("model.mongodb.MasterConfig.change_author", side_effect=slow),
            self.assertLogs("app", "WARNING") as logs,
        ):
            self.client.post(
                "/sample/author?q=a%0Ab&token=x", json={"name": "a\u2028b", "password": "x"}
            )
        self.assertEqual(len(logs.output), 1)
        self.assertRegex(
            logs.output[0],
            r"^WARNING:app:slow API: 0\.\d{3} s, ip 127\.0\.0\.1,"
            r" POST /sample/author\?q=a%0Ab&token=\*\*\*,"
            r' body \{"name": "a\\u2028b", "password": "\*\*\*"\}$',
        )

    def test_line_breaks_of_the_client_are_escaped(self):
        """In the path and in the method"""
        self.app.config["SLOW_API_TIME"] = 0
        with self.assertLogs("app", "WARNING") as logs:
            self.client.open("/a%0AWARNING:app:forged%1B[2J", method="A\nB")
        self.assertEqual(len(logs.output), 1)
        self.assertIn("A\\nB /a\\nWARNING:app:forged\\x1b[2J, body ", logs.output[0])

    def test_quick_request_is_not_mentioned(self):
        """Below SLOW_API_TIME"""
        self.app.config["SLOW_API_TIME"] = 60
        with self.assertNoLogs("app", "WARNING"):
            self.client.get("/sample/add?a=1&b=2")
