"""Files under the servers, whose clients break off and whose database fails."""

import contextlib
import hashlib
import json
import os
import re
import socket
import struct
import sys
import time
import unittest
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from bson import ObjectId

from config import APP_NAME
from controller import file as controller
from core.database.value import utc_now
from model import init_db
from model.mongodb import Chunk, File
from tests.core.process import free_port, needs_secantus, wait_until
from tests.core.proxy import Proxy
from tests.integration.case import DatabaseTestCase
from tests.system.case import SERVERS, TOKEN, ProcessTestCase
from tests.system.fault import Mongo, report, seconds

MB = 1_000_000
LINE = '"path":"/sample/file",'  # of the log
END = b"\r\n--x--\r\n"


def head(length, *headers, filename="a", line="POST /sample/file"):
    """Return the head of an upload, its first part's included; None: in chunks."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [
        *(f"{line} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", size, *headers),
        *(f"Authorization: Bearer {TOKEN}", "Content-Type: multipart/form-data; boundary=x"),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n", (
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'
    ).encode()


def in_chunks(data, size=65536):
    """Return the data in the framing of chunks, without their end."""
    parts = (data[start : start + size] for start in range(0, len(data), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


class Server:
    """A client of the app's server; mixed into a TestCase that has `port` and `stored()`."""

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.addCleanup(connection.close)
        return connection

    def send(self, data):
        """Return status, headers and body of the answer to these bytes."""
        with self.connect() as connection:
            with contextlib.suppress(OSError):  # It may answer before it was sent all.
                connection.sendall(data)
            return self.answer(connection)

    def answer(self, connection):
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionError:
            pass
        top, _, body = answer.partition(b"\r\n\r\n")
        status = int(top.split()[1]) if top else 0
        if b"transfer-encoding: chunked" in top.lower():
            size, _, body = body.partition(b"\r\n")
            body = body[: int(size, 16)]
        return status, top.decode("latin-1"), body

    def ask(self, line, *headers):
        """Return status, headers and body of a request without a body."""
        lines = [f"{line} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        lines += [*headers, f"Authorization: Bearer {TOKEN}"]
        return self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    def upload(self, data, filename="a"):
        """Return the status and what the answer says of the one file."""
        _, first = head(0, filename=filename)
        start, _ = head(len(first) + len(data) + len(END))
        status, _, body = self.send(start + first + data + END)
        envelope = json.loads(body)
        return status, envelope["result"][0] if status == 201 else envelope

    def drain(self, connection):
        """Return how many bytes come until the connection ends or breaks."""
        total = 0
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(1 << 20):
                total += len(part)
        return total


@unittest.skipIf(sys.platform == "win32", "gunicorn needs POSIX")
class ServerTestCase(Server, DatabaseTestCase, ProcessTestCase):
    """Under the production servers"""

    def setUp(self):
        super().setUp()
        init_db(self.database)

    def start(self, name, **settings):
        self.port = free_port()
        self.server = self.serve_production(
            name, self.port, MONGODB_URI=self.uri, MONGODB_NAME=self.name, **settings
        )

    def stored(self):
        return tuple(model(self.database).collection.count_documents({}) for model in (File, Chunk))

    def on_each(self, work, **settings):
        for name in SERVERS:
            with self.subTest(name):
                self.start(name, **settings)
                work()
                self.kill_group(self.server)

    def test_from_upload_to_deletion(self):
        """Several with names of all kinds, listed, read whole and in parts, deleted"""
        names = {
            "a.txt": "a.txt",
            "a%22b%22.txt": 'a"b".txt',
            "../../안녕 세계.pdf": "안녕 세계.pdf",
            "C:\\\\x\\\\y": "y",
            "100%.txt": "100%.txt",
        }

        def work():
            data = {name: os.urandom(300_000 + number) for number, name in enumerate(names)}
            parts = [head(0, filename=name)[1] + data[name] for name in names]
            lines = b"--x\r\nContent-Disposition: form-data; name=file; filename*=UTF-8''a%0D%0Ab"
            body = b"\r\n".join([*parts, lines + b"\r\n\r\n1"]) + END
            status, _, answer = self.send(head(len(body))[0] + body)
            self.assertEqual(status, 201, answer)
            result = json.loads(answer)["result"]
            self.assertEqual([one["filename"] for one in result], [*names.values(), "a__b"])
            for one, (given, name) in zip(result, names.items(), strict=False):
                self.assertEqual(one["sha256"], hashlib.sha256(data[given]).hexdigest())
                path = f"/sample/file/{one['id']}"
                status, top, body = self.ask(f"GET {path}")
                self.assertEqual((status, body), (200, data[given]))
                if not re.fullmatch("[a-z.]+", name):
                    self.assertIn(f"filename*=UTF-8''{quote(name, safe='')}", top)
                status, top, body = self.ask(f"GET {path}", "Range: bytes=200000-270000")
                self.assertEqual((status, body), (206, data[given][200_000:270_001]))
                self.assertIn(f"bytes 200000-270000/{one['length']}", top)
            listed = json.loads(self.ask("GET /sample/file")[2])["result"]
            self.assertEqual(listed, result[::-1])
            for one in result:
                self.assertEqual(self.ask(f"DELETE /sample/file/{one['id']}")[0], 200)
                self.assertEqual(self.ask(f"DELETE /sample/file/{one['id']}")[0], 404)
            self.assertEqual(self.stored(), (0, 0))

        self.on_each(work)

    def test_upload_that_ends_early_leaves_nothing(self):
        """The client goes, politely or not, or says that it is done too soon; in any place"""
        _, first = head(0)
        body = first + bytes(3 * MB) + first.join([b"\r\n", b""]) + bytes(MB) + END
        cuts = (0, 10, len(first), MB, 2 * MB + 7, 3 * MB + 200, len(body) - 8, len(body) - 3)

        def work():
            for cut in cuts:
                for way in ("closed", "reset", "in chunks"):
                    done = self.server.output().count(LINE)
                    with self.subTest(cut=cut, way=way), self.connect() as connection:
                        length = None if way == "in chunks" else len(body)
                        sent = in_chunks(body[:cut]) if length is None else body[:cut]
                        connection.sendall(head(length)[0] + sent)
                        if way == "in chunks" and cut < len(body) - 3:
                            connection.sendall(b"0\r\n\r\n")  # the end of the body, not of the form
                            self.assertEqual(self.answer(connection)[0], 400)
                        elif way == "reset":
                            option = struct.pack("ii", 1, 0)
                            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
                        connection.close()
                        # Each request leaves its line, once it is over.
                        self.assertTrue(
                            wait_until(
                                lambda done=done: self.server.output().count(LINE) > done, 15
                            )
                        )
                        self.assertEqual(self.stored(), (0, 0))
            self.assertEqual(self.upload(b"whole")[0], 201)
            self.database.client.drop_database(self.name)
            init_db(self.database)

        self.on_each(work)

    def test_download_that_is_broken_off(self):
        """The server goes on, and has nothing to complain of"""

        def work():
            status, result = self.upload(os.urandom(20 * MB))
            self.assertEqual(status, 201)
            for _ in range(12):  # more often than there are threads
                with self.connect() as connection:
                    line = f"GET /sample/file/{result['id']} HTTP/1.1\r\nHost: x\r\n\r\n"
                    connection.sendall(line.encode())
                    connection.recv(65536)
            _, _, body = self.ask(f"GET /sample/file/{result['id']}")
            self.assertEqual(hashlib.sha256(body).hexdigest(), result["sha256"])
            self.assertNotIn("Traceback", self.server.output())
            self.assertEqual(self.ask(f"DELETE /sample/file/{result['id']}")[0], 200)

        self.on_each(work)

    @unittest.skipUnless(Path("/proc/self/clear_refs").exists(), "needs Linux")
    def test_memory(self):
        """200 MB up and down: less than 16 MB over idle"""
        self.on_each(self.assert_little_memory, MAX_UPLOAD_SIZE=str(300 * MB), SLOW_API_TIME="60")

    def assert_little_memory(self):
        for _ in range(8):
            self.upload(b"x")
        pid = int(Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text())

        def memory(field):
            found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
            return int(found[1]) / 1000

        idle = memory("VmRSS")
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is from now on
        _, first = head(0)
        with self.connect() as connection:
            connection.sendall(head(len(first) + 200 * MB + len(END))[0] + first)
            for _ in range(200):
                connection.sendall(bytes(MB))
            connection.sendall(END)
            status, _, body = self.answer(connection)
        self.assertEqual(status, 201)
        result = json.loads(body)["result"][0]
        self.assertEqual(result["length"], 200 * MB)
        with self.connect() as connection:
            line = (
                f"GET /sample/file/{result['id']} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            connection.sendall(line.encode())
            total = self.drain(connection)
        self.assertGreater(total, 200 * MB)
        self.assertLess(memory("VmHWM") - idle, 16)
        self.assertEqual(self.ask(f"DELETE /sample/file/{result['id']}")[0], 200)

    def test_slow_client_is_no_slow_api(self):
        """What is warned of is what the API takes, not what the client does"""
        self.start("granian", SLOW_API_TIME="0.4")
        _, first = head(0)
        with self.connect() as connection:
            connection.sendall(head(len(first) + 10 + len(END))[0] + first)
            time.sleep(1.2)
            connection.sendall(bytes(10) + END)
            self.assertEqual(self.answer(connection)[0], 201)
        self.assertNotIn("slow API", self.server.output())

    def test_sweep(self):
        """A worker that was killed leaves chunks, which are deleted an hour later"""
        self.start("granian")
        _, first = head(0)
        with self.connect() as connection:
            connection.sendall(head(9 * MB)[0] + first + bytes(4 * MB))
            # Of the 15 whole chunks three batches are written, and no more.
            self.assertTrue(wait_until(lambda: self.stored()[1] == 12, 10))
            self.kill_group(self.server)
        left = self.stored()
        self.assertEqual(left[0], 0)
        settings = {"MONGODB_URI": self.uri, "MONGODB_NAME": self.name}
        done = self.flask("file-sweep", "--delete", **settings)
        self.assertEqual((done.returncode, done.stdout), (0, f"[{APP_NAME}] Nothing was left.\n"))
        self.assertEqual(self.stored(), left)
        # The same chunks, of an upload that began an hour earlier.
        chunks = Chunk(self.database).collection
        old = ObjectId.from_datetime(utc_now() - timedelta(minutes=61))
        chunks.update_many({}, {"$set": {"files_id": old}})
        for args, said, expected in (
            ((), f"Chunks: {left[1]}, files: 1; found; --delete deletes them.", left),
            (("--delete",), f"Chunks: {left[1]}, files: 1; deleted.", (0, 0)),
            ((), "Nothing was left.", (0, 0)),
        ):
            done = self.flask("file-sweep", *args, **settings)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.splitlines()[-1], f"[{APP_NAME}] {said}")
            self.assertEqual(self.stored(), expected)


@needs_secantus
@unittest.skipIf(sys.platform == "win32", "needs POSIX signals")
class FaultTestCase(Server, ProcessTestCase):
    """The database fails while files come in and go out"""

    def setUp(self):
        super().setUp()
        self.mongo = Mongo()
        self.addCleanup(self.mongo.close)
        self.mongo.start()
        self.database = self.mongo.client[APP_NAME.lower()]
        init_db(self.database)
        self.port = free_port()
        self.server = self.serve_production("granian", self.port, MONGODB_URI=self.mongo.uri)
        self.assertEqual(self.upload(b"first")[0], 201)
        self.assertEqual(self.stored(), (1, 1))

    def stored(self):
        return tuple(self.database[name].count_documents({}) for name in ("fs.files", "fs.chunks"))

    def begin(self, size=20 * MB):
        """Return a connection with an upload at work, half of it sent and some stored."""
        _, first = head(0)
        connection = self.connect()
        connection.sendall(head(len(first) + size + len(END))[0] + first + bytes(size // 2))
        self.assertTrue(wait_until(lambda: self.stored()[1] > 10, 10))
        return connection

    def finish(self, connection, size=20 * MB):
        """Send the rest; return the answer and the seconds it took."""

        def work():
            with contextlib.suppress(OSError):
                connection.sendall(bytes(size - size // 2) + END)
            return self.answer(connection)

        return seconds(work)

    def sweep(self):
        """Delete what is left of files, as `flask file-sweep --delete` would in two hours."""
        controller.sweep(File(self.database), True, utc_now() + timedelta(hours=2))

    def assert_only_the_first_is_left(self):
        """Visible, that is; what else is stored is found by the sweep."""
        self.assertTrue(wait_until(lambda: self.upload(b"next")[0] == 201, 15))
        self.assertEqual(self.stored()[0], 2)
        self.sweep()
        self.assertEqual(self.stored(), (2, 2))

    def test_write_that_is_done_and_not_confirmed(self):
        """By a server that ends; tried again by the driver: nothing is left"""
        for labels in ([], ["RetryableWriteError"]):
            connection = self.begin()
            refusal = {"code": 91, "errmsg": "shutdown in progress", "errorLabels": labels}
            self.mongo.fail(["insert"], APP_NAME, writeConcernError=refusal, errorLabels=labels)
            (status, _, _), _ = self.finish(connection)
            self.assertEqual(status, 503)
            self.mongo.fail(None, APP_NAME)
            self.assertEqual(self.stored(), (1, 1))

    def test_killed_in_the_middle(self):
        """Kill -9: 503 within seconds; no file is seen of it"""
        self.assert_outage_is_endured(self.mongo.kill, self.mongo.start)

    def test_frozen_in_the_middle(self):
        """SIGSTOP: 503 within seconds; thawed, no file is seen of it"""
        self.assert_outage_is_endured(self.mongo.freeze, self.mongo.thaw)

    def assert_outage_is_endured(self, begin, end):
        connection = self.begin()
        begin()
        (status, _, body), took = self.finish(connection)
        self.assertEqual((status, json.loads(body)["msg"]), (503, "fail"))
        self.assertLess(took, 15)
        end()
        _, back = seconds(self.assert_only_the_first_is_left)
        report(f"503 after {took:.2f} s, uploads {back:.2f} s after it")

    def test_answer_to_the_last_write_is_lost(self):
        """No file of the form is seen"""
        proxy = self.behind_a_proxy()
        _, first = head(0)
        # The document of a file, and a chunk, are written when the body is whole.
        body = (first + bytes(200_000) + b"\r\n") * 2 + b"--x--\r\n"
        with self.connect() as connection:
            connection.sendall(head(len(body))[0] + body[:-9])
            self.assertTrue(wait_until(lambda: self.stored()[1] > 1, 10))
            proxy.loses_answers = True
            connection.sendall(body[-9:])
            status, _, _ = self.answer(connection)
        self.assertEqual(status, 503)
        proxy.loses_answers = False
        self.assert_only_the_first_is_left()

    def test_write_that_comes_late(self):
        """Done by the server after the app has deleted what there was: the sweep finds it"""
        for skip in (0, 1):  # the chunk; the document
            self.mongo.client.admin.command(
                {
                    "configureFailPoint": "failCommand",
                    "mode": {"skip": skip},
                    "data": {
                        "failCommands": ["insert"],
                        "appName": APP_NAME,
                        "blockConnection": True,
                        "blockTimeMS": 4000,
                    },
                }
            )
            status, _ = self.upload(b"late")
            self.assertEqual(status, 503)
            self.mongo.fail(None, APP_NAME)
            seen = set()
            until = time.monotonic() + 6
            while time.monotonic() < until:
                seen.add(self.stored())
                time.sleep(0.05)
            self.assertGreater(len(seen), 1, "nothing came late")
            self.sweep()
            self.assertEqual(self.stored(), (1, 1))

    def behind_a_proxy(self):
        """Have the app reach its database through a proxy, which is returned."""
        self.kill_group(self.server)
        proxy = Proxy(self.mongo.port)
        self.addCleanup(proxy.close)
        self.port = free_port()
        self.server = self.serve_production("granian", self.port, MONGODB_URI=proxy.uri)
        self.assertEqual(self.ask("GET /sample/file")[0], 200)
        return proxy

    def test_killed_in_the_middle_of_a_download(self):
        """The connection breaks before the length is reached, and the log says so"""
        _, result = self.upload(os.urandom(40 * MB))
        with self.connect() as connection:
            line = f"GET /sample/file/{result['id']} HTTP/1.1\r\nHost: x\r\n\r\n"
            connection.sendall(line.encode())
            total = len(connection.recv(65536))
            self.mongo.kill()
            total += self.drain(connection)
        self.assertLess(total, 40 * MB)
        self.assertTrue(wait_until(lambda: "broke off" in self.server.output(), 5))
        self.mongo.start()
        self.assertTrue(wait_until(lambda: self.ask("GET /sample/file")[0] == 200, 10))
