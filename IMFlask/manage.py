"""The application and its commands: `flask run`, `flask db-init`, `flask test`."""

import sys
from contextvars import Context
from pathlib import Path
from typing import Any

import click

from app import create_app
from app.api import get_db, in_a_sentence, say
from config import APP_NAME, config
from core.database.client import wait_for
from core.testing import run_tests
from model import init_db
from model.mongodb import MODELS

application = create_app(config)


@application.shell_context_processor
def shell_context() -> dict[str, Any]:
    """What `flask shell` knows from the start: app_name, db and the models."""
    models = {model.__name__: model for model in MODELS}
    return {"app_name": APP_NAME, "db": get_db(application), **models}


@application.cli.command("db-init")
@click.option("--wait", default=0, metavar="SECONDS", help="Wait for a starting database.")
def db_init(wait: int) -> None:
    """Create the database's missing indexes and first documents."""
    with in_a_sentence():
        wait_for(get_db(application), wait)
        init_db(get_db(application), application.config, say)
    say("MongoDB Initialization Completed.")


@application.cli.command("test")
@click.argument("names", nargs=-1)
def test(names: tuple[str, ...]) -> None:
    """Run the tests in NAMES, like test_basics, or all but `system`."""
    # Outside this app's context: a test without an app must not use its database.
    passed = Context().run(run_tests, Path(__file__).resolve().parent, names)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    sys.exit("Do not run this file: use `flask run`, `flask db-init` or `flask test` here.")
