"""Log API: the newest requests."""

from flask import Blueprint
from flask_validation_extended import Max, Min

from app.api.decorator import admin_required, answers, timer, unlogged
from app.api.response import Envelope, response
from app.api.rule import ObjectIdRule
from app.api.shape import DATE, INTEGER, NUMBER, OBJECT_ID, TEXT, a_list, an_object, or_null
from app.api.validation import Query, Validator
from app.database import get_db
from controller import log
from model.mongodb import Log

blueprint = Blueprint("log", __name__)

ENTRY = an_object(
    _id=OBJECT_ID,
    request_id=TEXT,
    ipv4=or_null(TEXT),
    url=TEXT,
    method=TEXT,
    params=TEXT,
    status_code=INTEGER,
    process_time=NUMBER,
    created_at=DATE,
    __version__=INTEGER,
)


@blueprint.get("/log")
@answers(a_list(ENTRY), fields={"next": or_null(OBJECT_ID)})
@unlogged
@timer
@admin_required
@Validator()
def get_log_api(
    limit: int = Query(int, default=10, rules=[Min(1), Max(100)]),
    before: str | None = Query(str, rules=ObjectIdRule(), optional=True),
) -> Envelope:
    """List the newest requests, newest first."""
    page, cursor = log.newest(Log(get_db()), limit, before)
    return response(page, next=cursor)
