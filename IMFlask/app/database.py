"""The application's database, and the one way to get at it."""

from flask import Flask, current_app
from flask.sansio.app import App

from model import connect
from model.mongodb.client import Database

_KEY = "mongodb"


def connect_database(app: Flask) -> None:
    """Give `app` the database that its config names, unopened."""
    app.extensions[_KEY] = connect(app.config)


def get_db(app: App | None = None) -> Database:
    """Return the database of `app`, by default of the app at work."""
    database: Database = (app or current_app).extensions[_KEY]
    return database
