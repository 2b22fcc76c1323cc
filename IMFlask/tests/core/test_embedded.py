"""The embedded database: one for a folder, ended with its starter, back at the next use."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from unittest import mock

import config
import model
from core.database.embedded import EmbeddedDatabaseError
from core.database.embedded_server import is_locked
from tests.case import UnitTestCase
from tests.core.process import KILL, environment, is_alive, needs_secantus, wait_until

ROOT = Path(config.__file__).parent
USER = """
    import signal, sys
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below `nohup` or `&`
    import model.mongodb
    from core.database.model import Model
    from model import connect
    from pymongo import IndexModel
    class Kept(Model):
        VERSION, schema, index = 1, {}, [IndexModel("a")]
    model.mongodb.MODELS = (Kept,)
    database = connect({"APP_NAME": "user", "MONGODB_EMBEDDED_PATH": sys.argv[1]})
    def name():
        return (database["Probe"].find_one() or {}).get("name")
    def change(name):
        database["Probe"].update_one({}, {"$set": {"name": name}}, upsert=True)
    def port():
        return name() or database.client.address[1]
    def interrupted():
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        try:
            name()
        except KeyboardInterrupt:
            return "interrupted"
    for line in sys.stdin:
        print(eval(line), flush=True)
"""


class NoEmbeddedTestCase(UnitTestCase):
    """Where it is not to be had"""

    def test_first_use_says_how_to_get_it(self):
        """SecantusDB is not installed"""
        database = model.connect({"MONGODB_EMBEDDED_PATH": "/nonexistent", "APP_NAME": "My"})
        with mock.patch("importlib.util.find_spec", return_value=None):
            self.assertRaisesRegex(
                EmbeddedDatabaseError,
                r"^There is no database: set My_MONGODB_URI, or install .*`pip install -r",
                lambda: database["Log"].find_one(),
            )


@needs_secantus
@unittest.skipIf(sys.platform == "win32", "looks at processes as POSIX shows them")
class EmbeddedTestCase(unittest.TestCase):
    """Its users are processes"""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "instance"

    def user(self, folder=None):
        """Start a process that evaluates what it is asked, with `database` at hand."""
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(USER), str(folder or self.folder)],
            cwd=ROOT,
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
        self.begin(user, expression)
        answer = user.stdout.readline()
        if not answer:
            raise AssertionError(user.stderr.read())
        return answer.strip()

    def begin(self, user, expression):
        user.stdin.write(expression + "\n")
        user.stdin.flush()

    def assert_ends(self):
        self.assertTrue(wait_until(lambda: not is_locked(self.folder), 20), "it is left behind")

    def children(self, user):
        """Return the ids of the processes that a user has started."""
        shown = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(user.pid)], capture_output=True, text=True
        )
        return [int(pid) for pid in shown.stdout.split() if is_alive(int(pid))]

    def test_first_use_starts_and_initialises_it(self):
        """Not the connecting; it says so in one line with the URI; the folder is private"""
        user = self.user()
        self.assertEqual(self.ask(user, "database.name"), "user")
        self.assertFalse(self.folder.exists())
        self.assertEqual(self.ask(user, "name()"), "None")
        self.assertEqual(self.folder.stat().st_mode & 0o777, 0o700)
        # gridfs asks for a real Database.
        grid = "bool(__import__('gridfs').GridFSBucket(database).upload_from_stream('a', b'1'))"
        self.assertEqual(self.ask(user, grid), "True")
        said = user.communicate()[1].splitlines()
        self.assertRegex(
            said[0], r"^\[user\] Embedded MongoDB at mongodb://127\.0\.0\.1:\d+ \(data in "
        )
        self.assertEqual(said[1:], ["[user] The database is initialised, as by `flask db-init`."])
        again = self.user()
        expression = "all(' is there' in line for line in __import__('model').init_db(database))"
        self.assertEqual(self.ask(again, expression), "True")

    def test_users_share_one_that_is_back_when_its_starter_has_gone(self):
        """Started at once; kill -9; with its data"""
        users = [self.user() for _ in range(4)]
        for user in users:
            self.begin(user, "port()")
        self.assertEqual(len({user.stdout.readline() for user in users}), 1)
        (starter,) = [user for user in users if self.children(user)]
        users.remove(starter)
        self.ask(users[0], "change('NB')")
        starter.kill()
        self.assertEqual(starter.stderr.read().count("Embedded MongoDB at"), 1)
        self.assert_ends()
        self.assertEqual([self.ask(user, "name()") for user in users], ["NB"] * 3)
        for user in users:
            user.kill()
        self.assert_ends()

    def test_killed_it_is_back_at_the_next_use(self):
        """kill -9 of the server: no acknowledged write is lost, no thread is left"""
        user, other = self.user(), self.user()
        threads = "__import__('threading').active_count()"
        self.ask(user, "change('NB')")
        before = int(self.ask(user, threads))
        for _ in range(2):
            (server,) = [pid for one in (user, other) for pid in self.children(one)]
            os.kill(server, KILL)
            self.assert_ends()
            self.assertEqual([self.ask(one, "name()") for one in (other, user)], ["NB", "NB"])
        # A closed client's threads end at their next turn.
        self.assertTrue(wait_until(lambda: int(self.ask(user, threads)) <= before, 10))

    def test_interrupt_at_the_terminal_does_not_reach_it(self):
        """Ctrl-C goes to all processes of the terminal's group"""
        user = self.user()
        self.ask(user, "name()")
        (server,) = self.children(user)
        self.assertNotEqual(os.getpgid(server), os.getpgid(user.pid))
        os.killpg(user.pid, signal.SIGINT)
        user.wait(10)
        self.assert_ends()

    def test_starter_killed_at_once_leaves_nothing(self):
        """Before the server listens"""
        user = self.user()
        self.begin(user, "name()")
        self.assertTrue(wait_until(lambda: self.children(user), 10))
        (server,) = self.children(user)
        user.kill()
        self.assertTrue(wait_until(lambda: not is_alive(server), 20))
        self.assertEqual(self.ask(self.user(), "name()"), "None")

    def test_copy_of_a_folder_is_another_database(self):
        """cp -r of a checkout whose server runs, its port written down"""
        first = self.user()
        self.ask(first, "change('first')")
        copy = self.folder.parent / "copy"
        shutil.copytree(self.folder, copy, ignore=shutil.ignore_patterns("data"))
        second = self.user(copy)
        self.assertEqual(self.ask(second, "name()"), "None")
        self.assertEqual(self.ask(first, "name()"), "first")

    def test_folder_deleted_under_it_is_begun_anew(self):
        """Nothing is left of the old server"""
        user = self.user()
        self.ask(user, "change('NB')")
        (server,) = self.children(user)
        shutil.rmtree(self.folder)
        self.assertEqual(self.ask(user, "name()"), "None")
        self.assertFalse(is_alive(server))

    def test_failure_to_start_is_one_sentence(self):
        """A file in the folder's place; data that cannot be opened"""
        self.folder.write_text("")
        user = self.user()
        self.begin(user, "name()")
        self.assertRegex(user.communicate()[1], r"Error: .* cannot be used \(File exists\)\.")
        self.folder.unlink()
        self.folder.mkdir()
        (self.folder / "data").write_text("not a folder")
        user = self.user()
        self.begin(user, "name()")
        self.assertRegex(user.communicate()[1], "Error: The embedded database does not start: see")

    def test_start_that_is_interrupted_leaves_one_for_the_next_use(self):
        """Ctrl-C in a shell, in the middle of its first query"""
        user = self.user()
        self.ask(user, "signal.signal(signal.SIGALRM, signal.default_int_handler)")
        self.begin(user, "interrupted()")
        self.assertEqual(user.stdout.readline(), "interrupted\n")
        self.assertEqual(self.ask(user, "name()"), "None")
        self.assertEqual(self.ask(self.user(), "name()"), "None")
