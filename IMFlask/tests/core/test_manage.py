"""The commands and the shell."""

import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from unittest import mock

from flask import has_app_context
from pymongo.errors import (
    DuplicateKeyError,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
)

import manage
from config import APP_NAME
from core.database.initializer import IndexConflict
from core.error import NotFound
from model.mongodb import MODELS
from tests.case import UnitTestCase

ROOT = Path(manage.__file__).parent


class CommandTestCase(UnitTestCase):
    """Commands"""

    def invoke(self, *args):
        return manage.application.test_cli_runner().invoke(args=args)

    def test_db_init_prints_what_it_did(self):
        """Line by line"""

        def run(database, config, say):
            say("a.")
            say("b.")

        with mock.patch("manage.init_db", autospec=True, side_effect=run) as init_db:
            result = self.invoke("db-init")
        self.assertEqual(
            (result.exit_code, result.output),
            (
                0,
                f"[{APP_NAME}] a.\n[{APP_NAME}] b.\n"
                f"[{APP_NAME}] MongoDB Initialization Completed.\n",
            ),
        )
        self.assertIn("APP_NAME", init_db.call_args.args[1])

    def test_db_init_says_what_it_did_before_it_failed(self):
        """Nothing that was done is lost from sight"""

        def run(database, config, say):
            say("a.")
            raise IndexConflict("Index x.")

        with mock.patch("manage.init_db", side_effect=run):
            result = self.invoke("db-init")
        self.assertEqual(result.exit_code, 1)
        self.assertEqual(result.output, f"[{APP_NAME}] a.\nError: [{APP_NAME}] Index x.\n")

    def test_db_init_fails_in_one_sentence(self):
        """Away, too slow, refused, contradicted, missing"""
        for error, sentence in (
            (
                ServerSelectionTimeoutError("long\ntext, Topology Description: <...>"),
                f"The database does not answer: start it, or mend {APP_NAME}_MONGODB_URI,"
                " then run this again.",
            ),
            (
                NetworkTimeout("127.0.0.1:1: timed out"),
                "The database did not answer in time, and may still be at work on this:"
                " `with pymongo.timeout(0):` around a long query lifts the limit.",
            ),
            (
                DuplicateKeyError("E11000", 11000),
                "This conflicts with what is already stored: read it again first.",
            ),
            (OperationFailure("raw", 5, {"errmsg": "its\nown words"}), "its own words"),
            (NotFound("There is none."), "There is none."),
            (OperationFailure("not authorized"), "not authorized"),
            (IndexConflict("Index x."), "Index x."),
            (RuntimeError("no\ndatabase"), "no database"),
        ):
            with self.subTest(error=error), mock.patch("manage.init_db", side_effect=error):
                result = self.invoke("db-init")
                self.assertEqual(result.exit_code, 1)
                self.assertEqual(result.output, f"Error: [{APP_NAME}] {sentence}\n")

    def test_test_exits_with_the_outcome(self):
        """0 when all passed, else 1"""
        for passed, code in ((True, 0), (False, 1)):
            with mock.patch("manage.run_tests", autospec=True, return_value=passed) as run_tests:
                self.assertEqual(self.invoke("test", "a", "b").exit_code, code)
            run_tests.assert_called_once_with(ROOT, ("a", "b"))

    def test_tests_run_outside_of_the_application(self):
        """Else one without an application would have the developer's, database and all"""
        seen = []

        def run_tests(root, names):
            seen.append(has_app_context())
            return True

        with mock.patch("manage.run_tests", side_effect=run_tests):
            self.invoke("test")
        self.assertEqual(seen, [False])

    def test_shell_knows_the_models(self):
        """app_name, db and the models"""
        context = manage.application.make_shell_context()
        self.assertEqual(context["app_name"], APP_NAME)
        self.assertEqual(context["db"].name, manage.get_db(manage.application).name)
        for model in MODELS:
            self.assertIs(context[model.__name__], model)


class RunTestsTestCase(UnitTestCase):
    """flask test, on a project of its own"""

    def run_tests(self, source, *names, folder=None):
        """Run the tests where tests/test_x.py is `source`, and a module in `folder` as well."""
        with tempfile.TemporaryDirectory() as root:
            tests = Path(root) / "tests"
            tests.mkdir()
            (tests / "__init__.py").touch()
            (tests / "test_x.py").write_text(textwrap.dedent(source))
            if folder:
                shutil.copytree(tests, tests / folder)
            code = (
                f"import sys; sys.path.append({str(ROOT)!r}); from pathlib import Path;"
                "from core.testing import run_tests;"
                f"sys.exit(not run_tests(Path({root!r}), {names!r}))"
            )
            return subprocess.run(
                [sys.executable, "-c", code], cwd=root, capture_output=True, text=True
            )

    PASSING = '''
        import unittest
        class XTestCase(unittest.TestCase):
            def test_one(self):
                """What one does"""
            def test_two(self):
                self.assertEqual({}, 2)
    '''

    def test_success_shows_every_test(self):
        """With its docstring"""
        done = self.run_tests(self.PASSING.format(2))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("What one does ... ok", done.stderr)
        self.assertIn("Ran 2 tests", done.stderr)

    def test_system_tests_run_where_they_are_named_alone(self):
        """The last line says how"""
        source = self.PASSING.format(2)
        for names, count in (((), 2), (("system",), 2), (("tests",), 4)):
            done = self.run_tests(source, *names, folder="system")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"Ran {count} tests", done.stderr)
            last = "" if names else "The tests that take minutes: flask test system\n"
            self.assertEqual(done.stdout, last)

    def test_names(self):
        """With and without `tests.`, down to one test; a wrong one fails"""
        source = self.PASSING.format(2)
        for name, count in (
            ("test_x", 2),
            ("tests.test_x", 2),
            ("tests", 2),
            ("test_x.XTestCase.test_one", 1),
        ):
            done = self.run_tests(source, name)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"Ran {count} test", done.stderr)
        self.assertEqual(self.run_tests(source, "test_y").returncode, 1)

    def test_nothing_run_is_failure(self):
        """No test at all"""
        self.assertEqual(self.run_tests("").returncode, 1)

    def test_warnings_are_errors(self):
        """A deprecation is seen at once"""
        source = """
            import unittest, warnings
            class XTestCase(unittest.TestCase):
                def test_one(self):
                    warnings.warn("old", DeprecationWarning)
        """
        self.assertEqual(self.run_tests(source).returncode, 1)
