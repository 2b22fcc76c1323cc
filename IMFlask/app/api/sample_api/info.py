"""Information API: the log, the author, a message."""

from flask import Blueprint
from flask_validation_extended import Max, Min

from app.api.decorator import admin_required, timer, unlogged
from app.api.response import Envelope, response
from app.api.rule import ObjectIdRule
from app.api.validation import Json, Query, Validator
from app.database import get_db
from controller import author, log
from model.mongodb import Log, MasterConfig

blueprint = Blueprint("info", __name__)


@blueprint.get("/log")
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
@timer
def get_author_api() -> Envelope:
    """Show the author."""
    return response(author.get_author(MasterConfig(get_db())))


@blueprint.route("/author", methods=["POST", "PUT"])
@timer
@admin_required
@Validator()
def change_author_api(name: str = Json(str)) -> Envelope:
    """Change the author."""
    author.change_author(MasterConfig(get_db()), name)
    return response()


@blueprint.get("/jsonify")
@timer
def get_jsonify_api() -> Envelope:
    """Say hello in Korean."""
    return response("안녕하세요, 잘 돌아가고 있습니다!")
