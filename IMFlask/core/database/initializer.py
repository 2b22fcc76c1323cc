"""`flask db-init`: indexes and first documents, created where they are missing.

>>> from core.database.client import get_client
>>> Initializer([], get_client("mongodb://127.0.0.1/", "shop")["shop"]).models
[]
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pymongo
from pymongo import IndexModel
from pymongo.errors import OperationFailure

from core.database.client import Database, Document
from core.database.model import Model

# IndexOptionsConflict and IndexKeySpecsConflict of MongoDB's error codes.
_INDEX_CONFLICTS = (85, 86)


class IndexConflict(Exception):
    """An index of the database contradicts the code's; only a person can tell which is right."""


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
        """Create what is missing; returns one line per index and document, and says them.

        A conflict of one collection does not keep the others from theirs: IndexConflict
        is raised at the end, and names all.
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
        """Whether `run` was ever here: it leaves every collection that has an index."""
        there = self._database.list_collection_names()
        return all(model.collection.name in there for model in self.models if model.index)


def create_indexes(model: Model) -> list[str]:
    """Create the indexes that are missing; returns one line per index.

    A changed time to live is changed in place. An index that the code does
    not know is reported, never dropped. Raises IndexConflict when one is
    there in another form, OperationFailure when it cannot be built.
    """
    there = model.collection.index_information()
    wanted = {index.document["name"]: index for index in model.index}
    lines = [_settle(model, name, there.get(name), wanted[name]) for name in wanted]
    for name in sorted(there.keys() - wanted.keys() - {"_id_"}):
        lines.append(f"Index {model.name}.{name} is not in the code: left as it is.")
    return lines


def create_seeds(model: Model) -> list[str]:
    """Insert the seed documents that are missing; returns one line per document."""
    lines = []
    for key, rest in model.seeds:
        done = "created" if model.insert_missing(key, rest) else "is there"
        shown = ", ".join(f"{name}={value!r}" for name, value in key.items())
        lines.append(f"Document {model.name}({shown}) {done}.")
    return lines


def _settle(model: Model, name: str, there: Document | None, wanted: IndexModel) -> str:
    named = f"Index {model.name}.{name}"
    lifetime = wanted.document.get("expireAfterSeconds")
    if (
        there is not None
        and list(there["key"]) == list(wanted.document["key"].items())
        and lifetime is not None
        and there.get("expireAfterSeconds") != lifetime
    ):
        index = {"name": name, "expireAfterSeconds": lifetime}
        model.database.command("collMod", model.name, index=index)
        return (
            f"{named} expires after {lifetime} s (was: {there.get('expireAfterSeconds', 'never')})."
        )
    try:
        # Building an index takes as long as the collection is large: the
        # client's limit for one operation does not hold here. 0 lifts it;
        # None, in spite of its looks, leaves the client's in force.
        with pymongo.timeout(0):
            model.collection.create_indexes([wanted])
    except OperationFailure as error:
        if error.code not in _INDEX_CONFLICTS:
            raise
        raise IndexConflict(
            f"{named} is there in another form than the code has: drop it,"
            f" by db[{model.name!r}].drop_index({name!r}) in `flask shell` for one,"
            " then run this again."
        ) from error
    return f"{named} {'is there' if there else 'created'}."
