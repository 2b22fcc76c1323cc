"""Helpers of the commands: their output, and their errors in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

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
    name = current_app.config["APP_NAME"]
    try:
        yield
    except ConnectionFailure as error:
        raise click.ClickException(
            f"[{name}] The database does not answer: start it, or mend"
            f" {name}_MONGODB_URI, then run this again."
        ) from error
    except (PyMongoError, ControllerError, IndexConflict, RuntimeError) as error:
        if isinstance(error, PyMongoError) and is_duplicate(error):
            raise click.ClickException(f"[{name}] {sentence(current_app, 409)}") from error
        details = error.details if isinstance(error, OperationFailure) else None
        words = " ".join(str((details or {}).get("errmsg") or error).split())
        raise click.ClickException(f"[{name}] {words}") from error
