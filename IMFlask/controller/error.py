"""The errors that controllers raise; each carries the status of its answer.

Add your own here: `class OutOfStock(ControllerError): status = 409`.

>>> issubclass(NotFound, ControllerError)
True
"""

from core.error import Conflict as Conflict
from core.error import ControllerError as ControllerError
from core.error import Invalid as Invalid
from core.error import NotFound as NotFound
from core.error import Unsupported as Unsupported
