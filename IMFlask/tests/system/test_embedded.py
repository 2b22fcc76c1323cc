"""flask run, shell and db-init at the same time on one embedded database."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

from core.database.embedded_server import is_locked
from tests.core.process import environment, free_port, needs_secantus, wait_until
from tests.system.case import APPLICATION, ProcessTestCase


@needs_secantus
@unittest.skipIf(sys.platform == "win32", "looks at processes as POSIX shows them")
class FlaskRunTestCase(ProcessTestCase):
    """flask on the embedded database"""

    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.instance = self.root / "instance"
        self.addCleanup(shutil.rmtree, self.instance, ignore_errors=True)
        self.addCleanup(self.assert_ends)

    def assert_ends(self):
        self.assertTrue(wait_until(lambda: not is_locked(self.instance), 20), "it is left behind")

    def run_app(self):
        command = ("flask", "--app", APPLICATION, "run", f"--port={self.port}")
        return self.serve(*command, port=self.port, cleanup=self.addCleanup)

    def call(self, method, path, body=None):
        """Return status and JSON of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(
                method,
                path,
                body and json.dumps(body),
                {"Content-Type": "application/json"} if body else {},
            )
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def name(self):
        return self.call("GET", "/probe/name")[1].get("result")

    def test_commands_without_the_database_start_none(self):
        """routes, --help, the unit tests"""
        for command in (["routes"], ["--help"], ["test", "test_basics"]):
            self.assertEqual(self.flask(*command).returncode, 0)
        self.assertFalse(self.instance.exists())

    def test_run_reload_shell_and_db_init_share_one_database(self):
        """With its data, over a file that is saved half-way and the end of flask run"""
        run = self.run_app()
        self.assertIsNone(self.name())
        done = self.flask_shell("from tests.core.probe import init_probe; init_probe(db)")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.name(), "IML")
        self.assertEqual(self.call("POST", "/probe/name", {"name": "NB"})[0], 200)

        source = self.root / "controller" / "error.py"
        whole = source.read_text()
        source.write_text(whole + "\n(")
        # Once it answers, its reloader has seen the file.
        self.assertTrue(wait_until(lambda: self.status() == 500, 20))
        self.assertIn("SyntaxError", run.output())
        source.write_text(whole)
        self.assertTrue(wait_until(lambda: self.status() == 200, 20))
        self.assertEqual(self.name(), "NB")

        done = self.flask_shell("print(app_name, db['Probe'].find_one()['name'])")
        self.assertIn(" NB\n", done.stdout)
        done = self.flask("db-init")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("MongoDB Initialization Completed.", done.stdout)
        os.killpg(run.pid, signal.SIGTERM)
        run.wait(20)
        self.assert_ends()
        self.run_app()
        self.assertEqual(self.name(), "NB")

    def flask_shell(self, line):
        """Run `flask shell` with one line of input."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "shell"],
            cwd=self.root,
            env=environment(),
            input=line + "\n",
            capture_output=True,
            text=True,
            timeout=60,
        )

    def status(self):
        """Return the status of an answer, or None where there is none."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            with contextlib.closing(connection):
                connection.request("GET", "/probe/hello")
                return connection.getresponse().status
        return None
