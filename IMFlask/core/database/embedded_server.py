"""The embedded database's process: SecantusDB, which ends with the process that started it.

Run as `python -P embedded_server.py FOLDER PORT [OPTION...]`. Its starter holds the other
end of its standard input, which the kernel closes however the starter ends.
SecantusDB, which is GPL-2.0, runs here and nowhere else; beside it this program needs
the standard library alone.

A server locks the file `lock` in its folder for as long as it lives: a copy of the
folder has a lock of its own.

>>> is_locked(Path("nowhere"))
False
"""

import os
import runpy
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
    """Return whether a server of this folder lives."""
    try:
        with open(folder / "lock") as file:
            _lock(file, is_shared=True)
    except OSError as error:
        return not isinstance(error, FileNotFoundError | NotADirectoryError)
    return False


def serve(folder: Path, port: str, options: list[str]) -> None:
    """Be the server of `folder` until standard input ends; exit with BUSY if it has one."""
    lock = open(folder / "lock", "a")  # noqa: SIM115, held until the process ends
    try:
        _lock(lock)
    except OSError:
        raise SystemExit(BUSY) from None
    (folder / "port").unlink(missing_ok=True)  # of an earlier server
    threading.Thread(target=_end_with_starter, daemon=True).start()
    # SecantusDB would else look for a configuration in `./`, `~` and `/etc`.
    (folder / "secantusd.toml").touch()
    sys.argv = ["secantus", f"--config={folder / 'secantusd.toml'}", "--host=127.0.0.1"]
    sys.argv += [f"--port={port}", f"--storage-path={folder / 'data'}", "--sync-on-commit"]
    sys.argv += ["--log-level=WARNING", *options]
    try:
        runpy.run_module("secantus", run_name="__main__")
    except Exception as error:
        if "busy" in str(error):  # a killed server's last thread still has the data
            raise SystemExit(BUSY) from None
        raise


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # every acknowledged write is on the disk (--sync-on-commit)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
