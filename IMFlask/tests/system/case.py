"""What the system tests share: processes of all kinds, in copies of the project."""

import atexit
import contextlib
import functools
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import config

ROOT = Path(config.__file__).parent
TOKEN = "t" * 32  # what clients send in `Authorization`
APPLICATION = "tests.system.app:application"  # with the tests' own views
PRODUCTION = {
    "FLASK_CONFIG": "production",
    "SECRET_KEY": "s" * 32,
    "ADMIN_TOKEN": TOKEN,
}
# What serves the app in production, with workers of four threads.
SERVERS = {
    "granian": (
        *("granian", "--interface=wsgi", "--workers={workers}", "--blocking-threads=4"),
        *("--port={port}", APPLICATION),
    ),
    "gunicorn": (
        *("gunicorn", "--worker-class=gthread", "--workers={workers}", "--threads=4"),
        *("--bind=127.0.0.1:{port}", APPLICATION),
    ),
}
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


class ProcessTestCase(unittest.TestCase):
    """A test that starts processes, in a copy of the project without anybody's `.env`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.root = Path(folder) / "project" / "app"
        ignored = shutil.ignore_patterns("instance", "__pycache__", ".env")
        shutil.copytree(ROOT, cls.root, ignore=ignored)

    def flask(self, *args, timeout=60, **settings):
        """Run a flask command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *args],
            cwd=self.root,
            env=environment(**settings),
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    @classmethod
    def serve(cls, *command, port, cleanup=None, **settings):
        """Start a server of the app and wait until it listens.

        cleanup: where its end is registered, by default with the class.
        """
        # By another opening than the process's own, whose place in the file is its own too.
        handle, path = tempfile.mkstemp(dir=cls.root.parent)
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=cls.root,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=handle,
            start_new_session=True,
        )
        watch(process)
        os.close(handle)
        process.output = Path(path).read_text
        (cleanup or cls.addClassCleanup)(cls.kill_group, process)

        def is_ready():
            if process.poll() is not None:
                raise AssertionError(process.output())
            return listens(port)

        if not wait_until(is_ready, 30):
            raise AssertionError(process.output())
        process.ready_at = time.monotonic()
        return process

    @staticmethod
    def settle(process):
        """Let a server's first second pass.

        A SIGTERM that comes just before a worker of Granian's begins to wait for
        one is lost: 18 of 1,900 right after the first answer, on a busy machine;
        none of 1,000 a second later.
        """
        time.sleep(max(0, process.ready_at + 1 - time.monotonic()))

    @classmethod
    def stop(cls, process):
        """Ask a server to stop, and return its exit status."""
        cls.settle(process)
        process.terminate()
        return process.wait(60)

    def serve_production(self, name, port, workers=1, **settings):
        """Start one of SERVERS, and wait until all its workers have started."""
        process = self.serve(
            *(word.format(port=port, workers=workers) for word in SERVERS[name]),
            port=port,
            cleanup=self.addCleanup,
            **PRODUCTION,
            **settings,
        )
        said = "Started worker-" if name == "granian" else "Booting worker"
        self.assertTrue(wait_until(lambda: process.output().count(said) >= workers, 30))
        process.ready_at = time.monotonic()
        return process

    @staticmethod
    def kill_group(process):
        """Kill -9 a process and all that it started in its group."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, KILL)
        else:
            process.kill()
        process.wait()
        watch(process, is_over=True)
