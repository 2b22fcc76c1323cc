"""Health: an orchestrator's probes, which come with any Host header, every few seconds.

A part of the app that has a figure to show adds a function for it to
`app.extensions["health"]`, a dict.
"""

from collections.abc import Callable

from flask import Blueprint, current_app

from app.api import Envelope, answers, fail, get_db, responds, response, shape, unlogged

blueprint = Blueprint("health", __name__)


@blueprint.get("/live")
@unlogged
def live_api() -> Envelope:
    """Say that the process answers; the database is not asked."""
    return response()


@blueprint.get("/ready")
@answers({"type": "object", "additionalProperties": shape.INTEGER}, errors=(503,))
@unlogged
def ready_api() -> Envelope | tuple[Envelope, int, dict[str, str]]:
    """Say whether the database answers; show this process's figures."""
    figures: dict[str, Callable[[], int]] = current_app.extensions.get("health", {})
    state = {name: figure() for name, figure in figures.items()}
    if responds(get_db()):
        return response(state)
    envelope, status = fail(503, "The database does not answer.")
    return envelope | {"result": state}, status, {"Retry-After": "1"}
