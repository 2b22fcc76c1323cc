"""Settings of the application that live in the database: one document a kind.

>>> from model import connect
>>> MasterConfig(connect({})).schemize({"value": "IML"})["value"]
'IML'
"""

from pymongo import ASCENDING, IndexModel

from core.database import Document
from model.mongodb.base import Model, storable, utc_now

_AUTHOR = {"config_type": "author"}


class MasterConfig(Model):
    """Documents {config_type, value}, at most one of each config_type."""

    VERSION = 1

    @property
    def index(self) -> list[IndexModel]:
        """One document a kind."""
        return [IndexModel([("config_type", ASCENDING)], unique=True)]

    @property
    def schema(self) -> Document:
        """Return a setting of now, of no kind yet."""
        return self.stamped({"config_type": None, "value": None})

    @property
    def seeds(self) -> list[tuple[Document, Document]]:
        """The first author."""
        return [(_AUTHOR, {"value": "IML"})]

    def get_author(self) -> Document | None:
        """Return the author's document, or None."""
        return self.collection.find_one(_AUTHOR)

    def insert_author(self, author: str) -> bool:
        """Insert the author unless there is one; returns whether it did."""
        return self.insert_missing(_AUTHOR, {"value": storable(author)})

    def change_author(self, author: str) -> bool:
        """Change the author's name; returns False when there is no author to change."""
        result = self.collection.update_one(
            _AUTHOR, {"$set": {"value": storable(author), "updated_at": utc_now()}}
        )
        return result.matched_count > 0
