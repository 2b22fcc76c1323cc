"""What no client should send, and the servers that it is sent to."""

import json
import socket
import sys
import time
import unittest

from tests.core.probe import init_probe
from tests.core.process import free_port
from tests.integration.case import DatabaseTestCase
from tests.system.case import APPLICATION, ProcessTestCase

LIMIT = 1024 * 1024  # of a body
# Each must be answered within 2 s.
SECONDS = 2


def request(line, body=b"", *headers, length=None, close=True):
    """Return a request as bytes; `length` replaces the true Content-Length."""
    head = [line + " HTTP/1.1", "Host: 127.0.0.1", *headers]
    if close:
        head.append("Connection: close")
    if body or length is not None:
        head.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


class HostileTests:
    """Asks a server all `cases`; mixed into one of the servers below.

    cases: by name, the bytes that are sent and the statuses that are right. After the
    bytes the client closes its sending side. 0: the server itself refused, in its own words.
    """

    cases: dict = {}

    def check_unharmed(self):
        """Assert that nothing of all this was written."""
        raise NotImplementedError

    def ask(self, data, is_whole=True):
        """Return status, headers and body of the answer, and the seconds until it was whole.

        Status 0 when the server closed without one.
        """
        start = time.monotonic()
        answer = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            try:
                connection.sendall(data)
                if self.ANSWERS_HALF_CLOSED or not is_whole:
                    connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # It has answered before it was sent all.
            try:
                while part := connection.recv(65536):
                    answer += part
            except ConnectionError:
                pass
        seconds = time.monotonic() - start
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split()[1]) if head else 0
        return status, head.decode("latin-1").lower(), body, seconds

    def assert_envelope(self, status, head, body):
        self.assertIn("content-type: application/json", head)
        envelope = json.loads(body)
        if status < 400:
            self.assertEqual(envelope["msg"], "success")
            return
        self.assertEqual(envelope.pop("msg"), "fail")
        envelope.pop("process_time", None)  # in debug
        self.assertEqual(list(envelope), ["description", "request_id"])
        self.assertIn(f"x-request-id: {envelope['request_id']}\r\n", head + "\r\n")
        self.assertRegex(envelope["description"], r"^[A-Z].*\.$")
        for word in ("Traceback", "Error(", "<class", "pymongo", "werkzeug", "/site-packages"):
            self.assertNotIn(word, envelope["description"])

    def test_hostile_requests(self):
        """Each is answered with the right status, in the envelope, at once"""
        for name, (data, statuses) in self.cases.items():
            with self.subTest(name):
                status, head, body, seconds = self.ask(data, is_whole=0 not in statuses)
                by_server = status == 0 or (400 <= status < 500 and "/json" not in head)
                self.assertIn(0 if by_server else status, statuses, (head, body[:200]))
                if not by_server:
                    self.assert_envelope(status, head, body)
                if status == 405:
                    self.assertIn("\r\nallow: ", head)
                self.assertLess(seconds, SECONDS)
        self.check_unharmed()


class Server(DatabaseTestCase, ProcessTestCase):
    """A server with a database of its own; a test case without tests, like those below.

    ANSWERS_HALF_CLOSED: whether the server answers a client that has closed its
    sending side; one that does not is sent that where no answer is right as well.
    """

    ANSWERS_HALF_CLOSED = True

    def setUp(self):
        super().setUp()
        init_probe(self.database)
        self.port = free_port()

    def settings(self):
        return {"MONGODB_URI": self.uri, "MONGODB_NAME": self.name}


class FlaskRun(Server):
    """flask run, in debug"""

    def setUp(self):
        super().setUp()
        self.server = self.serve(
            *("flask", "--app", APPLICATION, "run", "--no-reload", f"--port={self.port}"),
            port=self.port,
            cleanup=self.addCleanup,
            **self.settings(),
        )


class Granian(Server):
    """Granian, in production"""

    ANSWERS_HALF_CLOSED = False

    def setUp(self):
        super().setUp()
        self.server = self.serve_production("granian", self.port, **self.settings())


@unittest.skipIf(sys.platform == "win32", "gunicorn needs POSIX")
class Gunicorn(Server):
    """gunicorn, in production"""

    def setUp(self):
        super().setUp()
        self.server = self.serve_production("gunicorn", self.port, **self.settings())
