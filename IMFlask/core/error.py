"""Errors of use cases: a sentence for the client, and its status.

>>> NotFound("There is no such note.").status
404
"""


class ControllerError(Exception):
    """A use case refuses. The text is one sentence, which the client reads as it stands.

    A subclass has the HTTP status of its answer: `class OutOfStock(ControllerError): status = 409`.
    """

    status = 400


class Invalid(ControllerError):
    """The request makes no sense."""


class NotFound(ControllerError):
    """The thing that was asked for does not exist."""

    status = 404


class Conflict(ControllerError):
    """The request conflicts with what is already stored."""

    status = 409


class Unsupported(ControllerError):
    """The kind of what was sent is not accepted."""

    status = 415
