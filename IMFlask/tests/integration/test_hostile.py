"""What no client should send, to real servers: no 5xx, no HTML, no waiting."""

import json
import socket
import sys
import time
import unittest

from bson import MinKey

from model import init_db
from model.mongodb import MasterConfig
from tests.integration.case import TOKEN, DatabaseTestCase, ProcessTestCase, free_port

LIMIT = 1024 * 1024
# Each must be answered within 2 s.
SECONDS = 2


def request(line, body=b"", *headers, length=None, close=True):
    """Return a request as bytes; `length` replaces the true Content-Length."""
    head = [line + " HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {TOKEN}", *headers]
    if close:
        head.append("Connection: close")
    if body or length is not None:
        head.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def post(body, content_type="application/json", **kwargs):
    """Return a POST of `body` to the author."""
    return request("POST /sample/author", body, f"Content-Type: {content_type}", **kwargs)


def chunked(chunks, content_type="application/json", end=b"0\r\n\r\n"):
    """Return a POST to the author in chunks, which are bytes or already framed text."""
    head = request(
        "POST /sample/author", b"", f"Content-Type: {content_type}", "Transfer-Encoding: chunked"
    )
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + framed + end


def upload(body, content_type="multipart/form-data; boundary=x", **kwargs):
    """Return an upload with a raw form."""
    return request("POST /sample/file", body, f"Content-Type: {content_type}", **kwargs)


def upload_chunks(end):
    """Return an upload in chunks, whose last ones are raw."""
    head = request(
        "POST /sample/file",
        b"",
        "Content-Type: multipart/form-data; boundary=x",
        "Transfer-Encoding: chunked",
    )
    return head + b"%x\r\n%s\r\n" % (len(PART), PART) + end


def get(query):
    """Return a GET of the sum, with a raw query string."""
    return request(f"GET /sample/add?{query}")


PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\none'

