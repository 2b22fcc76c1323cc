"""How a MongoClient is made, shared and closed.

>>> get_client("mongodb://127.0.0.1/", "app") is get_client("mongodb://127.0.0.1/", "app")
True
"""

import re
from contextlib import suppress
from multiprocessing.util import Finalize
from threading import Lock
from time import monotonic
from typing import Any

from pymongo import MongoClient, timeout
from pymongo import database as pymongo_database
from pymongo.errors import ConnectionFailure

from core.database.value import TYPES

Document = dict[str, Any]
Database = pymongo_database.Database[Document]

# What a client gets unless its URI says otherwise. Times are in milliseconds.
_DEFAULTS: dict[str, Any] = {
    # One limit for a whole operation, retries and the choice of a server included.
    "timeoutMS": 2000,
    # Hold where `pymongo.timeout(0)` lifts that limit, as in db-init.
    "serverSelectionTimeoutMS": 2000,
    "connectTimeoutMS": 1000,
    # The monitor learns within a second that a server is gone, or back.
    "heartbeatFrequencyMS": 1000,
    "serverMonitoringMode": "poll",
    "retryWrites": True,
    "retryReads": True,
    "w": "majority",
    "tz_aware": True,
    "uuidRepresentation": "standard",
    "type_registry": TYPES,  # a Decimal goes in and comes out as one
    # More connections than a process has threads at work are never used.
    "maxPoolSize": 16,
}

_clients: dict[str, MongoClient[Document]] = {}
_lock = Lock()


def get_client(uri: str, app_name: str) -> MongoClient[Document]:
    """Return the process's one client of `uri`; it connects at its first query.

    Raises pymongo's ConfigurationError or InvalidURI, or ValueError, for an invalid URI.
    """
    with _lock:
        if uri not in _clients:
            # connect=False: no thread and no socket before the first query, so
            # that a server may fork its workers after it has loaded the app.
            _clients[uri] = MongoClient(uri, connect=False, **_options(uri, app_name))
            # Runs where atexit does, and in the workers of servers that run only
            # multiprocessing's own finalizers: those with a priority above 0 first.
            Finalize(None, close_client, (uri,), exitpriority=0)
        return _clients[uri]


def open_clients() -> list[MongoClient[Document]]:
    """Return the clients of this process that are not closed."""
    return list(_clients.values())


def close_client(uri: str) -> None:
    """Close the process's client of `uri`, if there is one; the next use makes another."""
    with _lock:
        if uri in _clients:
            _clients.pop(uri).close()


def wait_for(database: Database, seconds: float) -> None:
    """Wait until a database takes writes, at most `seconds`; raises nothing where it does not."""
    end = monotonic() + seconds
    while (left := end - monotonic()) > 0:
        # The driver waits for a primary as long as this lets it, whatever the client's limits.
        with suppress(ConnectionFailure), timeout(left):
            database.command("ping")
            return


def _options(uri: str, app_name: str) -> dict[str, Any]:
    """Return the defaults that the URI leaves open: keyword arguments would beat it.

    timeoutMS overrules the two older limits, so a URI that sets one of those
    gets no timeoutMS but a default for the other.
    """
    given = {pair.partition("=")[0].lower() for pair in re.split("[&;]", uri.partition("?")[2])}
    options = _DEFAULTS | {"appname": app_name}
    if "timeoutms" not in given and given & {"serverselectiontimeoutms", "sockettimeoutms"}:
        options["socketTimeoutMS"] = options.pop("timeoutMS")
    if "minpoolsize" in given:
        del options["maxPoolSize"]  # it may be the smaller one
    return {name: value for name, value in options.items() if name.lower() not in given}
