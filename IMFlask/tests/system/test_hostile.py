"""What no client should send, to real servers: no 5xx, no HTML, no waiting."""

import json
import socket

from tests.core.probe import Probe
from tests.system import hostile
from tests.system.hostile import LIMIT, request


def post(body, content_type="application/json", **kwargs):
    """Return a POST of `body` to the name."""
    return request("POST /probe/name", body, f"Content-Type: {content_type}", **kwargs)


def chunked(chunks, content_type="application/json", end=b"0\r\n\r\n"):
    """Return a POST to the name in chunks, which are bytes or already framed text."""
    head = request(
        "POST /probe/name", b"", f"Content-Type: {content_type}", "Transfer-Encoding: chunked"
    )
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + framed + end


def get(query):
    """Return a GET of the sum, with a raw query string."""
    return request(f"GET /probe/add?{query}")


CASES = {
    # Bodies.
    "100,000 levels in the field": (
        post(b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        {400},
    ),
    # Types of bodies.
    "a broken type": (post(b'{"name": "x"}', ";;=;\x80"), {400, 415}),
    # Lengths.
    "shorter than its length": (post(b'{"name": "x"}', length=100), {400, 0}),
    "nothing of its length": (post(b"", length=100), {400, 0}),
    "over the limit": (post(b'{"name": "' + b"x" * LIMIT + b'"}'), {413}),
    "far over the limit, unsent": (post(b"{", length=10**15), {413}),
    "over the limit in chunks": (
        chunked([b'{"name": "'] + [b"x" * 65536] * 17 + [b'"}']),
        {413},
    ),
    "over the limit in one chunk": (chunked([b'{"name": "' + b"x" * LIMIT + b'"}']), {413}),
    "a negative length": (post(b"{}", length=-1), {400, 0}),
    "a length that is none": (post(b"{}", length="x"), {400, 0}),
    "a length with a plus": (post(b"{}", length="+2"), {400, 0}),
    # Chunks.
    "chunks that end early": (chunked([b'{"name"'], end=b""), {400, 0}),
    "half a chunk": (chunked([], end=b"10\r\n{}"), {400, 0}),
    "a chunk size that is none": (chunked([], end=b"xyz\r\n{}\r\n0\r\n\r\n"), {400, 0}),
    "a negative chunk size": (chunked([], end=b"-5\r\n{}\r\n0\r\n\r\n"), {400, 0}),
    "a chunk without its end": (chunked([], end=b"2\r\n{}xx0\r\n\r\n"), {400, 0}),
    "no chunks": (chunked([]), {400}),
    # Integers in a query.
    "4,400 digits": (get(f"a={'9' * 4400}&b=1"), {400, 414, 0}),
    "a sum of too many digits": (get(f"a={'9' * 2000}&b={'9' * 2000}"), {200}),
    "not UTF-8 in a query": (get("a=%FF&b=1"), {400}),
    "raw bytes in a query": (get("a=\xff&b=1"), {400, 0}),
    "many parameters": (get("&".join(["x=1"] * 900)), {400, 0}),
    # Addresses, methods, headers.
    "an address that is not UTF-8": (request("GET /%ff/%fe"), {404}),
    "out of the static folder, encoded": (request("GET /static/%2e%2e/%2e%2e/config.py"), {404}),
    "Werkzeug's debugger": (
        request("GET /probe/hello?__debugger__=yes&cmd=resource&f=style.css"),
        {200},
    ),
    "an unknown method": (request("BREW /probe/name"), {405, 0}),
    "a body for a GET": (
        request("GET /probe/add?a=1&b=2", b"{", "Content-Type: application/json"),
        {200},
    ),
    "a strange cookie": (request("GET /probe/hello", b"", "Cookie: \xff=\xfe;;=;"), {200, 0}),
}


class HostileTests(hostile.HostileTests):
    """What any endpoint may be sent"""

    cases = CASES

    def check_unharmed(self):
        self.assertEqual(Probe(self.database).get_name(), "IML")

    def test_refused_before_its_body_is_read(self):
        """Whoever sends on, as a proxy does, gets the answer and no broken connection"""
        body = bytes(12 * LIMIT)
        for data, status in (
            (request("POST /nowhere", body), 404),
            (request("DELETE /probe/name", body), 405),
            (post(body), 413),
            (post(body, "text/plain"), 415),
            (chunked([body[:100_000]] * 120, "text/plain"), 415),
        ):
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
                connection.sendall(data)
                self.assertEqual(int(connection.recv(65536).split()[1]), status)

    def test_right_requests(self):
        """The same requests, well made, are answered"""
        for data, result in (
            (get("a=1&b=2"), 3),
            (request("GET /probe/add?a=-1&b=%32"), 1),
            (post('{"name": "이름"}'.encode()), None),
            (chunked([b'{"na', b'me": "\\ud55c"}']), None),
            (post(b'{"name": "' + b"x" * (LIMIT - 100) + b'"}'), None),
            (post(b'{"name": "IML"}'), None),
        ):
            status, head, body, seconds = self.ask(data)
            self.assertEqual(status, 200, body)
            self.assert_envelope(status, head, body)
            self.assertEqual(json.loads(body).get("result"), result)
            self.assertLess(seconds, 10)


class FlaskRunTestCase(HostileTests, hostile.FlaskRun):
    """flask run, in debug"""


class GranianTestCase(HostileTests, hostile.Granian):
    """Granian, in production"""


class GunicornTestCase(HostileTests, hostile.Gunicorn):
    """gunicorn, in production"""
