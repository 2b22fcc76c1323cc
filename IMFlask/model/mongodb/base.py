"""The interface of every collection: a method that all of yours need goes into Model.

>>> Model.__abstractmethods__ == {"VERSION", "index", "schema"}
True
"""

from core.database.model import Model as EngineModel
from core.database.value import storable as storable
from core.database.value import utc_now as utc_now


class Model(EngineModel):
    """One collection: a subclass has VERSION, `index`, `schema` and a method a query."""
