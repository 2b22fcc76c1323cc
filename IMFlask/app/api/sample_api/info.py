"""Information API: the author, a message."""

from flask import Blueprint

from app.api import (
    Envelope,
    Json,
    Validator,
    admin_required,
    answers,
    get_db,
    response,
    shape,
    timer,
)
from controller import author
from model.mongodb import MasterConfig

blueprint = Blueprint("info", __name__)

AUTHOR = shape.an_object(
    _id=shape.OBJECT_ID,
    config_type=shape.TEXT,
    value=shape.TEXT,
    created_at=shape.DATE,
    updated_at=shape.DATE,
    __version__=shape.INTEGER,
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
@answers(shape.TEXT, example={"result": "안녕하세요, 잘 돌아가고 있습니다!"})
@timer
def get_jsonify_api() -> Envelope:
    """Say hello in Korean."""
    return response("안녕하세요, 잘 돌아가고 있습니다!")
