"""Log API: the newest requests."""

from flask import Blueprint

from app.api import (
    Envelope,
    Max,
    Min,
    ObjectIdRule,
    Query,
    Validator,
    admin_required,
    answers,
    get_db,
    response,
    shape,
    timer,
    unlogged,
)
from controller.util import newest_page
from model.mongodb import Log

blueprint = Blueprint("log", __name__)

ENTRY = shape.an_object(
    _id=shape.OBJECT_ID,
    request_id=shape.TEXT,
    ipv4=shape.or_null(shape.TEXT),
    url=shape.TEXT,
    method=shape.TEXT,
    params=shape.TEXT,
    status_code=shape.INTEGER,
    process_time=shape.NUMBER,
    created_at=shape.DATE,
    __version__=shape.INTEGER,
)


@blueprint.get("/log")
@answers(shape.a_list(ENTRY), fields={"next": shape.or_null(shape.OBJECT_ID)})
@unlogged
@timer
@admin_required
@Validator()
def get_log_api(
    limit: int = Query(int, default=10, rules=[Min(1), Max(100)]),
    before: str | None = Query(str, rules=ObjectIdRule(), optional=True),
) -> Envelope:
    """List the newest requests, newest first."""
    page, cursor = newest_page(Log(get_db()).get_log, limit, before)
    return response(page, next=cursor)
