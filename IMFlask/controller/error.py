"""What controllers raise; app/api/error_handler.py gives each its status.

The text is one sentence for the client, who reads it as it stands.

>>> issubclass(NotFound, ControllerError)
True
"""


class ControllerError(Exception):
    """A use case refuses, and says why."""


class Invalid(ControllerError):
    """What was asked for makes no sense."""


class NotFound(ControllerError):
    """What was asked for does not exist."""


class Conflict(ControllerError):
    """What was asked for contradicts what is already there."""


class Undone(ControllerError):
    """The database failed in the middle, as the cause says; nothing of it stays done."""


class Unsupported(ControllerError):
    """What was sent is of a kind that is not taken."""
