"""The embedded database's process: SecantusDB, which ends with the process that started it.

Run by embedded.py as `python -P embedded_server.py FOLDER [OPTION...]`. Its starter holds the
other end of its standard input, which the kernel closes however the starter ends.
SecantusDB, which is GPL-2.0, runs here and nowhere else; beside it this program needs
the standard library alone.

The server holds a lock on the file `lock` in its folder for as long as it lives, and
writes its port and process id to the file `port`. A copy of the folder has a lock of its own.

>>> is_locked(Path("nowhere"))
False
"""

import contextlib
import os
import runpy
import socket
import sys
import threading
import time
from pathlib import Path
from typing import IO

BUSY = 75  # exit code: another process has the data (EX_TEMPFAIL of sysexits.h)

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str], is_shared: bool = False) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[str], is_shared: bool = False) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def is_locked(folder: Path) -> bool:
    """Return whether a server of this folder lives."""
    try:
        with open(folder / "lock") as file:
            _lock(file, is_shared=True)
    except FileNotFoundError:
        return False
    except OSError:  # it is locked
        return True
    return False


def serve(folder: Path, options: list[str]) -> None:
    """Be the server of `folder` until standard input ends; exit with BUSY if it has one."""
    try:
        lock = open(folder / "lock", "a")  # noqa: SIM115, held until the process ends
        _lock(lock)
    except OSError:
        raise SystemExit(BUSY) from None
    (folder / "port").unlink(missing_ok=True)
    threading.Thread(target=_end_with_starter, daemon=True).start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    threading.Thread(target=_publish, args=(folder, port), daemon=True).start()
    # SecantusDB would else look for a configuration in `./`, `~` and `/etc`.
    configuration = folder / "secantusd.toml"
    configuration.touch()
    sys.argv = [
        "secantus",
        f"--config={configuration}",
        "--host=127.0.0.1",
        f"--port={port}",
        f"--storage-path={folder / 'data'}",
        "--sync-on-commit",
        "--log-level=WARNING",
        *options,
    ]
    try:
        runpy.run_module("secantus", run_name="__main__")
    except Exception as error:
        if "busy" in str(error):  # a killed server's last thread still has the data
            raise SystemExit(BUSY) from None
        raise


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    # At once: every acknowledged write is on the disk (--sync-on-commit).
    os._exit(0)


def _publish(folder: Path, port: int) -> None:
    """Write the port down once it accepts connections."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.02)
    temporary = folder / "port.new"
    temporary.write_text(f"{port} {os.getpid()}")
    temporary.replace(folder / "port")


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2:])
