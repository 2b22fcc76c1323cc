"""Information API: the author, a message."""

from flask import Blueprint

from app.api.decorator import admin_required, answers, timer
from app.api.response import Envelope, response
from app.api.shape import DATE, INTEGER, OBJECT_ID, TEXT, an_object
from app.api.validation import Json, Validator
from app.database import get_db
from controller import author
from model.mongodb import MasterConfig

blueprint = Blueprint("info", __name__)

AUTHOR = an_object(
    _id=OBJECT_ID,
    config_type=TEXT,
    value=TEXT,
    created_at=DATE,
    updated_at=DATE,
    __version__=INTEGER,
)


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
