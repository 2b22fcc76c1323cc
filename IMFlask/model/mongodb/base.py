"""The interface of every collection.

>>> storable("text")
'text'
>>> utc_now().microsecond % 1000
0
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import bson
import pymongo
from bson import ObjectId
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from pymongo import DESCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, OperationFailure

from model.mongodb.client import Database, Document
from model.mongodb.outage import wait_for_server

Value = TypeVar("Value")

_CODEC_OPTIONS: CodecOptions[Document] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD
)
# IndexOptionsConflict and IndexKeySpecsConflict of MongoDB's error codes.
_INDEX_CONFLICTS = (85, 86)


def utc_now() -> datetime:
    """Return the time, aware and in UTC, cut to the milliseconds that BSON keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


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
        wait_for_server(self.database)
        return self.database[self.name]

    def schemize(self, document: Document) -> Document:
        """Return `document`, completed from the schema."""
        return {**self.schema, **document}

    def projection(self, *fields: str) -> dict[str, int]:
        """Return the projection to `fields`; without any, to the fields of the schema."""
        return dict.fromkeys(fields or self.schema, 1)

    def find_newest(
        self,
        limit: int,
        before: ObjectId | None = None,
        query: Document | None = None,
        index: str | None = None,
    ) -> list[Document]:
        """Return the newest documents, newest first, at most `limit`, which is 1 or more.

        Their order is that of `_id`. before: only documents older than the one with
        this `_id`; query: what else they have to be, for which the collection should
        have an index that ends with `_id`: `[("owner", 1), ("_id", -1)]`; index: the
        name of the one that the server is held to, without a query that of `_id`.
        """
        if limit < 1:
            raise ValueError("MongoDB takes a limit of 0 for none at all")
        older = {} if before is None else {"_id": {"$lt": before}}
        found = self.collection.find({**older, **(query or {})})
        cursor = found.sort("_id", DESCENDING).limit(limit)
        held_to = index or (None if query else "_id_")
        return list(cursor.hint(held_to) if held_to else cursor)

    def create_index(self) -> list[str]:
        """Create the indexes that are missing; returns one line per index.

        A changed time to live is changed in place. An index that the code does
        not know is reported, never dropped. Raises IndexConflict when one is
        there in another form, OperationFailure when it cannot be built.
        """
        there = self.collection.index_information()
        wanted = {model.document["name"]: model for model in self.index}
        lines = [self._settle_index(name, there.get(name), wanted[name]) for name in wanted]
        for name in sorted(there.keys() - wanted.keys() - {"_id_"}):
            lines.append(f"{self._named(name)} is not in the code: left as it is.")
        return lines

    def create_seeds(self) -> list[str]:
        """Put in the seed documents that are missing; returns one line per document."""
        lines = []
        for key, rest in self.seeds:
            done = "created" if self.insert_missing(key, rest) else "is there"
            lines.append(f"Document {self.name}({_shown(key)}) {done}.")
        return lines

    def insert_missing(self, key: Document, rest: Document) -> bool:
        """Insert a document unless one matches `key`; returns whether it did.

        Needs a unique index on the key's fields: of two processes that insert
        at once, one loses with DuplicateKeyError and finds the other's.
        """
        document = {name: value for name, value in self.schemize(rest).items() if name not in key}
        update = {"$setOnInsert": document}
        try:
            result = self.collection.update_one(key, update, upsert=True)
        except DuplicateKeyError:
            result = self.collection.update_one(key, update, upsert=True)
        return result.upserted_id is not None

    def _settle_index(self, name: str, there: Document | None, wanted: IndexModel) -> str:
        lifetime = wanted.document.get("expireAfterSeconds")
        if (
            there is not None
            and list(there["key"]) == list(wanted.document["key"].items())
            and lifetime is not None
            and there.get("expireAfterSeconds") != lifetime
        ):
            self.database.command(
                "collMod",
                self.name,
                index={"name": name, "expireAfterSeconds": lifetime},
            )
            was = there.get("expireAfterSeconds", "never")
            return f"{self._named(name)} expires after {lifetime} s (was: {was})."
        try:
            # Building an index takes as long as the collection is large: the
            # client's limit for one operation does not hold here. 0 lifts it;
            # None, in spite of its looks, leaves the client's in force.
            with pymongo.timeout(0):
                self.collection.create_indexes([wanted])
        except OperationFailure as error:
            if error.code not in _INDEX_CONFLICTS:
                raise
            raise IndexConflict(
                f"{self._named(name)} is there in another form than the code has: drop it,"
                f" by db[{self.name!r}].drop_index({name!r}) in `flask shell` for one,"
                " then run this again."
            ) from error
        return f"{self._named(name)} {'is there' if there else 'created'}."

    def _named(self, index: str) -> str:
        return f"Index {self.name}.{index}"


def storable(value: Value) -> Value:
    """Return `value`, which a client has sent; raise Unstorable if BSON cannot hold it.

    Each model method that stores a client's value asks this first: what the
    driver raises in the middle of a query tells no client's mistake from a bug.
    A type that no client can send is a bug, and stays bson's InvalidDocument: make a
    datetime of a date, a `bson.Decimal128` of a Decimal, a list of a set.
    """
    try:
        bson.encode({"": value}, codec_options=_CODEC_OPTIONS)
    except (BSONError, OverflowError, ValueError, RecursionError) as error:
        if "cannot encode object" in str(error):
            raise
        raise Unstorable from error
    return value


class Unstorable(ValueError):
    """A value is of a kind or size that the database cannot hold."""


class IndexConflict(Exception):
    """An index of the database contradicts the code's; only a person can tell which is right."""


def _shown(key: Document) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in key.items())
