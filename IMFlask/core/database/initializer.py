"""`flask db-init`: indexes and first documents, created where they are missing.

>>> from core.database.client import get_client
>>> Initializer([], get_client("mongodb://127.0.0.1/", "shop")["shop"]).models
[]
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pymongo
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError, OperationFailure

from core.database.client import Database, Document
from core.database.model import Model

# MongoDB's error codes: IndexOptionsConflict and IndexKeySpecsConflict; what stands in the way
# of a changed time to live: InvalidOptions (an index without one, before 5.1), CommandNotFound
# and CommandNotSupported (a service that has no collMod).
_CONFLICTS, _NO_CHANGE, _UNAUTHORIZED = {85, 86}, {72, 59, 115}, 13


class IndexConflict(Exception):
    """An index of the database differs from the code's; only a person can decide."""


class Initializer:
    """Prepares a database for the collections of `models`.

    config: the settings that an index depends on.
    """

    def __init__(
        self,
        models: Sequence[type[Model]],
        database: Database,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.models = [model(database, config) for model in models]
        self._database = database

    def run(self, say: Callable[[str], None] = lambda line: None) -> list[str]:
        """Create what is missing; returns lines that report it, each passed to `say` at once.

        A conflict in one collection does not stop the others: IndexConflict is raised at the end,
        and names all conflicts.
        """
        self._database.command("ping")  # where there is nothing to create as well
        lines, conflicts = [], []
        for model in self.models:
            try:
                for create in (create_indexes, create_seeds):
                    for line in create(model):
                        say(line)
                        lines.append(line)
            except IndexConflict as conflict:
                conflicts.append(str(conflict))
        if conflicts:
            raise IndexConflict(" ".join(conflicts))
        return lines

    def is_done(self) -> bool:
        """Whether `run` has run: then every collection with an index exists."""
        there = self._database.list_collection_names()
        return all(model.collection.name in there for model in self.models if model.index)


def create_indexes(model: Model) -> Iterator[str]:
    """Create the indexes that are missing; yields what is done, and before it what takes long.

    A changed time to live is changed in place. An index that the code does
    not know is reported, never dropped. Raises IndexConflict when one is
    there in another form, OperationFailure when it cannot be built.
    """
    there = model.collection.index_information()
    wanted = {index.document["name"]: index for index in model.index}
    for index in wanted.values():
        yield from _settle(model, there, index)
    for name in sorted(there.keys() - wanted.keys() - {"_id_"}):
        yield f"Index {model.name}.{name} is not in the code: left as it is."


def create_seeds(model: Model) -> Iterator[str]:
    """Insert the seed documents that are missing; yields a line for each."""
    for key, rest in model.seeds:
        done = "created" if model.insert_missing(key, rest) else "is there"
        shown = ", ".join(f"{name}={value!r}" for name, value in key.items())
        yield f"Document {model.name}({shown}) {done}."


def _settle(model: Model, there: Mapping[str, Document], wanted: IndexModel) -> Iterator[str]:
    name, keys = wanted.document["name"], list(wanted.document["key"].items())
    index, lifetime = there.get(name), wanted.document.get("expireAfterSeconds")
    named = f"Index {model.name}.{name}"
    if (
        index is not None
        and list(index["key"]) == keys
        and lifetime is not None
        and index.get("expireAfterSeconds") != lifetime
    ):
        _change_lifetime(model, name, lifetime)
        was = index.get("expireAfterSeconds", "never")
        yield f"{named} expires after {lifetime} s (was: {was})."
        return
    if index is None:  # a replica set may wait for a member that is down
        yield f"{named} is being built."
    try:
        # Building an index on a large collection takes long: the client's limit for one operation
        # must not hold here. 0 lifts it; None keeps the client's limit.
        with pymongo.timeout(0):
            model.collection.create_indexes([wanted])
    except DuplicateKeyError as error:
        said = (error.details or {}).get("errmsg")
        raise IndexConflict(f"{named} cannot be built, two documents are alike: {said}.") from error
    except OperationFailure as error:
        if error.code not in _CONFLICTS:
            raise
        same = [other for other, one in there.items() if list(one["key"]) == keys]
        # First the index that the server names.
        said = str(error)
        same.sort(key=lambda other: other not in said)
        raise _conflict(model, name if index or not same else same[0], name) from error
    yield f"{named} {'is there' if index else 'created'}."


def _change_lifetime(model: Model, name: str, lifetime: int) -> None:
    change = {"name": name, "expireAfterSeconds": lifetime}
    try:
        model.database.command("collMod", model.name, index=change)
    except OperationFailure as error:
        if error.code == _UNAUTHORIZED:
            raise IndexConflict(
                f"Index {model.name}.{name} is to expire after {lifetime} s: to change that, the"
                " database's user needs the role dbAdmin, or its right to collMod."
            ) from error
        if error.code not in _NO_CHANGE:
            raise
        raise _conflict(model, name, name) from error


def _conflict(model: Model, there: str, wanted: str) -> IndexConflict:
    """Say how the index that is `there` makes room for the one that is `wanted`."""
    form = "in another form" if there == wanted else f"under another name, {there},"
    return IndexConflict(
        f"Index {model.name}.{wanted} is there {form} than the code has: drop it, by"
        f" db[{model.name!r}].drop_index({there!r}) in `flask shell`, then run this again."
    )
