"""The data: how the database is reached and prepared. Knows nothing of Flask.

>>> connect({"MONGODB_URI": "mongodb://127.0.0.1/shop"}).name
'shop'
"""

from collections.abc import Callable, Mapping
from typing import Any

from core.database import Database
from core.database.client import get_client
from core.database.embedded import embedded_database
from core.database.lazy import no_database
from model.mongodb import ModelInitializer


def connect(config: Mapping[str, Any]) -> Database:
    """Return the database that `config` names, unopened: its first query opens it.

    config: MONGODB_URI; MONGODB_NAME, else the URI's database is taken, else APP_NAME
    in lower case; APP_NAME; TESTING, whether these are tests.
    Without a URI: MONGODB_EMBEDDED_PATH, the folder of the embedded database.
    Without anything, as in the unit tests, every query raises RuntimeError.
    """
    app_name = config.get("APP_NAME") or "app"
    name = config.get("MONGODB_NAME")
    default_name = name or app_name.lower()
    if uri := config.get("MONGODB_URI"):
        client = get_client(uri, app_name)
        return client[name] if name else client.get_default_database(default_name)
    if config.get("MONGODB_EMBEDDED_PATH"):
        return embedded_database(config, default_name, ModelInitializer)
    mend = "patch the model's method" if config.get("TESTING") else f"set {app_name}_MONGODB_URI"
    return no_database(default_name, f"There is no database: {mend}.")


def init_db(
    database: Database,
    config: Mapping[str, Any] | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> list[str]:
    """Create the missing indexes and first documents.

    Can be run again, by several processes at once. config: the settings that an index
    depends on. Returns lines that say what was done, which `say` gets as they come.
    Raises IndexConflict when an index is there in another form, pymongo's errors.
    """
    return ModelInitializer(database, config).run(say)
