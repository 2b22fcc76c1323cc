"""Outages: queries fail at once while the database is unreachable.

A query waits for a server, which hides a short election. After one has timed out, the next
ones fail at once, until the driver knows a server again.

>>> from core.database.lazy import no_database
>>> responds(no_database("shop", "There is none."))
False
"""

import logging
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import pymongo
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError

from core.database.client import open_clients

# Seconds for a ping. The driver waits for a server in steps of half a second: the ping ends
# within one second.
PING = 0.4
# Seconds until the driver knows that a server hangs: a heartbeat each second, which may take a
# second, and one to spare. Until then the server counts as readable.
LATE = 3.0

_logger = logging.getLogger(__name__)
# The clients whose queries may have waited in vain, and when the last one gave up.
_failed: "WeakKeyDictionary[MongoClient[Any], float]" = WeakKeyDictionary()
_refused: "WeakSet[MongoClient[Any]]" = WeakSet()  # those whose queries are refused


class DatabaseAway(ServerSelectionTimeoutError):
    """The database has been away for a while: the query was not even tried."""


def refuse_if_away(database: Database[Any]) -> None:
    """Raise DatabaseAway where a query has waited in vain and there still is no server."""
    if not _failed:
        return
    client: MongoClient[Any] | None = getattr(database, "client", None)  # a stand-in has none
    if client is None or client not in _failed:
        return
    if _has_lost_servers(client, database.read_preference):
        if client not in _refused:
            _refused.add(client)
            _logger.warning("the database is away: queries are refused until it is back")
        raise DatabaseAway("no server has answered for a while")
    if client in _refused:
        _refused.discard(client)
        _logger.warning("the database answers again")
    if monotonic() - _failed.get(client, 0.0) > LATE:
        _failed.pop(client, None)


def report_failure(error: PyMongoError) -> None:
    """Remember that a failed query has waited in vain.

    A query that fails at once, as at an election without a retry, does not count.
    """
    # The driver raises the first error of a query whose retry failed.
    if error.timeout or isinstance(error.__context__, ServerSelectionTimeoutError):
        for client in open_clients():
            _failed[client] = monotonic()


def _has_lost_servers(client: MongoClient[Any], preference: Any) -> bool:
    """Return whether the client has searched and found no readable server."""
    topology = client.topology_description
    servers = topology.server_descriptions().values()
    is_new = servers and not any(one.error or one.is_server_type_known for one in servers)
    return not is_new and not topology.has_readable_server(preference)


def responds(database: Database[Any]) -> bool:
    """Return whether the database answers a ping, within a second."""
    try:
        if _has_lost_servers(database.client, database.read_preference):
            return False
        with pymongo.timeout(PING):
            database.command("ping")
    except (PyMongoError, RuntimeError):  # or there is none, as connect() says
        return False
    return True
