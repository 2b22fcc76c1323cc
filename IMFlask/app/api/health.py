"""Health: what an orchestrator asks, with any Host header, every few seconds."""

from flask import Blueprint, current_app

from app.api.decorator import answers, unlogged
from app.api.response import Envelope, fail, response
from app.api.shape import INTEGER
from app.database import get_db
from controller import health

blueprint = Blueprint("health", __name__)


@blueprint.get("/live")
@unlogged
def live_api() -> Envelope:
    """Say that the process answers; the database is not asked."""
    return response()


@blueprint.get("/ready")
@answers(
    {
        "type": "object",
        "properties": {"log_queue": INTEGER, "log_dropped": INTEGER, "log_lost": INTEGER},
        "additionalProperties": False,
    }
)
@unlogged
def ready_api() -> Envelope | tuple[Envelope, int, dict[str, str]]:
    """Say whether the database answers, and how this process's API log is doing."""
    state = {}
    writer = current_app.extensions.get("request_log")
    if writer is not None:
        state = {
            "log_queue": len(writer),
            "log_dropped": writer.dropped,
            "log_lost": writer.lost,
        }
    if health.is_ready(get_db()):
        return response(state)
    envelope, status = fail(503, "The database does not answer.")
    return envelope | {"result": state}, status, {"Retry-After": "1"}
