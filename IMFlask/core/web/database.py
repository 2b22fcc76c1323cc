"""The application's database, and the way to reach it."""

from flask import Flask, current_app

from core.database import Database


def set_db(app: Flask, database: Database) -> None:
    """Make `database` the one of `app`."""
    app.extensions["mongodb"] = database


def get_db(app: Flask | None = None) -> Database:
    """Return the database of `app`, by default of the app at work."""
    database: Database = (app or current_app).extensions["mongodb"]
    return database
