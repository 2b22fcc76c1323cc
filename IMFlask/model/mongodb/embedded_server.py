"""The embedded database's process: SecantusDB, and a door that its users keep open.

Run by embedded.py as `python -P embedded_server.py FOLDER STARTER`. The door is a socket
beside MongoDB's own: each user holds a connection to it for as long as it lives,
and the kernel closes it however the user dies. GRACE seconds after the last one
is closed the process ends itself. Door and database are one process, so that
neither can outlive the other. SecantusDB, which is GPL-2.0, runs here and
nowhere else; beside it this program needs the standard library alone.

The file `door` in the folder, `PORT PID STARTER`, says where the door is, and the
process ids of the server and of who has started it. The door greets with
`IDENTITY URI`: whose database it is, for the port may be a stranger's by now, or
the file be copied with its folder. That no second process opens the same data is
ensured by the storage engine's own lock.

>>> identity(Path(".")) == identity(Path(".."))
False
"""

import contextlib
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import cast

GRACE = 3.0  # seconds from the last user's end to the server's
BUSY = 75  # exit code: another process has the data (EX_TEMPFAIL of sysexits.h)

_STOP = 5.0  # seconds: a clean stop takes up to 3.5; then the process just ends


def identity(folder: Path) -> str:
    """Return what tells this folder from every other, its copies included."""
    status = folder.stat()
    return f"{status.st_dev}:{status.st_ino}"


def serve(folder: Path, starter: str) -> None:
    """Be the server of `folder` until its last user has gone; exit with BUSY if it has one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # SecantusDB would else look for a configuration in `./`, `~` and `/etc`.
    configuration = folder / "secantusd.toml"
    configuration.touch()
    threading.Thread(target=_keep_door, args=(folder, port, starter), daemon=True).start()
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


def _keep_door(folder: Path, port: int, starter: str) -> None:
    """Admit users while there are any, then end the process."""
    try:
        _wait_for(port)
        with socket.create_server(("127.0.0.1", 0), backlog=128) as door:
            sign = folder / "door"
            _write(sign, f"{door.getsockname()[1]} {os.getpid()} {starter}")
            _admit_users(door, f"{identity(folder)} mongodb://127.0.0.1:{port}\n", sign)
        # The door is closed: whoever comes now starts a server of its own.
    except Exception:
        traceback.print_exc()
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_STOP)
        # Every acknowledged write is on the disk (--sync-on-commit).
        os._exit(0)


def _admit_users(door: socket.socket, greeting: str, sign: Path) -> None:
    """Greet and count users; returns when there has been none for GRACE seconds.

    Or when `sign` is gone or another file: then somebody has deleted the folder.
    """
    selector = selectors.DefaultSelector()
    selector.register(door, selectors.EVENT_READ)
    empty_since = time.monotonic()
    own_sign = _file_identity(sign)
    while _file_identity(sign) == own_sign:
        for key, _ in selector.select(timeout=GRACE / 6):
            # A user may die at any moment, before it is greeted too.
            with contextlib.suppress(OSError):
                if key.fileobj is door:
                    user, _ = door.accept()
                    selector.register(user, selectors.EVENT_READ)
                    user.sendall(greeting.encode("ascii"))
                else:  # a user sends nothing: this is its end
                    selector.unregister(key.fileobj)
                    cast(socket.socket, key.fileobj).close()
            empty_since = time.monotonic()
        has_users = len(selector.get_map()) > 1
        if not has_users and time.monotonic() - empty_since > GRACE:
            break
    # Nobody is to believe in a server that ends.
    for key in list(selector.get_map().values()):
        cast(socket.socket, key.fileobj).close()
    selector.close()


def _file_identity(path: Path) -> tuple[int, int] | None:
    """Return what tells this very file from a copy of it; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns


def _write(path: Path, text: str) -> None:
    """Write a file in one step: a reader finds the old text or the new."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(text, "ascii")
    for _ in range(100):
        # Windows replaces no file that somebody has open.
        with contextlib.suppress(PermissionError):
            temporary.replace(path)
            return
        time.sleep(0.02)


def _wait_for(port: int) -> None:
    """Wait until something accepts connections at `port`."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
