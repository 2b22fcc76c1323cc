"""The embedded database's process: SecantusDB, and a door that its users keep open.

Run by embedded.py as `python -P embedded_server.py FOLDER`. The door is a socket
beside MongoDB's own: each user holds a connection to it for as long as it lives,
and the kernel closes it however the user dies. GRACE seconds after the last one
is closed the process ends itself. Door and database are one process, so that
neither can outlive the other. SecantusDB, which is GPL-2.0, runs here and
nowhere else; beside it this program needs the standard library alone.

The door greets with `TOKEN URI`; the file `door` in the folder, `PORT TOKEN PID`,
says where it is and which token makes it ours. That no second process opens the
same data is ensured by the storage engine's own lock.
"""

import contextlib
import os
import runpy
import secrets
import selectors
import signal
import socket
import sys
import threading
import time
from pathlib import Path

GRACE = 3.0  # seconds from the last user's end to the server's
BUSY = 75  # exit code: another process has the data (EX_TEMPFAIL of sysexits.h)

_STOP = 5.0  # seconds: a clean stop takes up to 3.5; then the process just ends


def serve(folder: Path) -> None:
    """Be the server of `folder` until its last user has gone; exit with BUSY if it has one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # SecantusDB would else look for a configuration in `./`, `~` and `/etc`.
    configuration = folder / "secantusd.toml"
    configuration.touch()
    threading.Thread(target=_keep_door, args=(folder, port), daemon=True).start()
    sys.argv = [
        "secantus",
        f"--config={configuration}",
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
            raise SystemExit(BUSY) from None
        raise


def _keep_door(folder: Path, port: int) -> None:
    """Admit users while there are any, then end the process."""
    try:
        _wait_for(port)
        with socket.create_server(("127.0.0.1", 0), backlog=128) as door:
            token = secrets.token_hex(16)
            _write_file(folder, f"{door.getsockname()[1]} {token} {os.getpid()}")
            _admit_users(door, f"{token} mongodb://127.0.0.1:{port}\n".encode("ascii"))
        # The door is closed: whoever comes now starts a server of its own.
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_STOP)
        # Every acknowledged write is on the disk (--sync-on-commit).
        os._exit(0)


def _admit_users(door: socket.socket, greeting: bytes) -> None:
    """Greet and count users; returns when there has been none for GRACE seconds."""
    selector = selectors.DefaultSelector()
    selector.register(door, selectors.EVENT_READ)
    empty_since = time.monotonic()
    while len(selector.get_map()) > 1 or time.monotonic() - empty_since < GRACE:
        for key, _ in selector.select(timeout=GRACE / 6):
            user = key.fileobj
            # A user may die at any moment, before it is greeted too.
            with contextlib.suppress(OSError):
                if user is door:
                    user, _ = door.accept()
                    selector.register(user, selectors.EVENT_READ)
                    user.sendall(greeting)
                else:  # a user sends nothing: this is its end
                    selector.unregister(user)
                    user.close()
            empty_since = time.monotonic()


def _write_file(folder: Path, text: str) -> None:
    """Write the file `door` in one step: a reader finds the old text or the new."""
    temporary = folder / f"door.{os.getpid()}"
    temporary.write_text(text, "ascii")
    temporary.replace(folder / "door")


def _wait_for(port: int) -> None:
    """Wait until something accepts connections at `port`."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
