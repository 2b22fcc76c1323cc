"""The interface of every collection: a method that all of yours need goes into Model.

>>> Model.__abstractmethods__ == {"VERSION", "index", "schema"}
True
"""

from core.database import Document
from core.database.model import Model as EngineModel
from core.database.object_id import new_id
from core.database.value import storable as storable
from core.database.value import utc_now as utc_now


class Model(EngineModel):
    """One collection: a subclass has VERSION, `index`, `schema` and a method a query."""

    def stamped(self, fields: Document) -> Document:
        """Return a document of now: `fields`, between its id and its dates and version."""
        now = utc_now()
        dates = {"created_at": now, "updated_at": now}
        return {"_id": new_id(now), **fields, **dates, "__version__": self.VERSION}
