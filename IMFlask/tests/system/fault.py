"""Faults: a database that can be killed and frozen, a listener that is mute, a raw client."""

import contextlib
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from pymongo import MongoClient

from tests.core.process import free_port, start_secantus, watch


class Mongo:
    """A server of one's own, which keeps its port and its data over its deaths."""

    def __init__(self):
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp())
        self._process = None
        self.client = MongoClient(self.uri, serverMonitoringMode="poll", appname="fault")

    @property
    def uri(self):
        return f"mongodb://127.0.0.1:{self.port}/"

    def start(self):
        """Start the server and wait until it answers."""
        self._process = start_secantus(self._folder, self.port)

    def kill(self):
        """Kill -9."""
        self._process.kill()
        self._process.wait()
        watch(self._process, is_over=True)

    def freeze(self):
        """Stop the process without its end: connections stay, nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        """Let the process go on."""
        self._process.send_signal(signal.SIGCONT)

    def fail(self, commands, app_name, **data):
        """Have the server fail these commands of this application; none: no more."""
        if not commands:
            self.client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
            return
        data |= {"failCommands": commands, "appName": app_name}
        self.client.admin.command(
            {"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data}
        )

    def close(self):
        """End it all."""
        self.client.close()
        if self._process is not None and self._process.poll() is None:
            self.thaw()
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


class Mute:
    """A listener at `port` that accepts and never answers."""

    def __init__(self, port):
        self._door = socket.socket()
        self._door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._door.bind(("127.0.0.1", port))
        self._door.listen(128)
        self._accepted = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                self._accepted.append(self._door.accept())

    def close(self):
        # A close alone would leave the thread's accept() at work, and the port taken.
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for connection, _ in self._accepted:
            connection.close()


class Client:
    """A connection that is kept; `ask` raises OSError when it breaks."""

    def __init__(self, port, timeout=30):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, line, *headers, body=b""):
        """Return status, headers in lower case, body."""
        head = "\r\n".join([f"{line} HTTP/1.1", "Host: 127.0.0.1", *headers])
        length = f"\r\nContent-Length: {len(body)}" if body else ""
        self._socket.sendall(f"{head}{length}\r\n\r\n".encode() + body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        head, _, rest = answer.partition(b"\r\n\r\n")
        head = head.decode("latin-1").lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        while len(rest) < length:
            rest += self._receive()
        return int(head.split()[1]), head, rest

    def _receive(self):
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionError("closed")
        return part

    def close(self):
        self._socket.close()


def in_threads(count, work):
    """Return what `work(number)` returns for each number below `count`, all at once."""
    results = [None] * count

    def run(number):
        try:
            results[number] = work(number)
        except BaseException as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def report(figures):
    """Print a test's figures in the line of its result."""
    print(f"{figures} ... ", end="", file=sys.stderr, flush=True)


def seconds(work):
    """Return what `work()` returns, and the seconds it took."""
    start = time.monotonic()
    return work(), time.monotonic() - start
