"""A run of the tests that is killed leaves no process behind."""

import os
import subprocess
import sys
import unittest

from tests.core.process import KILL, environment, is_alive, needs_secantus, wait_until
from tests.system.case import ProcessTestCase

# A test that starts a database and a server, says what runs, and waits.
WAITING = """
import os, subprocess, time
from core.database.client import get_client
from tests.core.process import free_port
from tests.integration.case import DatabaseTestCase
from tests.system.case import ProcessTestCase
class WaitingTestCase(DatabaseTestCase, ProcessTestCase):
    def test_waits(self):
        self.serve_production("granian", free_port(), 2, MONGODB_URI=self.uri)
        shown = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True).stdout
        parents = dict(map(int, line.split()) for line in shown.splitlines()[1:])
        def is_ours(pid):
            return pid and (pid == os.getpid() or is_ours(parents.get(pid)))
        print("PIDS", *[pid for pid in parents if is_ours(pid) and pid != os.getpid()], flush=True)
        time.sleep(60)
"""


@needs_secantus
@unittest.skipIf(sys.platform == "win32", "looks at processes as POSIX shows them")
class KilledTestCase(ProcessTestCase):
    """kill -9 of flask test"""

    def test_nothing_is_left(self):
        """No database, no server, no worker"""
        (self.root / "tests" / "test_waiting.py").write_text(WAITING)
        run = subprocess.Popen(
            [sys.executable, "-m", "flask", "test", "test_waiting"],
            cwd=self.root,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(run.stdout.close)
        line = next(line for line in run.stdout if line.startswith("PIDS"))
        pids = [int(pid) for pid in line.split()[1:]]
        self.assertGreaterEqual(len(pids), 5)  # the database, granian, two workers, the reaper
        os.kill(run.pid, KILL)
        run.wait()
        left = wait_until(lambda: not any(map(is_alive, pids)), 20)
        self.assertTrue(left, [pid for pid in pids if is_alive(pid)])
