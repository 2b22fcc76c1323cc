"""The app in production: its server, its log, its guards."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

from tests.core.probe import init_probe
from tests.core.process import free_port, wait_until
from tests.integration.case import DatabaseTestCase
from tests.system.case import SERVERS, ProcessTestCase
from tests.system.fault import Client


@unittest.skipIf(sys.platform == "win32", "gunicorn needs POSIX")
class ProductionTestCase(DatabaseTestCase, ProcessTestCase):
    """Two workers, under Granian and under gunicorn"""

    def setUp(self):
        super().setUp()
        init_probe(self.database)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.error_log = Path(folder.name) / "error.log"

    def start(self, name, **settings):
        self.port = free_port()
        self.server = self.serve_production(
            name,
            self.port,
            workers=2,
            MONGODB_URI=self.uri,
            MONGODB_NAME=self.name,
            ERROR_LOG_PATH=str(self.error_log),
            **settings,
        )

    def ask(self, line, *headers, body=b""):
        client = Client(self.port)
        try:
            status, head, body = client.ask(line, *headers, body=body)
        finally:
            client.close()
        return status, head, json.loads(body)

    def log(self):
        """Return what the app has written to stderr: lines of JSON, among the server's own."""
        lines = self.server.output().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def test_log_is_json(self):
        """Of a request: with its id, path, status and time"""
        for name in SERVERS:
            with self.subTest(name):
                self.start(name, SLOW_API_TIME="0")
                self.error_log.write_text("")
                self.ask("GET /probe/add?a=1&b=2&x=%0A{forged", f"X-Request-ID: {name}")
                self.assertTrue(wait_until(lambda: len(self.log()) >= 2, 5))
                request, slow = self.log()[-2:]
                self.assertEqual((request["level"], slow["level"]), ("INFO", "WARNING"))
                for line in (request, slow):
                    self.assertEqual(
                        list(line),
                        [
                            *("time", "level", "logger", "message"),
                            *("request_id", "method", "path", "status", "milliseconds"),
                        ],
                    )
                    self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
                    self.assertEqual(
                        (line["request_id"], line["method"], line["path"], line["status"]),
                        (name, "GET", "/probe/add", 200),
                    )
                (kept,) = (json.loads(line) for line in self.error_log.read_text().splitlines())
                self.assertEqual(kept, slow)  # the warning, and not what is below
                self.stop(self.server)

    def test_hosts_and_proxies(self):
        """TRUSTED_HOSTS but for the probes, PROXY_HOPS, HSTS_SECONDS"""
        self.start(
            "granian",
            TRUSTED_HOSTS="api.example.com",
            PROXY_HOPS="for=1,proto=1,host=1",
            HSTS_SECONDS="60",
            SLOW_API_TIME="0",
        )
        status, _, envelope = self.ask("GET /probe/hello")
        self.assertEqual(status, 400)
        self.assertEqual(
            envelope["description"], "The Host header does not name a host of this service."
        )
        self.assertTrue(wait_until(lambda: self.ask("GET /health/ready")[0] == 200, 10))
        headers = ("X-Forwarded-Host: api.example.com", "X-Forwarded-For: 6.6.6.6, 9.8.7.6")
        status, head, _ = self.ask("GET /probe/hello", *headers)
        self.assertEqual(status, 200)
        self.assertIn("\r\nstrict-transport-security: max-age=60\r\n", head)
        self.assertTrue(
            wait_until(lambda: "ip 9.8.7.6, GET /probe/hello" in self.server.output(), 5)
        )
