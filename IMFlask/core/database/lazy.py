"""A database that is opened by its first use.

>>> from core.database.client import get_client
>>> LazyDatabase("shop", lambda: get_client("mongodb://127.0.0.1/", "shop")["shop"])["a"].name
'a'
"""

from collections.abc import Callable
from threading import Lock
from typing import Any, NoReturn, cast

from pymongo import database as pymongo_database

from core.database.client import Database


class LazyDatabase:
    """Stands for a pymongo database until it is used, and passes every use on.

    open: returns the database, called at every use, so that it may return another one
    when the server has been replaced; prepare: called once for each database that
    `open` returns.
    """

    def __init__(
        self,
        name: str,
        open: Callable[[], Database],
        prepare: Callable[[Database], None] = lambda database: None,
    ) -> None:
        self.name = name
        self._open = open
        self._prepare = prepare
        self._prepared: Database | None = None
        self._lock = Lock()

    # pymongo and gridfs ask isinstance(database, Database).
    __class__ = property(lambda self: pymongo_database.Database)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._opened(), name)

    def __getitem__(self, name: str) -> Any:
        # From the open database: the garbage collector may end a cursor in the thread that has
        # the lock; the cursor asks its database for the client.
        return self._opened()[name]

    def _opened(self) -> Database:
        with self._lock:
            database = self._open()
            if self._prepared is None or database != self._prepared:
                self._prepare(database)
                self._prepared = database
            return database


def no_database(name: str, sentence: str) -> Database:
    """Return a database whose every use raises RuntimeError with the sentence."""

    def refuse() -> NoReturn:
        raise RuntimeError(sentence)

    return cast(Database, LazyDatabase(name, refuse))
