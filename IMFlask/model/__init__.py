"""The data: how the database is reached and prepared. Knows nothing of Flask."""

import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from model.mongodb import ModelInitializer, embedded
from model.mongodb.client import Database, LazyDatabase, get_client


def connect(config: Mapping[str, Any]) -> Database:
    """Return the database that `config` names, unopened: its first query opens it.

    config: MONGODB_URI or, without one, MONGODB_EMBEDDED_PATH, the folder of
    the embedded database; MONGODB_NAME, else the URI's database is taken, else
    APP_NAME in lower case; APP_NAME. With neither URI nor folder (the unit
    tests) every query raises RuntimeError.
    """
    app_name = config.get("APP_NAME") or "app"
    default_name = config.get("MONGODB_NAME") or app_name.lower()
    if uri := config.get("MONGODB_URI"):
        client = get_client(uri, app_name)
        if config.get("MONGODB_NAME"):
            return client[default_name]
        return client.get_default_database(default_name)
    if folder := config.get("MONGODB_EMBEDDED_PATH"):
        return _embedded_database(folder, default_name, app_name, config)
    return LazyDatabase(default_name, _refuse)


def init_db(database: Database, config: Mapping[str, Any] | None = None) -> list[str]:
    """Create what the database lacks of indexes and first documents.

    May be run at any time and by several processes at once. config: the
    settings that an index depends on (LOG_RETENTION_DAYS). Returns what was
    found and done, a line an index or document. Raises ServerSelectionTimeoutError
    within seconds when the database is away.
    """
    return ModelInitializer(database, config).run()


def _embedded_database(
    folder: str, name: str, app_name: str, config: Mapping[str, Any]
) -> Database:
    def say(sentence: str) -> None:
        print(f"[{app_name}] {sentence}", file=sys.stderr, flush=True)

    def prepare(database: Database) -> None:
        if not ModelInitializer(database, config).is_done():
            for line in init_db(database, config):
                say(line)
            say("The embedded database was empty and is now initialised.")

    server = embedded.EmbeddedServer(folder, say)
    if config.get("MONGODB_EMBEDDED_FOLLOW"):
        server.follow()
    return LazyDatabase(name, lambda: get_client(server.uri(), app_name)[name], prepare)


def _refuse() -> NoReturn:
    raise RuntimeError(
        "This configuration has no database: patch the model's method, or hand the"
        " model a database of your own."
    )
