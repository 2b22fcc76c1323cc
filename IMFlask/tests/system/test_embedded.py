"""The embedded database: shared, ended after its last user, whatever happens to its parts."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path
from unittest import mock

from tests.system.case import (
    APPLICATION,
    KILL,
    ProcessTestCase,
    environment,
    free_port,
    is_alive,
    needs_secantus,
    wait_until,
)

# The server ends 3 s after its last user, a clean stop takes up to 3.5 s; three
# times that for a slow machine.
GONE = 20

USER = """
    import signal, sys, time
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below `nohup` or `&`
    from model import connect
    config = {"APP_NAME": "user", "MONGODB_EMBEDDED_PATH": sys.argv[1]}
    database = connect(config)
    def name():
        return (database["Probe"].find_one() or {}).get("name")
    def change(name):
        database["Probe"].update_one({}, {"$set": {"name": name}}, upsert=True)
        return True
    for line in sys.stdin:
        print(eval(line), flush=True)
"""


def server_pid(folder):
    """Return the process id of the embedded server of `folder`."""
    return int((Path(folder) / "door").read_text().split()[1])


def kill_server(folder):
    """Kill -9 the server and wait until the kernel has closed its connections."""
    pid = server_pid(folder)
    os.kill(pid, KILL)
    if not wait_until(lambda: not is_alive(pid), 5):
        raise AssertionError("it survived")
    # The first of its threads is gone; the last one closes the files.
    time.sleep(0.5)


@needs_secantus
@unittest.skipIf(sys.platform == "win32", "looks at processes as POSIX shows them")
class EmbeddedTestCase(ProcessTestCase):
    """The embedded database"""

    def setUp(self):
        super().setUp()
        temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "instance"
        self.addCleanup(self.end_server)

    def end_server(self):
        with contextlib.suppress(OSError):
            kill_server(self.folder)

    def user(self):
        """Start a process that evaluates what it is asked, with `database` at hand."""
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(USER), str(self.folder)],
            cwd=self.root,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a terminal of its own
        )

        def end():
            process.kill()
            with contextlib.suppress(ValueError):  # it has been let come to its end
                process.communicate()

        self.addCleanup(end)
        return process

    def ask(self, user, expression):
        """Return what a user prints for an expression."""
        user.stdin.write(expression + "\n")
        user.stdin.flush()
        answer = user.stdout.readline()
        if not answer:
            raise AssertionError(user.stderr.read())
        return answer.strip()

    def said_by(self, user):
        """Let a user come to its end, and return what it wrote to stderr."""
        return user.communicate()[1]

    NAME = "name()"

    def change(self, name):
        return f"change({name!r})"

    def assert_ends(self, pid):
        self.assertTrue(wait_until(lambda: not is_alive(pid), GONE), "the server is left behind")

    def test_first_use_starts_and_initialises_it(self):
        """Not the connecting; it says so in one line with the URI; the folder is private"""
        user = self.user()
        self.assertEqual(self.ask(user, "database.name"), "user")
        self.assertFalse(self.folder.exists())
        self.assertEqual(self.ask(user, self.NAME), "None")
        self.assertEqual(self.folder.stat().st_mode & 0o777, 0o700)
        said = self.said_by(user).splitlines()
        self.assertRegex(
            said[0], r"^\[user\] Embedded MongoDB at mongodb://127\.0\.0\.1:\d+ \(data in "
        )
        self.assertEqual(said[1:], ["[user] The database is initialised, as by `flask db-init`."])
        again = self.user()
        expression = "all(' is there' in line for line in __import__('model').init_db(database))"
        self.assertEqual(self.ask(again, expression), "True")

    def test_processes_share_one_server_that_ends_after_the_last(self):
        """Started at once; one is killed -9, the other closes"""
        users = [self.user() for _ in range(4)]
        for user in users:
            user.stdin.write(self.NAME + "\n")
            user.stdin.flush()
        self.assertEqual([user.stdout.readline().strip() for user in users], ["None"] * 4)
        uris = {self.ask(user, "database.client.address") for user in users}
        self.assertEqual(len(uris), 1)
        pid = server_pid(self.folder)
        for user in users[1:]:
            user.kill()
        time.sleep(6)
        self.assertTrue(is_alive(pid), "the server left its last user")
        self.assertEqual(self.ask(users[0], self.NAME), "None")
        users[0].kill()
        self.assert_ends(pid)
        started = [user for user in users if "Embedded MongoDB at" in user.stderr.read()]
        self.assertEqual(len(started), 1)

    def test_interrupt_at_the_terminal_does_not_reach_it(self):
        """Ctrl-C goes to all processes of the terminal's group; the others go on with it"""
        user, other = self.user(), self.user()
        self.assertEqual(self.ask(user, self.NAME), "None")
        self.assertEqual(self.ask(other, self.NAME), "None")
        pid = server_pid(self.folder)
        os.killpg(user.pid, signal.SIGINT)
        user.wait(10)
        time.sleep(1)
        self.assertTrue(is_alive(pid))
        self.assertEqual((self.ask(other, self.NAME), server_pid(self.folder)), ("None", pid))

    def test_restart_keeps_the_data(self):
        """A clean end"""
        user = self.user()
        self.assertEqual(self.ask(user, self.change("NB")), "True")
        pid = server_pid(self.folder)
        self.said_by(user)
        self.assert_ends(pid)
        self.assertEqual(self.ask(self.user(), self.NAME), "NB")
        self.assertNotEqual(server_pid(self.folder), pid)

    def test_user_comes_while_the_server_ends(self):
        """It waits for the data and has them"""
        user = self.user()
        self.assertEqual(self.ask(user, self.change("NB")), "True")
        pid = server_pid(self.folder)
        user.kill()
        time.sleep(3.2)  # about when the door closes
        self.assertEqual(self.ask(self.user(), self.NAME), "NB")
        self.assertTrue(is_alive(server_pid(self.folder)))
        self.assertTrue(pid == server_pid(self.folder) or not is_alive(pid))

    def test_server_killed_is_replaced_at_the_next_use(self):
        """kill -9 of the server: no user needs a restart, no acknowledged write is lost"""
        users = [self.user(), self.user()]
        for name, user in enumerate(users):
            self.assertEqual(self.ask(user, self.change(f"N{name}")), "True")
            self.assertIn("held", self.ask(user, "globals().setdefault('held', database['held'])"))
        for _ in range(2):
            pid = server_pid(self.folder)
            kill_server(self.folder)
            self.assertEqual([self.ask(user, self.NAME) for user in users], ["N1", "N1"])
            self.assertNotEqual(server_pid(self.folder), pid)
            for user in users:  # what a user held before serves on as well
                self.assertEqual(self.ask(user, "held.count_documents({})"), "0")

    def test_user_killed_while_it_starts_the_server(self):
        """The server finds itself without a user"""
        user = self.user()
        user.stdin.write(self.NAME + "\n")
        user.stdin.flush()
        self.assertTrue(wait_until(self.folder.exists, 10))
        user.kill()
        if wait_until((self.folder / "door").exists, 10):
            self.assert_ends(server_pid(self.folder))
        self.assertEqual(self.ask(self.user(), self.NAME), "None")

    def test_stranger_behind_the_door_is_not_joined(self):
        """An old door file whose port somebody else has now"""
        self.folder.mkdir(mode=0o700)
        with subprocess.Popen(
            [
                sys.executable,
                "-c",
                textwrap.dedent(
                    """
                import socket
                server = socket.create_server(("127.0.0.1", 0))
                print(server.getsockname()[1], flush=True)
                while True:
                    stranger = server.accept()[0]
                    stranger.sendall(b"other mongodb://127.0.0.1:1\\n")
                """
                ),
            ],
            stdout=subprocess.PIPE,
            text=True,
        ) as stranger:
            port = stranger.stdout.readline().strip()
            (self.folder / "door").write_text(f"{port} 1 1")
            self.assertEqual(self.ask(self.user(), self.NAME), "None")
            stranger.kill()

    def test_copy_of_a_folder_is_another_database(self):
        """cp -r of a checkout whose server runs"""
        first = self.user()
        self.assertEqual(self.ask(first, self.change("first")), "True")
        original, self.folder = self.folder, self.folder.parent / "copy"
        shutil.copytree(original, self.folder, ignore_dangling_symlinks=True)
        shutil.rmtree(self.folder / "data")
        second = self.user()
        self.assertEqual(self.ask(second, self.NAME), "None")
        self.assertEqual(self.ask(first, self.NAME), "first")
        self.assertNotEqual(server_pid(original), server_pid(self.folder))
        kill_server(original)

    def test_folder_deleted_under_the_server_is_begun_anew(self):
        """As README says"""
        user = self.user()
        self.assertEqual(self.ask(user, self.change("NB")), "True")
        pid = server_pid(self.folder)
        shutil.rmtree(self.folder)
        self.assert_ends(pid)
        self.assertEqual(self.ask(user, self.NAME), "None")
        self.assertEqual(self.ask(self.user(), self.NAME), "None")

    def test_folder_put_back_under_the_server_is_another_s(self):
        """A backup with its door: what is written next is not lost"""
        user = self.user()
        self.assertEqual(self.ask(user, self.change("old")), "True")
        pid = server_pid(self.folder)
        self.said_by(user)
        self.assert_ends(pid)
        backup = self.folder.parent / "backup"
        shutil.copytree(self.folder, backup)
        user = self.user()
        self.assertEqual(self.ask(user, self.change("lost")), "True")
        pid = server_pid(self.folder)
        shutil.rmtree(self.folder)
        shutil.copytree(backup, self.folder)
        self.assert_ends(pid)
        self.assertEqual(self.ask(user, self.NAME), "old")
        self.assertEqual(self.ask(user, self.change("new")), "True")
        self.assertEqual(self.ask(self.user(), self.NAME), "new")

    def test_users_that_vanish_at_the_door(self):
        """Connections that are reset at once"""
        user = self.user()
        self.assertEqual(self.ask(user, self.NAME), "None")
        pid = server_pid(self.folder)
        port = int((self.folder / "door").read_text().split()[0])
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", port)) as stranger:
                stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.assertEqual(self.ask(self.user(), self.NAME), "None")
        self.assertEqual(server_pid(self.folder), pid)

    def test_server_that_does_not_answer_is_one_sentence(self):
        """Stopped: within the time for a start, and nothing is left behind"""
        first = self.user()
        self.assertEqual(self.ask(first, self.NAME), "None")
        pid = server_pid(self.folder)
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(os.kill, pid, KILL)
        second = self.user()
        embedded = "__import__('sys').modules['core.database.embedded']"
        self.ask(second, f"setattr({embedded}, '_START', 5)")
        started = time.monotonic()
        second.stdin.write(self.NAME + "\n")
        error = self.said_by(second)
        self.assertIn("EmbeddedDatabaseError: The embedded database does not start:", error)
        self.assertLess(time.monotonic() - started, 30)

    def test_replaced_server_s_client_is_closed(self):
        """No threads pile up over restarts"""
        user = self.user()
        threads = "__import__('threading').active_count()"
        self.assertEqual(self.ask(user, self.NAME), "None")
        before = int(self.ask(user, threads))
        for _ in range(2):
            kill_server(self.folder)
            self.assertEqual(self.ask(user, self.NAME), "None")
        # A closed client's threads end at their next turn.
        self.assertTrue(wait_until(lambda: int(self.ask(user, threads)) <= before, 10))

    def test_the_database_does_all_that_a_database_does(self):
        """Commands, gridfs"""
        user = self.user()
        for expression, answer in (
            ("database.command('ping')['ok']", "1.0"),
            (
                "__import__('gridfs').GridFSBucket(database).upload_from_stream('a', b'1') and 1",
                "1",
            ),
            ("'fs.chunks' in database.list_collection_names()", "True"),
        ):
            self.assertEqual(self.ask(user, expression), answer)

    def test_folder_that_cannot_be_used_is_one_sentence(self):
        """A file in its place"""
        self.folder.write_text("")
        user = self.user()
        user.stdin.write(self.NAME + "\n")
        error = self.said_by(user)
        self.assertRegex(error, r"EmbeddedDatabaseError: .* cannot be used \(File exists\)\.")

    def test_configuration_files_of_secantus_are_not_read(self):
        """Neither in the working directory nor in the home folder"""
        home = self.folder.parent / "home"
        (home / ".secantus").mkdir(parents=True)
        (home / ".secantus" / "secantusd.toml").write_text("[server]\nbad = 1\n")
        control = subprocess.run(
            [sys.executable, "-m", "secantus", f"--port={free_port()}"],
            cwd=self.folder.parent,
            env={**environment(), "HOME": str(home)},
            capture_output=True,
            timeout=60,
        )
        self.assertEqual(control.returncode, 2)  # it does read that file by itself
        with mock.patch.dict(os.environ, {"HOME": str(home)}):
            user = self.user()
        self.assertEqual(self.ask(user, self.NAME), "None")

    def test_data_that_cannot_be_opened_is_one_sentence(self):
        """And no hanging"""
        self.folder.mkdir(mode=0o700)
        (self.folder / "data").write_text("not a folder")
        user = self.user()
        user.stdin.write(self.NAME + "\n")
        error = self.said_by(user)
        self.assertIn("EmbeddedDatabaseError: The embedded database does not start:", error)


