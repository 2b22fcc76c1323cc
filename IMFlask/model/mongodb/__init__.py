"""The collections, and how a database is prepared for them.

>>> all(issubclass(model, Model) for model in MODELS)
True
"""

from collections.abc import Mapping
from typing import Any

from core.database import Database
from core.database.chunk import Chunk as Chunk
from core.database.initializer import Initializer
from core.database.model import Model
from model.mongodb.file import File as File
from model.mongodb.log import Log as Log
from model.mongodb.master_config import MasterConfig as MasterConfig

MODELS: list[type[Model]] = [
    MasterConfig,
    Log,
    File,
    Chunk,
]


class ModelInitializer(Initializer):
    """Prepares a database for all MODELS."""

    def __init__(self, database: Database, config: Mapping[str, Any] | None = None) -> None:
        super().__init__(MODELS, database, config)
