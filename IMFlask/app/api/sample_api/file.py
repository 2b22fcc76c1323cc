"""File API: upload, list, download, delete; and the command that sweeps up."""

from collections.abc import Iterator

import click
from flask import Blueprint, Response, current_app
from flask.blueprints import BlueprintSetupState
from flask_validation_extended import Max, Min

from app.api.decorator import admin_required, answers, timer
from app.api.download import check_preconditions, download
from app.api.response import Envelope, created, response
from app.api.rule import ObjectIdRule
from app.api.shape import DATE, INTEGER, OBJECT_ID, TEXT, a_list, an_object, or_null
from app.api.upload import Files
from app.api.validation import Query, Route, Validator
from app.command import in_a_sentence, say
from app.database import get_db
from controller import file as files
from controller.file_removal import Removal
from model.mongodb import File

blueprint = Blueprint("file", __name__, cli_group=None)

FILE = an_object(
    id=OBJECT_ID,
    filename=or_null(TEXT),
    length=INTEGER,
    content_type=TEXT,
    sha256=or_null(TEXT),
    created_at=DATE,
)
# Where to go with an id that an upload has answered: to operations of this blueprint.
LINKS = {
    name: {
        "operationId": f".{name}",
        "parameters": {"file_id": "$response.body#/result/0/id"},
    }
    for name in ("download_file_api.get", "delete_file_api.delete")
}


@blueprint.record_once
def make_removal(state: BlueprintSetupState) -> None:
    """Give the app what deletes files, now or when the database is back."""
    state.app.extensions["file_removal"] = Removal(File(get_db(state.app)))


@blueprint.post("/file")
@answers(a_list(FILE), status=201, errors=(403,), more={201: {"links": LINKS}})
@timer
@admin_required
@Validator()
def upload_file_api(file: Iterator[files.Upload] = Files()) -> tuple[Envelope, int]:
    """Store the files of a form, all of them or none."""
    kinds, removal = current_app.config["UPLOAD_KINDS"], current_app.extensions["file_removal"]
    return created(files.upload(File(get_db()), file, kinds, removal))


@blueprint.get("/file")
@answers(a_list(FILE), fields={"next": or_null(OBJECT_ID)})
@timer
@Validator()
def get_files_api(
    limit: int = Query(int, default=10, rules=[Min(1), Max(100)]),
    before: str | None = Query(str, rules=ObjectIdRule(), optional=True),
) -> Envelope:
    """List the newest files, newest first."""
    page, cursor = files.newest(File(get_db()), limit, before)
    return response(page, next=cursor)


@blueprint.get("/file/<file_id>")
@answers(
    errors=(412, 416),
    more={206: {"description": "A range of the bytes."}, 304: {"description": "Not modified."}},
)
@timer
@Validator()
def download_file_api(file_id: str = Route(str, rules=ObjectIdRule())) -> Response:
    """Download a file, or a range of its bytes."""
    return download(files.find(File(get_db()), file_id))


@blueprint.delete("/file/<file_id>")
@answers(errors=(412,))
@timer
@admin_required
@Validator()
def delete_file_api(file_id: str = Route(str, rules=ObjectIdRule())) -> Envelope:
    """Delete a file."""
    check_preconditions(lambda: files.find(File(get_db()), file_id))
    files.delete(File(get_db()), file_id, current_app.extensions["file_removal"])
    return response()


@blueprint.cli.command("file-sweep")
@click.option("--delete", is_flag=True, help="Delete them, too.")
def sweep_files(delete: bool) -> None:
    """Report what was left of files, above all by killed processes, an hour ago or earlier."""
    with in_a_sentence():
        leftovers = files.sweep(File(get_db()), delete)
    for one in leftovers:
        say(f"{one['_id']}: {one['chunks']} chunks, the last of {one['newest']}.")
    count = sum(one["chunks"] for one in leftovers)
    done = "deleted" if delete else "found; --delete deletes them"
    say(f"Chunks: {count}, files: {len(leftovers)}; {done}." if leftovers else "Nothing was left.")
