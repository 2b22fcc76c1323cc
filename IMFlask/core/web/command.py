"""Helpers of the commands: their output, and their errors in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from pymongo.errors import (
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from core.database.failure import is_duplicate
from core.database.initializer import IndexConflict
from core.error import ControllerError
from core.web.response import sentence


def say(line: str) -> None:
    """Print a line under the app's name."""
    click.echo(f"[{current_app.config['APP_NAME']}] {line}")


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """End the command with one sentence and exit code 1 when the database fails.

    Errors of a controller end it with their own message, a duplicate key with that of a 409.
    """
    try:
        yield
    except (PyMongoError, ControllerError, IndexConflict, RuntimeError) as error:
        name = current_app.config["APP_NAME"]
        raise click.ClickException(f"[{name}] {_in_words(error, name)}") from error


def _in_words(error: Exception, name: str) -> str:
    if isinstance(error, PyMongoError):
        if error.timeout and not isinstance(error, ServerSelectionTimeoutError):
            return (
                "The database did not answer in time, and may still be at work on this:"
                " `with pymongo.timeout(0):` around a long query lifts the limit."
            )
        if isinstance(error, ConnectionFailure):
            return (
                f"The database does not answer: start it, or mend {name}_MONGODB_URI,"
                " then run this again."
            )
        if is_duplicate(error):
            return sentence(current_app, 409)
    details = error.details if isinstance(error, OperationFailure) else None
    return " ".join(str((details or {}).get("errmsg") or error).split())
