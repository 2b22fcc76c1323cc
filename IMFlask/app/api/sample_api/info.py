"""Information API: the log, the author, a message."""

from flask import Blueprint
from flask_validation_extended import Max, Min

from app.api.decorator import admin_required, answers, timer, unlogged
from app.api.response import Envelope, response
from app.api.rule import ObjectIdRule
from app.api.shape import DATE, INTEGER, NUMBER, OBJECT_ID, TEXT, a_list, an_object, or_null
from app.api.validation import Json, Query, Validator
from app.database import get_db
from controller import author, log
from model.mongodb import Log, MasterConfig

blueprint = Blueprint("info", __name__)

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
AUTHOR = an_object(
    _id=OBJECT_ID,
    config_type=TEXT,
    value=TEXT,
    created_at=DATE,
    updated_at=DATE,
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


@blueprint.get("/author")
@answers(AUTHOR, errors=(404,))
@timer
def get_author_api() -> Envelope:
    """Show the author."""
    return response(author.get_author(MasterConfig(get_db())))


@blueprint.route("/author", methods=["POST", "PUT"])
@answers(errors=(404,))
@timer
@admin_required
@Validator()
def change_author_api(name: str = Json(str)) -> Envelope:
    """Change the author."""
    author.change_author(MasterConfig(get_db()), name)
    return response()


@blueprint.get("/jsonify")
@answers(TEXT, example={"result": "안녕하세요, 잘 돌아가고 있습니다!"})
@timer
def get_jsonify_api() -> Envelope:
    """Say hello in Korean."""
    return response("안녕하세요, 잘 돌아가고 있습니다!")
