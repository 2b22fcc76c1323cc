"""Every module that must not know Flask runs on its own: its docstring's example shows how."""

import re
import subprocess
import sys
from pathlib import Path

import core
from tests.case import UnitTestCase

ROOT = Path(__file__).resolve().parent.parent.parent

# Runs the examples of a module where nothing of Flask can be imported.
ALONE = """
import doctest, importlib, sys

REFUSED = {"app", "config", "flask", "flask_validation_extended", "manage", "werkzeug"}

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in REFUSED:
            raise ImportError(name)

sys.meta_path.insert(0, Refuse())
outcome = doctest.testmod(importlib.import_module(sys.argv[1]))
sys.exit(outcome.failed and "it fails" or not outcome.attempted and "it has none: add one")
"""


class AloneTestCase(UnitTestCase):
    """controller/, model/, core/ but for core/web/"""

    def test_each_module_s_example_runs_without_flask(self):
        """In an interpreter of its own; a module has an example at least"""
        paths = [
            *ROOT.glob("controller/[!_]*.py"),
            *ROOT.glob("model/**/*.py"),
            *ROOT.glob("core/[!_]*.py"),
            *ROOT.glob("core/database/[!_]*.py"),
        ]
        self.assertGreater(len(paths), 10)
        for path in paths:
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            with self.subTest(name):
                done = subprocess.run(
                    [sys.executable, "-c", ALONE, name], cwd=ROOT, capture_output=True, text=True
                )
                said = f"the example in the docstring of {name}: {done.stdout}{done.stderr}"
                self.assertEqual(done.returncode, 0, said)

    def test_engine_names_its_modules(self):
        """In one screen; those of parts that were taken out may be named as well"""
        words = set(re.findall(r"[a-z_]+", core.__doc__))
        for path in ROOT.glob("core/**/*.py"):
            folders = path.relative_to(ROOT / "core").parts
            if folders[0] == "web" and len(folders) == 3:  # a package of its own
                continue
            name = path.stem if path.stem != "__init__" else path.parent.name
            self.assertIn(name, words)
        self.assertLess(core.__doc__.count("\n"), 50)
