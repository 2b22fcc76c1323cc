"""Processes that tests start: databases, servers; what they share, and their end."""

import atexit
import contextlib
import functools
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

import config

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)

needs_secantus = unittest.skipUnless(
    importlib.util.find_spec("secantus"),
    "needs SecantusDB: pip install -r requirements/development.txt",
)

# Reads ids of process groups, negative ones of those that have ended, and kills those that
# are left when its own starter, these tests, ends: by kill -9, for one.
REAPER = """
import os, signal, sys
groups = set()
for line in sys.stdin:
    group = int(line)
    groups = groups | {group} if group > 0 else groups - {-group}
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        pass
"""


@functools.cache
def reaper():
    """Return the process that ends what these tests have started when they are killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", REAPER], stdin=subprocess.PIPE, text=True, start_new_session=True
    )
    atexit.register(process.communicate)
    return process


def watch(process, is_over=False):
    """Have a process, which leads a group, ended with these tests; no more when it is over."""
    if hasattr(os, "killpg"):
        reaper().stdin.write(f"{-process.pid if is_over else process.pid}\n")
        reaper().stdin.flush()


def start_secantus(folder, port):
    """Start a database with its data in `folder`, and return the process once it listens."""
    (folder / "secantusd.toml").touch()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "secantus", "--host=127.0.0.1", f"--port={port}"),
            *(f"--config={folder / 'secantusd.toml'}", f"--storage-path={folder / 'data'}"),
            *("--sync-on-commit", "--enable-test-commands", "--log-level=ERROR"),
        ],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    watch(process)
    if not wait_until(lambda: listens(port), 20):
        raise AssertionError("the database does not start")
    return process


def listens(port):
    """Whether somebody accepts connections at `port`."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def is_alive(pid):
    """Whether a process runs (POSIX); one that has ended and waits for its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    if Path("/proc/self/stat").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        return False
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return shown.stdout.strip()[:1] not in ("", "Z")


def wait_until(condition, seconds):
    """Return whether `condition()` comes true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def free_port():
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**settings):
    """Return this process's environment with these settings of ours and no other."""
    environ = {
        name: value
        for name, value in os.environ.items()
        # In upper case, as Windows has them.
        if not name.upper().startswith(("FLASK_", f"{config.APP_NAME.upper()}_"))
    }
    for key, value in settings.items():
        environ[config.environment.variable(key)] = value
    return environ
