"""A bad setting stops the start under every server, with one sentence and no traceback."""

import subprocess
import sys
import unittest

from config import APP_NAME
from tests.core.process import environment, free_port
from tests.system.case import SERVERS, ProcessTestCase


class BadSettingTestCase(ProcessTestCase):
    """A start that must not be"""

    SENTENCE = (
        f"[{APP_NAME}] {APP_NAME}_HSTS_SECONDS has value 'x':"
        " put a whole number from 0 to 1000000000 there.\n"
    )

    def start(self, *command):
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.root,
            env=environment(HSTS_SECONDS="x"),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def test_flask(self):
        """Every command"""
        for command in (["run", f"--port={free_port()}"], ["routes"], ["--help"], ["db-init"]):
            with self.subTest(command):
                done = self.start("flask", *command)
                self.assertEqual((done.returncode, done.stderr), (4, self.SENTENCE))

    def test_granian(self):
        """It gives up instead of starting workers for ever"""
        command = [word.format(workers=2, port=free_port()) for word in SERVERS["granian"]]
        done = self.start(*command)
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.SENTENCE, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    @unittest.skipIf(sys.platform == "win32", "gunicorn needs POSIX")
    def test_gunicorn(self):
        """It gives up instead of starting workers for ever"""
        done = self.start("gunicorn", "manage:application", f"--bind=127.0.0.1:{free_port()}")
        self.assertEqual(done.returncode, 4)
        self.assertEqual(done.stderr.count(self.SENTENCE), 1)
        self.assertNotIn("Traceback", done.stderr)
