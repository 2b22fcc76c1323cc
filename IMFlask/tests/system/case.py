"""What the system tests share: processes of all kinds, in copies of the project."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import config
from tests.core.process import KILL, environment, listens, wait_until, watch

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
        *("granian", "--interface=wsgi", "--no-ws", "--workers={workers}", "--blocking-threads=4"),
        *("--workers-kill-timeout=30", "--respawn-failed-workers", "--port={port}", APPLICATION),
    ),
    "gunicorn": (
        *("gunicorn", "--worker-class=gthread", "--workers={workers}", "--threads=4"),
        *("--bind=127.0.0.1:{port}", APPLICATION),
    ),
}


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