@needs_secantus
@unittest.skipIf(sys.platform == "win32", "looks at processes as POSIX shows them")
class FlaskRunTestCase(ProcessTestCase):
    """flask on the embedded database"""

    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.instance = self.root / "instance"
        self.addCleanup(shutil.rmtree, self.instance, ignore_errors=True)
        self.addCleanup(self.end_server)

    def end_server(self):
        with contextlib.suppress(OSError):
            kill_server(self.instance)

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

    def test_run_reload_shell_and_db_init_share_one_server(self):
        """Saving a file restarts the app, not the database; what is stored outlives a restart"""
        run = self.run_app()
        self.assertIsNone(self.name())
        done = self.flask_shell("from tests.core.probe import init_probe; init_probe(db)")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.name(), "IML")
        self.assertEqual(self.call("POST", "/probe/name", {"name": "NB"})[0], 200)
        pid = server_pid(self.instance)

        source = self.root / "controller" / "error.py"
        whole = source.read_text()
        source.write_text(whole + "\n(")  # a file saved half-way
        self.assertTrue(wait_until(lambda: "SyntaxError" in run.output(), 20))
        time.sleep(5)
        source.write_text(whole)
        self.assertTrue(wait_until(self.answers, 20))
        time.sleep(5)  # longer than a server waits for users
        self.assertEqual((self.name(), server_pid(self.instance)), ("NB", pid))
        self.assertEqual(run.output().count("Embedded MongoDB at"), 1)

        done = self.flask("db-init")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("MongoDB Initialization Completed.", done.stdout)
        done = self.flask_shell("print(app_name, db['Probe'].find_one()['name'])")
        self.assertIn(" NB\n", done.stdout)
        self.assertEqual(server_pid(self.instance), pid)

        os.killpg(run.pid, signal.SIGTERM)
        run.wait(20)
        self.assertTrue(wait_until(lambda: not is_alive(pid), GONE))
        self.run_app()
        self.assertEqual(self.name(), "NB")
        self.assertNotEqual(server_pid(self.instance), pid)

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

    def answers(self):
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            return self.call("GET", "/probe/hello")[0] == 200

    def test_database_killed_under_a_running_app(self):
        """kill -9 between two requests: the second has its answer"""
        self.run_app()
        self.assertIsNone(self.name())
        kill_server(self.instance)
        self.assertIsNone(self.name())

    def test_app_killed_leaves_no_server(self):
        """kill -9 of all of flask run"""
        run = self.run_app()
        self.name()
        pid = server_pid(self.instance)
        self.kill_group(run)
        self.assertTrue(wait_until(lambda: not is_alive(pid), GONE))
