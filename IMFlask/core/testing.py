"""`flask test`: the named tests, or all except those that take minutes.

>>> names(Path("nowhere"))
[]
"""

import unittest
from pathlib import Path

SYSTEM = "system"  # the folder of the tests that take minutes


def run_tests(root: Path, given: tuple[str, ...]) -> bool:
    """Run tests and return whether there were any and all passed.

    root: the folder above tests/; given: modules, folders, classes or tests, with or
    without `tests.`; none: all but those in tests/system/.
    """
    suite = unittest.TestSuite()
    for name in given or names(root):
        name = name if name.split(".")[0] == "tests" else f"tests.{name}"
        folder = root / name.replace(".", "/")
        loader = unittest.TestLoader()
        if folder.is_dir():
            suite.addTests(loader.discover(str(folder), top_level_dir=str(root)))
        else:
            suite.addTests(loader.loadTestsFromName(name))
    result = unittest.TextTestRunner(verbosity=2, warnings="error").run(suite)
    if not given and (root / "tests" / SYSTEM).is_dir():
        print(f"The tests that take minutes: flask test {SYSTEM}", flush=True)
    return result.wasSuccessful() and result.testsRun > 0


def names(root: Path) -> list[str]:
    """Return the modules and folders of tests/, except the folder of system tests."""
    found = [*(root / "tests").glob("test_*.py"), *(root / "tests").glob("*/__init__.py")]
    stems = [path.parent.name if path.stem == "__init__" else path.stem for path in found]
    return sorted(set(stems) - {SYSTEM})
