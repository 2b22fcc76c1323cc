"""Log API: the newest requests."""

from flask import Blueprint

from app.api import (
    Envelope,
    Page,
    Paging,
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
def get_log_api(page: Page = Paging()) -> Envelope:
    """List the newest requests, newest first."""
    entries, cursor = newest_page(Log(get_db()).get_log, *page)
    return response(entries, next=cursor)
