"""Logging: the log's destination and its format."""

import contextlib
import io
import json
import logging
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

from app import create_app
from config import config_dict
from core.web.logging import JSONFormatter, ReadableFormatter
from tests.case import UnitTestCase
from tests.core.case import ProbeTestCase

ROOT = Path(__file__).resolve().parent.parent.parent


class FileTestCase(UnitTestCase):
    """ERROR_LOG_PATH"""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "error.log"
        self.logger = logging.getLogger("app")
        for name in ("app", "controller", "core", "model"):
            logger = logging.getLogger(name)
            self.addCleanup(setattr, logger, "handlers", logger.handlers)
            self.addCleanup(self.close_handlers, logger)
            logger.handlers = [logging.NullHandler()]

    def close_handlers(self, logger):
        for handler in logger.handlers:
            handler.close()

    def make_app(self, path):
        return create_app(type("Config", (config_dict["testing"],), {"ERROR_LOG_PATH": path}))

    def test_file_gets_warnings_and_errors_once(self):
        """Not what is below; however many apps there are"""
        self.make_app(str(self.path))
        app = self.make_app(str(self.path))
        for level in ("info", "warning", "error"):
            getattr(app.logger, level)("a %s", level)
        lines = self.path.read_text().splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r"^[0-9:]+ WARNING: a warning$")
        self.assertRegex(lines[1], r"^[0-9:]+ ERROR: a error$")

    def test_file_that_was_moved_away_is_made_again(self):
        """logrotate"""
        app = self.make_app(str(self.path))
        app.logger.error("one")
        self.path.rename(self.path.with_suffix(".1"))
        app.logger.error("two")
        self.assertRegex(self.path.read_text(), r"^[0-9:]+ ERROR: two\n$")

    def test_file_that_cannot_be_written_fails_nobody(self):
        """Its folder is gone, the disk is full: one line says so, until it can be written again"""
        app = self.make_app(str(self.path))
        app.logger.error("one")
        self.path.unlink()
        self.path.parent.rmdir()
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            app.logger.error("two")
            self.path.parent.mkdir()
            app.logger.error("three")
            self.assertRegex(self.path.read_text(), r"^[0-9:]+ ERROR: three\n$")
            if Path("/dev/full").exists():
                self.path.unlink()
                self.path.symlink_to("/dev/full")
                app.logger.error("four")
                app.logger.error("five")
                self.path.unlink()
                app.logger.error("six")
                self.assertRegex(self.path.read_text(), r"^[0-9:]+ ERROR: six\n$")
        lines = stderr.getvalue().splitlines()
        self.assertEqual(len(lines), 1 + Path("/dev/full").exists(), lines)
        for line in lines:
            self.assertIn("ERROR: the file of errors cannot be written: [Errno ", line)

    def test_record_that_is_wrong_is_no_failure_of_the_file(self):
        """As logging has it"""
        app = self.make_app(str(self.path))
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            app.logger.error("%d apples", "many")
        self.assertIn("--- Logging error ---", stderr.getvalue())
        self.assertNotIn("cannot be written", stderr.getvalue())

    def test_processes_share_the_file(self):
        """Four at once, lines of 20 KB: each stands whole"""
        code = (
            "import sys; from app import create_app; from config import config_dict\n"
            "attributes = {'ERROR_LOG_PATH': sys.argv[1], 'LOG_FORMAT': 'json'}\n"
            "app = create_app(type('Config', (config_dict['testing'],), attributes))\n"
            "for number in range(200):\n"
            "    try: raise ValueError(sys.argv[2] * 20_000)\n"
            "    except ValueError: app.logger.exception('failed')"
        )
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(self.path), letter],
                cwd=ROOT,
                stderr=subprocess.DEVNULL,
            )
            for letter in "abcd"
        ]
        for process in processes:
            self.assertEqual(process.wait(), 0)
        lines = [json.loads(line)["exception"] for line in self.path.read_text().splitlines()]
        last = sorted(line.splitlines()[-1].removeprefix("ValueError: ") for line in lines)
        self.assertEqual(last, sorted(letter * 20_000 for letter in "abcd" * 200))


