"""The embedded database: started by its first use, shared by the processes of a checkout.

It ends with the process that started it; the next use of another one starts it anew,
with its data.

>>> embedded_database({"MONGODB_EMBEDDED_PATH": "never/used"}, "shop", Initializer).name
'shop'
"""

import contextlib
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, cast

from core.database import embedded_server
from core.database.client import Database, close_client, get_client
from core.database.embedded_server import BUSY, is_locked
from core.database.initializer import Initializer
from core.database.lazy import LazyDatabase

_START = 20.0  # seconds from the first use to the first answer, on a slow machine


def embedded_database(
    config: Mapping[str, Any],
    name: str,
    initializer: Callable[[Database, Mapping[str, Any]], Initializer],
) -> Database:
    """Return the database `name` of the embedded server; its first use starts the server.

    config: MONGODB_EMBEDDED_PATH, the server's folder; APP_NAME. initializer: prepares a
    database that was never initialised. A use raises EmbeddedDatabaseError when the
    server does not start.
    """
    app_name = config.get("APP_NAME") or "app"
    server = EmbeddedServer(config["MONGODB_EMBEDDED_PATH"], app_name)
    uri = ""

    def open_database() -> Database:
        nonlocal uri
        if (now := server.uri()) != uri:
            close_client(uri)  # of a server that is gone
            uri = now
        return get_client(uri, app_name)[name]

    def prepare(database: Database) -> None:
        one = initializer(database, config)
        if not one.is_done():
            one.run()
            server.say("The database is initialised, as by `flask db-init`.")

    # pymongo accepts it as a Database.
    return cast(Database, LazyDatabase(name, open_database, prepare))


class EmbeddedDatabaseError(RuntimeError):
    """There is no embedded database, and the sentence says how to get one."""


class EmbeddedServer:
    """The server of `folder`: joined where one runs, else started.

    app_name: its application, for what it says on stderr.
    """

    def __init__(self, folder: str, app_name: str) -> None:
        self._folder = Path(folder).resolve()
        self._app_name = app_name
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None  # started by this one

    def uri(self) -> str:
        """Return the URI of the running server, which is started where there is none.

        Raises EmbeddedDatabaseError when it does not start.
        """
        with self._lock:
            try:
                port, _ = self._find() or self._start()
                return f"mongodb://127.0.0.1:{port}"
            except OSError as error:
                raise EmbeddedDatabaseError(
                    f"The embedded database does not start: {self._folder} cannot be used"
                    f" ({error.strerror})."
                ) from error

    def say(self, sentence: str) -> None:
        """Print a sentence for the developer."""
        print(f"[{self._app_name}] {sentence}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the server, if this process has started it."""
        if self._process is not None:
            self._process.kill()  # every acknowledged write is on the disk
            self._process.communicate()

    def _find(self) -> list[str]:
        """Return the port and the process id of the running server, or nothing."""
        if is_locked(self._folder):
            with contextlib.suppress(FileNotFoundError):
                return (self._folder / "port").read_text().split()
        return []

    def _start(self) -> list[str]:
        if importlib.util.find_spec("secantus") is None:
            raise EmbeddedDatabaseError(
                f"There is no database: set {self._app_name}_MONGODB_URI, or install"
                " the embedded one, `pip install -r requirements/development.txt`."
            )
        deadline = time.monotonic() + _START
        process = None
        while not (found := self._find()):  # another process may be faster
            status = BUSY if process is None else process.poll()
            if status == BUSY and not is_locked(self._folder):
                process = self._spawn()
            elif status not in (None, BUSY) or time.monotonic() > deadline:
                self.close()  # a next use begins anew
                raise EmbeddedDatabaseError(
                    f"The embedded database does not start: see {self._folder / 'log'}."
                )
            time.sleep(0.02)
        port, pid = found
        if process is not None and str(process.pid) == pid:
            self.say(f"Embedded MongoDB at mongodb://127.0.0.1:{port} (data in {self._folder}).")
        return found

    def _spawn(self) -> subprocess.Popen[bytes]:
        self.close()  # an earlier one, whose folder is gone
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                # -P: the modules beside the program must not stand in for others.
                [sys.executable, "-P", embedded_server.__file__, str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                # Ctrl-C goes to all processes of the terminal's group: not to this one.
                start_new_session=True,
            )
        return self._process
