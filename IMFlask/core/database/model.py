"""The engine of every collection: what each model inherits.

>>> issubclass(Model, ABC)
True
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, TypeVar

import pymongo
from bson import ObjectId
from pymongo import DESCENDING, IndexModel, ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from core.database.client import Database, Document
from core.database.outage import refuse_if_away
from core.database.value import storable, utc_now

Result = TypeVar("Result")


class Model(ABC):
    """One collection: a subclass has its name, its shape and a method a query.

    database: any pymongo database; it is not touched before the first query.
    config: the settings that an index depends on, where one does.
    """

    def __init__(self, database: Database, config: Mapping[str, Any] | None = None) -> None:
        self.database = database
        self.config = config or {}

    @property
    @abstractmethod
    def VERSION(self) -> int:
        """The version of the documents' shape, kept in each as `__version__`."""

    @property
    @abstractmethod
    def index(self) -> list[IndexModel]:
        """The collection's indexes, beside the one on `_id`."""

    @property
    @abstractmethod
    def schema(self) -> Document:
        """A document with every field at its default."""

    @property
    def seeds(self) -> list[tuple[Document, Document]]:
        """The documents that db-init puts in: (the filter that finds one, the rest)."""
        return []

    @property
    def name(self) -> str:
        """The collection's name: the class's, unless a subclass says otherwise."""
        return type(self).__name__

    @property
    def collection(self) -> Collection[Document]:
        """The pymongo collection.

        Raises DatabaseAway at once while the database has been away for a while.
        """
        refuse_if_away(self.database)
        return self.database[self.name]

    def schemize(self, document: Document) -> Document:
        """Return `document`, completed from the schema."""
        return {**self.schema, **document}

    def find_newest(
        self,
        limit: int,
        before: ObjectId | None = None,
        query: Document | None = None,
        index: str | None = None,
    ) -> list[Document]:
        """Return the newest documents, newest first, at most `limit`, which is 1 or more.

        Their order is that of `_id`. before: only documents older than the one with
        this `_id`; query: a further filter, for which the collection should
        have an index that ends with `_id`: `[("owner", 1), ("_id", -1)]`; index: the name of the
        index to use (the server's hint); without a query, `_id`'s.
        """
        if limit < 1:
            raise ValueError("MongoDB takes a limit of 0 for none at all")
        older = {} if before is None else {"_id": {"$lt": before}}
        found = self.collection.find({**older, **(query or {})})
        cursor = found.sort("_id", DESCENDING).limit(limit)
        held_to = index or (None if query else "_id_")
        return list(cursor.hint(held_to) if held_to else cursor)

    def insert_missing(self, key: Document, rest: Document) -> bool:
        """Insert a document unless one matches `key`; returns whether it did.

        Needs a unique index on the key's fields: if two processes insert at once, one gets
        DuplicateKeyError and finds the other's.
        """
        document = {name: value for name, value in self.schemize(rest).items() if name not in key}
        update = {"$setOnInsert": document}
        try:
            result = self.collection.update_one(key, update, upsert=True)
        except DuplicateKeyError:
            result = self.collection.update_one(key, update, upsert=True)
        return result.upserted_id is not None

    def change(self, key: Document, changes: Document, index: str | None = None) -> Document | None:
        """Change a document, and return its new state.

        key: the filter that finds it; returns None if nothing matches. changes: those of a
        client; the view declares their names. None sets a field to its default in the schema, and
        removes a field that the schema lacks. index: the name of the index to use. Raises
        Unstorable.
        """
        storable(changes)
        known = self.schema
        removed = [name for name, value in changes.items() if value is None and name not in known]
        given = {
            name: known[name] if value is None else value
            for name, value in changes.items()
            if name not in removed
        }
        if "updated_at" in known:
            given["updated_at"] = utc_now()
        update = {"$set": given, "$unset": dict.fromkeys(removed, "")}
        update = {operator: fields for operator, fields in update.items() if fields}
        if not update:
            return self.collection.find_one(key, hint=index)
        return self.collection.find_one_and_update(
            key, update, return_document=ReturnDocument.AFTER, hint=index
        )

    def transact(self, work: Callable[[ClientSession], Result], seconds: float = 5) -> Result:
        """Do `work` in a transaction, all of it or nothing; return what it returns.

        work: passes its session to each query, and runs again after a conflict with another
        transaction; seconds: for all tries; the driver's default is two minutes. Raises `work`'s
        errors.
        """
        until = monotonic() + seconds

        def in_time(session: ClientSession) -> Result:
            with pymongo.timeout(max(until - monotonic(), 0.001)):
                return work(session)

        # A second more, for the command that undoes it: else the server keeps the locks.
        with pymongo.timeout(seconds + 1), self.database.client.start_session() as session:
            return session.with_transaction(in_time)
