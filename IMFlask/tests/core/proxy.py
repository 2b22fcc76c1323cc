"""A proxy before a database, which loses its answers or gives those of a real server."""

import contextlib
import socket
import struct
import threading

import bson

import config
from core.database import client
from tests.integration.case import DatabaseTestCase

# https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol
_OP_MSG, _MORE_TO_COME = 2013, 2

SHAPES = COMMAND, WRITE, WRITES, CONCERN = "command", "write", "writes", "write concern"
# The manual's and the server's own list: src/mongo/base/error_codes.yml.
PASSING = (
    *(6, 7, 24, 50, 64, 89, 91, 112, 133, 134, 189, 202, 262, 365, 402, 407, 433, 449, 450, 462),
    *(43, 175, 237, 246, 9001, 10058, 10107, 11600, 11602, 13435, 13436, 13388, 16500, 91331),
)


class Proxy:
    """Passes on to a database at the port `target` what comes to `port`.

    answer: called with each command; returns the answer to give in the database's place,
    which does not get the command then, or None.
    loses_answers: while it is true, what the database answers is thrown away.
    """

    def __init__(self, target):
        self.loses_answers = False
        self.answer = lambda command: None
        self._target = target
        self._door = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._door.getsockname()[1]
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def uri(self):
        """The URI to get here: to the driver this is no member of the replica set."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._door.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                self._connections += [client, server]
                threading.Thread(target=self._serve, args=(client, server), daemon=True).start()

    def _serve(self, client, server):
        with client, server, contextlib.suppress(OSError):
            while True:
                request, number, kind = _receive(client)
                is_command = kind == _OP_MSG
                if is_command and (answer := self.answer(_command(request))) is not None:
                    body = bytes(5) + bson.encode(answer)
                    client.sendall(struct.pack("<4i", 16 + len(body), 1, number, _OP_MSG) + body)
                    continue
                server.sendall(request)
                if is_command and request[16] & _MORE_TO_COME:
                    continue
                response, *_ = _receive(server)
                if not self.loses_answers:
                    client.sendall(response)

    def close(self):
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for one in self._connections:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class ProxyTestCase(DatabaseTestCase):
    """A test with a proxy before the embedded database."""

    def setUp(self):
        super().setUp()
        if config.config_dict["testing"].TEST_MONGODB_URI:
            self.skipTest("puts a proxy before the embedded database")
        self.proxy = Proxy(self.database.client.address[1])
        # The driver would try again for 2 s what the proxy answers so each time.
        self.uri_of_proxy = f"{self.proxy.uri}&retryReads=false&retryWrites=false"
        self.addCleanup(self.proxy.close)
        self.addCleanup(client.close_client, self.uri_of_proxy)

    def connect(self):
        """Return the database by a new client: one that met no primary waits half a second."""
        client.close_client(self.uri_of_proxy)
        return client.get_client(self.uri_of_proxy, "tests")[self.name]


def failure(shape, code, labels=(), count=1):
    """Return the server's answer to a command of `count` writes, of which the last failed."""
    error = {"code": code, "codeName": "Name", "errmsg": "secret words"}
    labels = {"errorLabels": list(labels)} if labels else {}
    if shape == COMMAND:
        return {"ok": 0.0, **error, **labels}
    if shape == CONCERN:
        return {"ok": 1.0, "n": count, "nModified": count, "writeConcernError": error, **labels}
    errors = [{"index": count - 1, **error}]
    return {"ok": 1.0, "n": count - 1, "nModified": count - 1, "writeErrors": errors, **labels}


def _receive(source):
    """Return a message, its number and its kind."""
    head = _exactly(source, 16)
    length, number, _, kind = struct.unpack("<4i", head)
    return head + _exactly(source, length - 16), number, kind


def _exactly(source, size):
    data = bytearray()
    while len(data) < size:
        part = source.recv(size - len(data))
        if not part:
            raise ConnectionError("closed")
        data += part
    return bytes(data)


def _command(message):
    """Return the command in an OP_MSG, its sequences of documents among its fields."""
    rest, command = message[20:], {}
    while rest:
        size = int.from_bytes(rest[1:5], "little")
        section, is_sequence, rest = rest[1 : size + 1], rest[0], rest[size + 1 :]
        if is_sequence:
            name, _, documents = section[4:].partition(b"\0")
            command[name.decode()] = bson.decode_all(documents)
        else:
            command |= bson.decode(section)
    return command
