"""Whether a database can be asked: its client's heartbeats know, so that nobody waits in vain.

An election takes a while, and nobody is to notice it: a query waits for a
server. But once one has waited in vain, or no server has been heard of for that
long, queries fail at once, until a heartbeat finds a server again.

>>> from model import connect
>>> answers(connect({}))  # which is none
False
"""

import logging
import os
from time import monotonic, sleep
from typing import Any
from weakref import WeakSet

import pymongo
from pymongo import MongoClient, ReadPreference
from pymongo.database import Database
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    NotPrimaryError,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)
from pymongo.monitoring import (
    ServerHeartbeatFailedEvent,
    ServerHeartbeatListener,
    ServerHeartbeatStartedEvent,
    ServerHeartbeatSucceededEvent,
)

# Seconds that a heartbeat may be late before its server counts as one that hangs.
LATE = 0.5
# Seconds for a ping. The driver waits for a server in steps of half a second, so
# that this is answered within one.
PING = 0.4

# Raised before the query was sent.
_NOT_SENT = (ServerSelectionTimeoutError, WaitQueueTimeoutError)
_RETRIED = "RetryableWriteError"  # the driver's label of a write that it tries again
# MongoDB's error codes of a write that was done, but is not confirmed: what a node says
# that steps down or ends, and WriteConcernFailed.
_UNCONFIRMED = {64, 91, 189, 10107, 11600, 11602, 13435}

_logger = logging.getLogger(__name__)
_all_heartbeats: "WeakSet[Heartbeats]" = WeakSet()


class DatabaseAway(ServerSelectionTimeoutError):
    """The database has been away for a while: the query was not even tried."""


class Heartbeats(ServerHeartbeatListener):
    """Remembers when the client last heard from a server that takes writes."""

    def __init__(self) -> None:
        self.last = 0.0
        self.patience = 2.0  # seconds that a query of the client may take
        self.has_failed_query = False  # one has waited in vain since then
        self.is_missed = False  # a query was refused since then
        self._process = 0  # whose these are: a fork has none of its parent's
        _all_heartbeats.add(self)

    @property
    def has_begun(self) -> bool:
        """Whether this process has opened the client."""
        return self._process == os.getpid()

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        """Count from the first heartbeat on."""
        if not self.has_begun:
            self.last = monotonic()
            self.has_failed_query = self.is_missed = False
            self._process = os.getpid()

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        """Remember the moment."""
        if event.reply.is_writable:
            self.last = monotonic()
            self.has_failed_query = False
            if self.is_missed:
                self.is_missed = False
                _logger.warning("the database answers again")

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        """Nothing was heard."""


def wait_for_server(database: Database[Any]) -> None:
    """Return as soon as the database has a server to ask.

    Raises DatabaseAway when there has been none for as long as a query and a
    heartbeat may take, or when a query has waited for one in vain. A client
    without Heartbeats is not waited for, and one that is not opened yet is
    opened by its query.
    """
    client: MongoClient[Any] | None = getattr(database, "client", None)  # a stand-in has none
    heartbeats = _heartbeats(client)
    if client is None or heartbeats is None or not heartbeats.has_begun:
        return
    options = client.options
    heartbeats.patience = options.timeout or options.server_selection_timeout
    until = heartbeats.last + heartbeats.patience + options.heartbeat_frequency
    while not _has_server(client, heartbeats, database.read_preference):
        if heartbeats.has_failed_query or monotonic() > until:
            if not heartbeats.is_missed:
                heartbeats.is_missed = True
                _logger.warning("the database is away: queries are refused until it is back")
            raise DatabaseAway("no server has answered for a while")
        sleep(0.02)


def report_failure() -> None:
    """Remember that a query has failed: in vain has it waited if no server was heard of meanwhile.

    One that is not retried fails as soon as an election begins, which says nothing.
    """
    for heartbeats in list(_all_heartbeats):
        if monotonic() - heartbeats.last > 0.9 * heartbeats.patience:
            heartbeats.has_failed_query = True


def is_outage(error: PyMongoError) -> bool:
    """Whether the database did not answer, or not for sure: not the query is at fault."""
    if isinstance(error, ConfigurationError):
        return error.__cause__ is not None  # its name was not found
    return isinstance(error, ConnectionFailure) or error.timeout or _is_unconfirmed(error)


def may_be_done(error: PyMongoError) -> bool:
    """Whether a write that failed so may have been done all the same."""
    if isinstance(error, (*_NOT_SENT, ConfigurationError)):
        return False
    # A server that says it is no primary has not done it, if that was the only try.
    if isinstance(error, NotPrimaryError):
        return error.has_error_label(_RETRIED)
    return is_outage(error)


def _is_unconfirmed(error: PyMongoError) -> bool:
    if isinstance(error, BulkWriteError):
        concerns = error.details.get("writeConcernErrors", [])
        codes = {concern.get("code") for concern in concerns}
        return bool(codes & _UNCONFIRMED) and not error.details.get("writeErrors")
    return isinstance(error, WriteConcernError) and error.code in _UNCONFIRMED


def answers(database: Database[Any]) -> bool:
    """Whether the database answers a ping; says so within a second.

    It is not asked where the heartbeats tell that it does not.
    """
    try:
        client = database.client
        heartbeats = _heartbeats(client)
        if (
            heartbeats is not None
            and heartbeats.has_begun
            and not _has_server(client, heartbeats, database.read_preference)
        ):
            return False
        with pymongo.timeout(PING):
            database.command("ping")
    except (PyMongoError, RuntimeError):  # or there is none to ask, as connect() says
        return False
    return True


def _heartbeats(client: MongoClient[Any] | None) -> Heartbeats | None:
    listeners = [] if client is None else client.options.event_listeners
    return next((one for one in listeners if isinstance(one, Heartbeats)), None)


def _has_server(client: MongoClient[Any], heartbeats: Heartbeats, preference: Any) -> bool:
    """Whether the driver knows a server, and has heard of it in time.

    A server that hangs counts as known until a heartbeat has timed out. Where
    secondaries may be read, what is heard of the primary says nothing.
    """
    if not client.topology_description.has_readable_server(preference):
        return False
    if preference != ReadPreference.PRIMARY:
        return True
    silence = monotonic() - heartbeats.last
    return silence < client.options.heartbeat_frequency + LATE
