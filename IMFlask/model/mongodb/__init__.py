"""The collections, and how a database is prepared for them.

>>> all(issubclass(model, Model) for model in MODELS)
True
"""

from collections.abc import Callable, Mapping
from typing import Any

from model.mongodb.base import IndexConflict
from model.mongodb.base import Model as Model
from model.mongodb.chunk import Chunk as Chunk
from model.mongodb.client import Database
from model.mongodb.file import File as File
from model.mongodb.log import Log as Log
from model.mongodb.master_config import MasterConfig as MasterConfig

MODELS: tuple[type[Model], ...] = (
    MasterConfig,
    Log,
    File,
    Chunk,
)


class ModelInitializer:
    """Prepares a database for all MODELS.

    config: the settings that an index depends on.
    """

    def __init__(self, database: Database, config: Mapping[str, Any] | None = None) -> None:
        self._database = database
        self._models = [model(database, config) for model in MODELS]

    def run(self, say: Callable[[str], None] = lambda line: None) -> list[str]:
        """Create what is missing; returns one line per index and document, and says them.

        A conflict of one collection does not keep the others from theirs: IndexConflict
        is raised at the end, and names all.
        """
        self._database.command("ping")  # where there is nothing to create as well
        lines, conflicts = [], []
        for model in self._models:
            try:
                for create in (model.create_index, model.create_seeds):
                    for line in create():
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
        return all(model.collection.name in there for model in self._models if model.index)
