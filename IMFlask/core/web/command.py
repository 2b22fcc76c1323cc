"""What the commands share: how they say what they did, and what went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from core.database.initializer import IndexConflict


def say(line: str) -> None:
    """Print a line under the app's name."""
    click.echo(f"[{current_app.config['APP_NAME']}] {line}")


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """End the command with one sentence and exit code 1 when the database fails it."""
    try:
        yield
    except (PyMongoError, IndexConflict, RuntimeError) as error:
        name = current_app.config["APP_NAME"]
        raise click.ClickException(f"[{name}] {explain(error, name)}") from error


def explain(error: Exception, app_name: str) -> str:
    """Return what went wrong with the database in one sentence."""
    if isinstance(error, ConnectionFailure):
        return (
            "The database does not answer: start it, or mend"
            f" {app_name}_MONGODB_URI, then run this again."
        )
    details = error.details if isinstance(error, OperationFailure) else None
    return " ".join(str((details or {}).get("errmsg") or error).split())
