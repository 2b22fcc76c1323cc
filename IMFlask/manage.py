"""The application and its commands: `flask run`, `flask db-init`, `flask test`."""

import sys
import unittest
from contextvars import Context
from pathlib import Path
from typing import Any

import click

from app import create_app
from app.command import in_a_sentence, say
from app.database import get_db
from config import APP_NAME, config
from model import init_db
from model.mongodb import MODELS

application = create_app(config)


@application.shell_context_processor
def shell_context() -> dict[str, Any]:
    """What `flask shell` knows from the start: app_name, db and the models."""
    models = {model.__name__: model for model in MODELS}
    return {"app_name": APP_NAME, "db": get_db(application), **models}


@application.cli.command("db-init")
def db_init() -> None:
    """Create the database's missing indexes and first documents."""
    with in_a_sentence():
        init_db(get_db(application), application.config, say)
    say("MongoDB Initialization Completed.")


@application.cli.command("test")
@click.argument("names", nargs=-1)
def test(names: tuple[str, ...]) -> None:
    """Run the tests, all of them or those in NAMES, like test_basics."""
    # Outside of this application, or a test without one of its own would have its database.
    sys.exit(0 if Context().run(run_tests, names) else 1)


def run_tests(names: tuple[str, ...] = ()) -> bool:
    """Run the tests under tests/, or those named; returns True if there were any and all passed."""
    root = Path(__file__).resolve().parent
    suite = unittest.TestSuite()
    for name in names or ("tests",):
        name = name if name.split(".")[0] == "tests" else f"tests.{name}"
        folder = root / name.replace(".", "/")
        loader = unittest.TestLoader()
        if folder.is_dir():
            suite.addTests(loader.discover(str(folder), top_level_dir=str(root)))
        else:
            suite.addTests(loader.loadTestsFromName(name))
    result = unittest.TextTestRunner(verbosity=2, warnings="error").run(suite)
    return result.wasSuccessful() and result.testsRun > 0
