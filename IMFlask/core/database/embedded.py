"""The embedded database: started by its first use, shared by the processes of a checkout.

It ends with the process that started it; the next use of another one starts it anew,
with its data.

>>> embedded_database("never/used", "shop", "Shop", Initializer)  # starts nothing yet
LazyDatabase('shop')
"""

import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, cast

from pymongo import MongoClient

from core.database import embedded_server
from core.database.client import Database, Document, close_client, get_client
from core.database.embedded_server import BUSY, is_locked
from core.database.initializer import Initializer
from core.database.lazy import LazyDatabase

_START = 20.0  # seconds from the first use to the first answer, on a slow machine


def embedded_database(
    folder: str, name: str, app_name: str, initializer: Callable[[Database], Initializer]
) -> Database:
    """Return the database `name` of the embedded server of `folder`; its first use starts it.

    initializer: prepares a database that was never initialised. A use raises
    EmbeddedDatabaseError when the server does not start.
    """
    server = EmbeddedServer(folder, app_name)

    def prepare(database: Database) -> None:
        one = initializer(database)
        if not one.is_done():
            one.run()
            server.say("The database is initialised, as by `flask db-init`.")

    # It passes for one wherever it is used.
    return cast(Database, LazyDatabase(name, lambda: server.client()[name], prepare))


class EmbeddedDatabaseError(RuntimeError):
    """There is no embedded database, and the sentence says how to get one."""


class EmbeddedServer:
    """The server of `folder`: joined where one runs, else started.

    app_name: its application, for what it says on stderr; options: SecantusDB's own.
    """

    def __init__(self, folder: str, app_name: str, *options: str) -> None:
        self._folder = Path(folder).resolve()
        self._app_name = app_name
        self._options = options
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._uri = ""  # of the server that this process has a client of

    def client(self) -> MongoClient[Document]:
        """Return the client of the running server, which is started where there is none."""
        uri = self.uri()
        if uri != self._uri:
            close_client(self._uri)  # of a server that is gone
            self._uri = uri
        return get_client(uri, self._app_name)

    def uri(self) -> str:
        """Return the URI of the running server, which is started where there is none.

        Raises EmbeddedDatabaseError when it does not start.
        """
        with self._lock:
            deadline = time.monotonic() + _START
            process = None  # started by this call
            while True:
                is_running = is_locked(self._folder)
                if is_running and (found := self._find()):
                    break
                status = BUSY if process is None else process.poll()
                if status not in (None, BUSY) or time.monotonic() > deadline:
                    log = self._folder / "log"
                    raise EmbeddedDatabaseError(
                        f"The embedded database does not start: {log} says why."
                    )
                if status == BUSY and not is_running:
                    process = self._spawn()
                time.sleep(0.02)
            port, pid = found
            uri = f"mongodb://127.0.0.1:{port}"
            if process is not None and process.pid == int(pid):
                self.say(f"Embedded MongoDB at {uri} (data in {self._folder}).")
            return uri

    def say(self, sentence: str) -> None:
        """Print a sentence for the developer."""
        print(f"[{self._app_name}] {sentence}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the server, if this process has started it."""
        if self._process is not None:
            self._process.kill()  # every acknowledged write is on the disk
            self._process.communicate()

    def _find(self) -> list[str]:
        """Return the port and the process id that the server has written down, or nothing."""
        try:
            return (self._folder / "port").read_text().split()
        except FileNotFoundError:
            return []

    def _spawn(self) -> subprocess.Popen[bytes]:
        if importlib.util.find_spec("secantus") is None:
            raise EmbeddedDatabaseError(
                f"There is no database: set {self._app_name}_MONGODB_URI to that of one, or"
                " install the embedded one, `pip install -r requirements/development.txt`."
            )
        self.close()  # an earlier one, whose folder is gone
        # Ctrl-C goes to all processes of the terminal's group: this one is not for it.
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            apart = {"creationflags": flags}
        program = str(Path(embedded_server.__file__).resolve())
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            with open(self._folder / "log", "ab") as log:
                self._process = subprocess.Popen(
                    # -P: the modules beside the program must not stand in for others.
                    [sys.executable, "-P", program, str(self._folder), *self._options],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    cwd=self._folder,
                    **apart,
                )
        except OSError as error:
            raise EmbeddedDatabaseError(
                f"The embedded database does not start: {self._folder} cannot be used"
                f" ({error.strerror})."
            ) from error
        return self._process