class FormatTestCase(ProbeTestCase):
    """The formatters"""

    def record(self, message, *args, **extra):
        """Return a record of a warning, with the exception at work."""
        exc_info = sys.exc_info()
        record = logging.LogRecord(
            "app", logging.WARNING, "x.py", 1, message, args, exc_info if exc_info[0] else None
        )
        record.__dict__.update(extra)
        record.created = 1767225600.5
        return record

    def test_json_within_a_request(self):
        """Its id, method and path; no query, no secret"""
        headers = {"X-Request-ID": "abc"}
        with self.app.test_request_context("/probe/add?token=x", headers=headers):
            line = json.loads(JSONFormatter().format(self.record("a")))
        self.assertEqual(
            list(line.items())[3:],
            [
                ("message", "a"),
                ("request_id", "abc"),
                ("method", "GET"),
                ("path", "/probe/add"),
            ],
        )

    def test_json_has_the_traceback_in_one_field(self):
        """On the same line"""
        try:
            raise ZeroDivisionError("a\nb")
        except ZeroDivisionError:
            text = JSONFormatter().format(self.record("failed"))
        self.assertNotIn("\n", text)
        self.assertRegex(
            json.loads(text)["exception"], r"^Traceback \(most(.|\n)+ZeroDivisionError: a\nb$"
        )

    def test_json_line_fits_into_a_pipe(self):
        """Of several processes: what clients can make long is cut"""
        for path in ("/" + "a" * 50_000, "/" + "%ED%95%9C" * 5_000, "/" + "%F0%9F%98%80" * 5_000):
            with self.app.test_request_context(f"{path}?b={'b' * 5000}", method="M" * 5000) as one:
                line = JSONFormatter().format(self.record("GET %s", one.request.shown_url * 2))
                self.assertLessEqual(len(line), 4000)
                self.assertTrue(json.loads(line)["message"].startswith("GET /"))

    def test_readable(self):
        """Time, level, message, the request's id; a traceback is indented"""
        with self.app.test_request_context("/", headers={"X-Request-ID": "abc"}):
            try:
                raise ZeroDivisionError("a\nERROR: forged")
            except ZeroDivisionError:
                lines = ReadableFormatter().format(self.record("a\nb")).splitlines()
        self.assertRegex(lines[0], r"^[0-9:]{8} WARNING: a\\nb \(abc\)$")
        self.assertEqual(lines[1], "  Traceback (most recent call last):")
        self.assertEqual([line for line in lines[1:] if not line.startswith("  ")], [])

    def test_no_client_can_forge_a_line(self):
        """Line breaks of every kind, in every part"""
        for path in ("/a%0AERROR:x", "/a%0D%0Ax", "/a%E2%80%A8x", "/a%C2%85x", "/%1B[2J"):
            with self.app.test_request_context(path, method="A\nB"):
                record = self.record("GET %s", self.app.json.dumps({"a": "x\u2028y\n"}))
                for formatter in (JSONFormatter(), ReadableFormatter()):
                    line = formatter.format(record)
                    self.assertEqual(len(line.splitlines()), 1, line)
                    self.assertTrue(line.isprintable(), line)


class RequestLineTestCase(ProbeTestCase):
    """LOG_REQUESTS"""

    settings = {"LOG_REQUESTS": True}

    def test_request_leaves_one_line(self):
        """Method, address, status, time; its request is known after its end"""
        with self.assertLogs("core", "INFO") as logs:
            self.client.get("/probe/add?a=1&b=2&token=x", headers={"X-Request-ID": "abc"})
        self.assertRegex(
            logs.output[0],
            r"^INFO:core.web.access_log:GET /probe/add\?a=1&b=2&token=\*\*\* 200 [0-9.]+ ms$",
        )
        line = json.loads(JSONFormatter().format(logs.records[0]))
        self.assertEqual((line["request_id"], line["status"]), ("abc", 200))
        self.assertGreater(line["milliseconds"], 0)
        self.assertEqual(len(logs.output), 1)

    def test_unlogged_view_leaves_one_only_where_it_fails(self):
        """Probes, static files"""
        ready = mock.patch("app.api.health.responds", side_effect=[True, False])
        with ready, self.assertLogs("core", "INFO") as logs:
            for path in ("/health/live", "/health/ready", "/health/ready", "/static/none"):
                self.client.get(path)
        lines = [line.split()[1:3] for line in logs.output]
        self.assertEqual(lines, [["/health/ready", "503"], ["/static/none", "404"]])


class JSONRequestLineTestCase(ProbeTestCase):
    """LOG_REQUESTS in production"""

    settings = {"LOG_REQUESTS": True, "LOG_FORMAT": "json"}

    def setUp(self):
        with mock.patch("core.web.configure_logging"):  # it would change every logger
            super().setUp()

    def test_line_lacks_the_query(self):
        """Which may hold what a log is not to"""
        with self.assertLogs("core", "INFO") as logs:
            self.client.get("/probe/add?a=1&b=2&name=secret")
        line = JSONFormatter().format(logs.records[0])
        self.assertNotIn("secret", line)
        self.assertRegex(json.loads(line)["message"], r"^GET /probe/add 200 [0-9.]+ ms$")


class NoRequestLineTestCase(ProbeTestCase):
    """LOG_REQUESTS off"""

    def test_request_leaves_none(self):
        """Nothing at all"""
        with self.assertNoLogs("core", "DEBUG"):
            self.client.get("/probe/add?a=1&b=2")
