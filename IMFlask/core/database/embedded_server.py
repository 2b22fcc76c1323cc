"""The embedded database's process: SecantusDB, which ends with the process that started it.

Run as `python -P embedded_server.py FOLDER`. Its starter holds the other end of its
standard input, which the kernel closes however the starter ends. SecantusDB, which is
GPL-2.0, runs here and nowhere else; beside it this program needs the standard library
alone.

A server locks the file `lock` in its folder for as long as it lives, and writes its port
to the file `port`. A copy of the folder has a lock of its own.

>>> is_locked(Path("nowhere"))
False
"""

import os
import runpy
import socket
import sys
import threading
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
    """Return whether a server of this folder lives; raise OSError if that cannot be known."""
    try:
        file = open(folder / "lock")  # noqa: SIM115, closed below
    except (FileNotFoundError, NotADirectoryError):
        return False
    with file:
        try:
            _lock(file, is_shared=True)
        except OSError:
            return True
    return False


def serve(folder: Path) -> None:
    """Be the server of `folder` until standard input ends; exit with BUSY if it has one."""
    lock = open(folder / "lock", "a")  # noqa: SIM115, held until the process ends
    try:
        _lock(lock)
    except OSError:
        raise SystemExit(BUSY) from None
    (folder / "port").unlink(missing_ok=True)  # of an earlier server
    threading.Thread(target=_end_with_starter, daemon=True).start()
    _publish_port(folder)
    # SecantusDB would else look for a configuration in `./`, `~` and `/etc`.
    (folder / "secantusd.toml").touch()
    sys.argv = ["secantus", f"--config={folder / 'secantusd.toml'}", "--host=127.0.0.1"]
    sys.argv += ["--port=0", f"--storage-path={folder / 'data'}", "--sync-on-commit"]
    sys.argv += ["--log-level=WARNING"]
    try:
        runpy.run_module("secantus", run_name="__main__")
    except Exception as error:
        if "busy" in str(error):  # a killed server's last thread still has the data
            raise SystemExit(BUSY) from None
        raise


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # every acknowledged write is on the disk (--sync-on-commit)


def _publish_port(folder: Path) -> None:
    """Write the port once this process listens: no other may be mistaken for it."""
    listen = socket.socket.listen

    def listen_and_tell(self: socket.socket, *args: int) -> None:
        listen(self, *args)
        (folder / "port").write_text(f"{self.getsockname()[1]} {os.getpid()}")

    socket.socket.listen = listen_and_tell  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
