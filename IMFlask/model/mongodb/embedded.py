"""The embedded database: SecantusDB, started by the first use, ended after the last.

One server process a folder serves every process of a checkout. It runs in a
session of its own and keeps, beside MongoDB's port, a door: each user holds a
connection to the door for as long as it lives, and the kernel closes it however
the user dies. A few seconds after the last one is closed the server ends
itself. Door and server are one process, so that neither can outlive the other.

The door greets with `TOKEN URI`; the file `door` in the folder, `PORT TOKEN PID`,
says where it is and which token makes it ours. That no second server opens the same data is
ensured by the storage engine's own lock.

This module is also the server's program (`python -P embedded.py FOLDER`), and so
imports the standard library alone. SecantusDB itself, which is GPL-2.0, is run
only there and never imported by the application.
"""

import contextlib
import importlib.util
import os
import runpy
import secrets
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

# Seconds.
_GRACE = 3.0  # from the last user's end to the server's
_STOP = 5.0  # a clean stop takes up to 3.5; then the process just ends
_START = 20.0  # from the first use to the first answer, on a slow machine
_BUSY = 75  # exit code: another server has the data (EX_TEMPFAIL of sysexits.h)


class EmbeddedDatabaseError(RuntimeError):
    """There is no embedded database, and the sentence says how to get one."""


class EmbeddedServer:
    """A user's side: starts the server of `folder`, or joins the one that runs.

    say: receives one sentence when this process has started a server.
    """

    def __init__(self, folder: str, say: Callable[[str], None]) -> None:
        self._folder = Path(folder)
        self._say = say
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._uri = ""
        self._is_ours = False  # whether this process has started the server

    def uri(self) -> str:
        """Return the URI of the running server; the first call starts one.

        Raises EmbeddedDatabaseError when it does not start.
        """
        with self._lock:
            if not self._is_joined() and not self._join():
                self._start()
            return self._uri

    def follow(self) -> None:
        """Be a user from now on of any server that runs, without starting one."""
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while True:
            time.sleep(_GRACE / 6)
            with self._lock:
                if not self._is_joined():
                    self._join()

    def close(self) -> None:
        """Stop being a user; the server ends after its last one."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _is_joined(self) -> bool:
        """Whether the server still holds its end: it never sends a second line."""
        if self._connection is None:
            return False
        try:
            self._connection.setblocking(False)
            self._connection.recv(1)
        except BlockingIOError:
            return True
        except OSError:
            pass
        self._connection.close()
        self._connection = None
        return False

    def _join(self) -> bool:
        try:
            port, token, pid = (self._folder / "door").read_text("ascii").split()
            connection = socket.create_connection(("127.0.0.1", int(port)), timeout=1)
        except (OSError, ValueError):
            return False
        try:
            greeting = connection.makefile("r", encoding="ascii").readline().split()
        except (OSError, ValueError):
            greeting = []
        if len(greeting) != 2 or greeting[0] != token:
            connection.close()
            return False
        self._connection, self._uri = connection, greeting[1]
        self._is_ours = self._process is not None and self._process.pid == int(pid)
        return True

    def _start(self) -> None:
        if importlib.util.find_spec("secantus") is None:
            raise EmbeddedDatabaseError(
                "There is no database: set the MONGODB_URI of one, or install the"
                " embedded one with `pip install -r requirements/development.txt`."
            )
        deadline = time.monotonic() + _START
        self._process = _spawn(self._folder)
        while not self._join():
            time.sleep(0.05)
            if self._process.poll() == _BUSY:
                # Somebody else's server is starting or ending: wait for it.
                time.sleep(0.5)
                self._process = _spawn(self._folder)
            elif self._process.poll() is not None or time.monotonic() > deadline:
                raise EmbeddedDatabaseError(
                    f"The embedded database does not start: {self._folder / 'log'} says why."
                )
        if self._is_ours:
            self._say(f"Embedded MongoDB at {self._uri} (data in {self._folder}).")


def _spawn(folder: Path) -> subprocess.Popen[bytes]:
    """Start the server's process, which does not end with this one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    own_group = {}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        own_group = {"creationflags": flags}
    else:
        own_group = {"start_new_session": True}
    with open(folder / "log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", os.path.abspath(__file__), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            **own_group,
        )


def _serve(folder: Path) -> None:
    """Be the server of `folder` until its last user has gone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "secantusd.toml").touch()
    threading.Thread(target=_keep_door, args=(folder, port), daemon=True).start()
    sys.argv = [
        "secantus",
        "--config",
        str(folder / "secantusd.toml"),
        "--host=127.0.0.1",
        f"--port={port}",
        f"--storage-path={folder / 'data'}",
        "--sync-on-commit",
        "--log-level=WARNING",
    ]
    try:
        runpy.run_module("secantus", run_name="__main__")
    except Exception as error:
        if "busy" in str(error):
            raise SystemExit(_BUSY) from None
        raise


def _keep_door(folder: Path, port: int) -> None:
    """Greet users, count them, and end this process when there is none left."""
    _wait_for(port)
    token = secrets.token_hex(16)
    door = socket.create_server(("127.0.0.1", 0), backlog=128)
    temporary = folder / f"door.{token}"
    temporary.write_text(f"{door.getsockname()[1]} {token} {os.getpid()}", "ascii")
    os.replace(temporary, folder / "door")
    selector = selectors.DefaultSelector()
    selector.register(door, selectors.EVENT_READ)
    empty_since = time.monotonic()
    while len(selector.get_map()) > 1 or time.monotonic() - empty_since < _GRACE:
        for key, _ in selector.select(timeout=0.5):
            user = key.fileobj
            if user is door:
                user, _ = door.accept()
                user.sendall(f"{token} mongodb://127.0.0.1:{port}\n".encode("ascii"))
                selector.register(user, selectors.EVENT_READ)
            else:
                selector.unregister(user)
                user.close()
            empty_since = time.monotonic()
    # First the door: whoever comes from now on starts a server of its own.
    door.close()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_STOP)
    # Every acknowledged write is on the disk (--sync-on-commit).
    os._exit(0)


def _wait_for(port: int) -> None:
    """Wait until something accepts connections at `port`."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