# name: (the bytes that are sent, the statuses that are right). After the bytes the
# client closes its sending side. 0: the server itself refused, in its own words.
CASES = {
    # Bodies.
    "no object": (post(b"[]"), {400}),
    "a number": (post(b"1"), {400}),
    "null": (post(b"null"), {400}),
    "malformed": (post(b'{"name": '), {400}),
    "empty": (post(b""), {400}),
    "empty with a length": (post(b"", length=0), {400}),
    "100,000 levels of arrays": (post(b"[" * 100_000 + b"]" * 100_000), {400}),
    "100,000 levels of objects": (post(b'{"name":' * 100_000 + b"1" + b"}" * 100_000), {400}),
    "100,000 levels in the field": (
        post(b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        {400},
    ),
    "a lone surrogate": (post(b'{"name": "\\ud800"}'), {400}),
    "a lone surrogate in a key": (post(b'{"name": "x", "\\udc00": 1}'), {400}),
    "a raw surrogate": (post(b'{"name": "\xed\xa0\x80"}'), {400}),
    "not UTF-8": (post(b'{"name": "\xff\xfe"}'), {400}),
    "UTF-16": (post('{"name": "x"}'.encode("utf-16")), {400}),
    "5,000 digits": (post(b'{"name": ' + b"9" * 5000 + b"}"), {400}),
    "NaN": (post(b'{"name": NaN}'), {400}),
    "an operator for a string": (post(b'{"name": {"$gt": ""}}'), {400}),
    "true for a string": (post(b'{"name": true}'), {400}),
    "null for a string": (post(b'{"name": null}'), {400}),
    "missing": (post(b'{"nam": "x"}'), {400}),
    "an operator for the body": (post(b'{"$where": "sleep(1000)"}'), {400}),
    # Types of bodies.
    "text": (post(b'{"name": "x"}', "text/plain"), {415}),
    "a form": (post(b"name=x", "application/x-www-form-urlencoded"), {415}),
    "a multipart form": (post(b"--x--", "multipart/form-data; boundary=x"), {415}),
    "no type": (request("POST /sample/author", b'{"name": "x"}'), {415}),
    "an odd type": (post(b'{"name": "x"}', "application/json-seq"), {415}),
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
    "1_000": (get("a=1_000&b=1"), {400}),
    "spaces": (get("a=%201%20&b=1"), {400}),
    "a plus": (get("a=%2B1&b=1"), {400}),
    "other digits": (get("a=%D9%A1&b=%EF%BC%91"), {400}),
    "nan": (get("a=nan&b=1"), {400}),
    "inf": (get("a=inf&b=1"), {400}),
    "true": (get("a=true&b=1"), {400}),
    "1.0": (get("a=1.0&b=1"), {400}),
    "twice": (get("a=1&a=2&b=1"), {400}),
    "an index": (get("a[$gt]=1&b=1"), {400}),
    "4,400 digits": (get(f"a={'9' * 4400}&b=1"), {400, 414, 0}),
    "a sum of too many digits": (get(f"a={'9' * 2000}&b={'9' * 2000}"), {200}),
    "not UTF-8 in a query": (get("a=%FF&b=1"), {400}),
    "raw bytes in a query": (get("a=\xff&b=1"), {400, 0}),
    "half an escape": (get("a=%&b=%f"), {400}),
    "many parameters": (get("&".join(["x=1"] * 900)), {400, 0}),
    "division by zero": (request("GET /sample/divide?a=1&b=0"), {400}),
    # Pages of the log.
    "an operator for a cursor": (request("GET /sample/log?before[$ne]=1&limit=0"), {400}),
    "a cursor that is none": (request("GET /sample/log?before=" + "z" * 24), {400}),
    "a cursor of NUL": (request("GET /sample/log?before=%00"), {400}),
    "a limit beyond 64 bits": (request(f"GET /sample/log?limit={2**64}"), {400}),
    # Files.
    "a form that ends early": (upload(PART), {400}),
    "a form that is shorter than its length": (upload(PART + b"\r\n--x--", length=999), {400, 0}),
    "a form without a boundary": (upload(PART, "multipart/form-data"), {400}),
    "a form with a boundary of 60,000 letters": (
        upload(b"--" + b"y" * 60_000 + b"--", "multipart/form-data; boundary=" + "y" * 60_000),
        {400, 0},
    ),
    "a form whose part has no name": (upload(b"--x\r\n\r\n\r\n--x--"), {400}),
    "a form whose head never ends": (upload(b"--x\r\nA: " + b"b" * 2 * LIMIT), {400}),
    "a form of one head": (upload(b"--x\r\n" + b"ab\r\n" * LIMIT), {400}),
    "a form of 2,000 parts": (upload((PART.replace(b"file", b"f") + b"\r\n") * 2000), {413}),
    "a form of line ends": (upload(b"\r\n" * LIMIT), {400}),
    "a form in chunks that end early": (upload_chunks(b""), {400, 0}),
    "a form in half a chunk": (upload_chunks(b"10\r\n--x--"), {400, 0}),
    "a form in a chunk whose size is none": (upload_chunks(b"xyz\r\n--x--\r\n"), {400, 0}),
    "a form in chunks without its end": (upload_chunks(b"0\r\n\r\n"), {400}),
    "JSON for a form": (upload(b"{}", "application/json"), {415}),
    "a file of no id": (request("GET /sample/file/../../etc/passwd"), {404, 400}),
    "a file of a strange id": (request("GET /sample/file/%7B%22$ne%22:1%7D"), {400}),
    "a strange range of no file": (
        request(f"GET /sample/file/{'0' * 24}", b"", "Range: bytes=9-1,-,a"),
        {404},
    ),
    # Addresses, methods, headers.
    "an unknown address": (request("GET /wrong"), {404}),
    "an address that is not UTF-8": (request("GET /%ff/%fe"), {404}),
    "a NUL in an address": (request("GET /sample/%00"), {404}),
    "a line break in an address": (request("GET /sample/%0d%0aSet-Cookie:x"), {404}),
    "doubled slashes": (request("GET /sample//add?a=1&b=2"), {404}),
    "a slash at the end": (request("GET /sample/add/?a=1&b=2"), {200}),
    "out of the static folder": (request("GET /static/../../config.py"), {404}),
    "out of the static folder, encoded": (request("GET /static/%2e%2e/%2e%2e/config.py"), {404}),
    "a wrong method": (request("DELETE /sample/author"), {405}),
    "Werkzeug's console": (request("GET /console"), {404}),
    "Werkzeug's debugger": (
        request("GET /sample/jsonify?__debugger__=yes&cmd=resource&f=style.css"),
        {200},
    ),
    "an unknown method": (request("BREW /sample/author"), {405, 0}),
    "PATCH with a body": (
        request("PATCH /sample/author", b"{", "Content-Type: application/json"),
        {405},
    ),
    "a body for a GET": (
        request("GET /sample/add?a=1&b=2", b"{", "Content-Type: application/json"),
        {200},
    ),
    "a forged session": (request("GET /sample/jsonify", b"", "Cookie: session=a.b.c"), {200}),
    "a strange cookie": (request("GET /sample/jsonify", b"", "Cookie: \xff=\xfe;;=;"), {200, 0}),
    "a strange range": (request("GET /sample/jsonify", b"", "Range: bytes=9-1"), {200}),
    "a strange host": (
        request("GET /sample/jsonify").replace(b"127.0.0.1", b"a b/<x>"),
        {200, 400, 0},
    ),
}


class HostileTests:
    """Asks a server all CASES; mixed into a TestCase that has `port`.

    ANSWERS_HALF_CLOSED: whether the server answers a client that has closed its
    sending side; one that does not is sent that where no answer is right as well.
    """

    ANSWERS_HALF_CLOSED = True

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
        for name, (data, statuses) in CASES.items():
            with self.subTest(name):
                status, head, body, seconds = self.ask(data, is_whole=0 not in statuses)
                by_server = status == 0 or (400 <= status < 500 and "/json" not in head)
                self.assertIn(0 if by_server else status, statuses, (head, body[:200]))
                if not by_server:
                    self.assert_envelope(status, head, body)
                if status == 405:
                    self.assertIn("\r\nallow: ", head)
                self.assertLess(seconds, SECONDS)
        # Nothing of all this was written.
        for name in ("fs.files", "fs.chunks"):
            self.assertEqual(self.database[name].count_documents({}), 0)
        self.assertEqual(MasterConfig(self.database).get_author()["value"], "IML")

    def test_right_requests(self):
        """The same requests, well made, are answered"""
        for data, result in (
            (get("a=1&b=2"), 3),
            (request("GET /sample/add?a=-1&b=%32"), 1),
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


class ServerTestCase(DatabaseTestCase, ProcessTestCase):
    """A server with a database of its own."""

    def setUp(self):
        super().setUp()
        init_db(self.database)
        self.port = free_port()

    def settings(self):
        return {"MONGODB_URI": self.uri, "MONGODB_NAME": self.name}


class FlaskRunTestCase(HostileTests, ServerTestCase):
    """flask run, in debug"""

    def setUp(self):
        super().setUp()
        self.server = self.serve(
            "flask",
            "run",
            f"--port={self.port}",
            "--no-reload",
            port=self.port,
            cleanup=self.addCleanup,
            ADMIN_TOKEN=TOKEN,
            **self.settings(),
        )

    def test_bug_shows_no_debugger(self):
        """In debug: the envelope to the client, the traceback to the terminal"""
        MasterConfig(self.database).collection.update_one(
            {"config_type": "author"},
            {"$set": {"value": MinKey()}},  # which has no form in JSON
        )
        status, head, body, _ = self.ask(request("GET /sample/author"))
        self.assertEqual(status, 500)
        self.assert_envelope(status, head, body)
        self.assertIn("Traceback (most recent call last)", self.server.output())
        self.assertIn("TypeError: ", self.server.output())


class GranianTestCase(HostileTests, ServerTestCase):
    """Granian, in production"""

    ANSWERS_HALF_CLOSED = False

    def setUp(self):
        super().setUp()
        self.serve_production("granian", self.port, **self.settings())


@unittest.skipIf(sys.platform == "win32", "gunicorn needs POSIX")
class GunicornTestCase(HostileTests, ServerTestCase):
    """gunicorn, in production"""

    def setUp(self):
        super().setUp()
        self.serve_production("gunicorn", self.port, **self.settings())
