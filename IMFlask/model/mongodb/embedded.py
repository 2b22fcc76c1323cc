"""The embedded database: started by its first use, ended a few seconds after its last.

One server process a folder (embedded_server.py) serves every process of a
checkout. A process that uses it holds a connection to the server's door.

>>> connect_embedded({"MONGODB_EMBEDDED_PATH": "never/used"}, "shop").name  # starts nothing yet
'shop'
"""

import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from model.mongodb import ModelInitializer, embedded_server
from model.mongodb.client import Database, Document, LazyDatabase, close_client, get_client
from model.mongodb.embedded_server import BUSY, GRACE, identity

_START = 20.0  # seconds from the first use to the first answer, on a slow machine


def connect_embedded(config: Mapping[str, Any], name: str) -> LazyDatabase:
    """Return the database `name` of the embedded server; its first use starts the server.

    config: MONGODB_EMBEDDED_PATH, the server's folder; APP_NAME; optionally
    MONGODB_EMBEDDED_FOLLOW, whether to stay a user without any use. A database
    that was never initialised is, with `initializer`, at its first use.
    """
    app_name = config.get("APP_NAME") or "app"
    server = EmbeddedServer(config["MONGODB_EMBEDDED_PATH"], app_name)

    def initialise(database: Database) -> None:
        initializer = ModelInitializer(database, config)
        if not initializer.is_done():
            initializer.run()
            server.say("The database is initialised, as by `flask db-init`.")

    if config.get("MONGODB_EMBEDDED_FOLLOW"):
        server.follow()
    return LazyDatabase(name, lambda: server.client()[name], initialise)


class EmbeddedDatabaseError(RuntimeError):
    """There is no embedded database, and the sentence says how to get one."""


class EmbeddedServer:
    """A user's side: starts the server of `folder`, or joins the one that runs.

    app_name: whose server it is, in what it says on stderr.
    """

    def __init__(self, folder: str, app_name: str) -> None:
        self._folder = Path(folder).resolve()
        self._app_name = app_name
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._uri = ""  # the server's
        self._client_uri = ""  # the one that this process has a client of
        self._has_started = False  # whether this process has started the server

    def client(self) -> MongoClient[Document]:
        """Return the client of the running server; the first call starts one.

        Raises EmbeddedDatabaseError when it does not start.
        """
        uri = self.uri()
        if self._client_uri != uri:
            close_client(self._client_uri)  # of a server that is gone
            self._client_uri = uri
        return get_client(uri, self._app_name)

    def uri(self) -> str:
        """Return the URI of the running server; the first call starts one.

        Raises EmbeddedDatabaseError when it does not start.
        """
        with self._lock:
            if not self._is_joined() and not self._join():
                self._start()
            return self._uri

    def say(self, sentence: str) -> None:
        """Print a sentence for the developer."""
        print(f"[{self._app_name}] {sentence}", file=sys.stderr, flush=True)

    def follow(self) -> None:
        """Be a user from now on of any server that runs, without starting one."""
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while True:
            time.sleep(GRACE / 6)
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
            port, _, starter = (self._folder / "door").read_text("ascii").split()
            connection = socket.create_connection(("127.0.0.1", int(port)), timeout=1)
        except (OSError, ValueError):
            return False
        try:
            greeting = connection.makefile("r", encoding="ascii").readline().split()
            is_ours = greeting[0] == identity(self._folder)
            self._uri = greeting[1] if is_ours else self._uri
        except (OSError, ValueError, IndexError):
            is_ours = False
        if not is_ours:
            connection.close()
            return False
        self._connection = connection
        self._has_started = starter == str(os.getpid())
        return True

    def _start(self) -> None:
        if importlib.util.find_spec("secantus") is None:
            raise EmbeddedDatabaseError(
                f"There is no database: set {self._app_name}_MONGODB_URI to that of one, or"
                " install the embedded one, `pip install -r requirements/development.txt`."
            )
        deadline = time.monotonic() + _START
        self._process = _spawn(self._folder)
        while not self._join():
            status = self._process.poll()
            if time.monotonic() > deadline or status not in (None, BUSY):
                self._process.kill()
                raise EmbeddedDatabaseError(
                    f"The embedded database does not start: {self._folder / 'log'} says why."
                )
            time.sleep(0.05)
            if status == BUSY:
                # Somebody else's server is starting or ending: wait for it.
                time.sleep(0.5)
                self._process = _spawn(self._folder)
        if self._has_started:
            self.say(f"Embedded MongoDB at {self._uri} (data in {self._folder}).")


def _spawn(folder: Path) -> subprocess.Popen[bytes]:
    """Start the server's process, which does not end with this one."""
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        apart = {"creationflags": flags}
    program = str(Path(embedded_server.__file__).resolve())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        with open(folder / "log", "ab") as log:
            return subprocess.Popen(
                # -P: the modules beside the program must not stand in for others.
                [sys.executable, "-P", program, str(folder), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                **apart,
            )
    except OSError as error:
        raise EmbeddedDatabaseError(
            f"The embedded database does not start: {folder} cannot be used ({error.strerror})."
        ) from error
