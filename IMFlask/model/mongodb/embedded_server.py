"""The embedded database's process: SecantusDB, and a door that its users keep open.

Run by embedded.py as `python -P embedded_server.py FOLDER`. The door is a socket
beside MongoDB's own: each user holds a connection to it for as long as it lives,
and the kernel closes it however the user dies. GRACE seconds after the last one
is closed the process ends itself. Door and database are one process, so that
neither can outlive the other. SecantusDB, which is GPL-2.0, runs here and
nowhere else; beside it this program needs the standard library alone.

The file `door` in the folder, `PORT PID`, says where the door is. The door greets
with `IDENTITY URI`: whose database it is, for the port may be a stranger's by
now, or the file be copied with its folder. That no second process opens the same
data is ensured by the storage engine's own lock.
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

GRACE = 3.0  # seconds from the last user's end to the server's
BUSY = 75  # exit code: another process has the data (EX_TEMPFAIL of sysexits.h)

_STOP = 5.0  # seconds: a clean stop takes up to 3.5; then the process just ends


def identity(folder: Path) -> str:
    """Return what tells this folder from every other, its copies included."""
    status = folder.stat()
    return f"{status.st_dev}:{status.st_ino}"


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
            sign = folder / "door"
            temporary = folder / f"door.{os.getpid()}"
            temporary.write_text(f"{door.getsockname()[1]} {os.getpid()}", "ascii")
            temporary.replace(sign)  # in one step: a reader finds the old text or the new
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

    Or when `sign` is gone: then somebody has deleted the folder.
    """
    selector = selectors.DefaultSelector()
    selector.register(door, selectors.EVENT_READ)
    empty_since = time.monotonic()
    while sign.exists():
        for key, _ in selector.select(timeout=GRACE / 6):
            # A user may die at any moment, before it is greeted too.
            with contextlib.suppress(OSError):
                if key.fileobj is door:
                    user, _ = door.accept()
                    selector.register(user, selectors.EVENT_READ)
                    user.sendall(greeting.encode("ascii"))
                else:  # a user sends nothing: this is its end
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
            empty_since = time.monotonic()
        has_users = len(selector.get_map()) > 1
        if not has_users and time.monotonic() - empty_since > GRACE:
            return


def _wait_for(port: int) -> None:
    """Wait until something accepts connections at `port`."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
