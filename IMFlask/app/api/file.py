"""File API: upload, list, download, delete; and the command that sweeps up."""

from collections.abc import Iterator

import click
from bson import ObjectId
from flask import Blueprint, Response, current_app

from app.api import (
    Created,
    Envelope,
    Files,
    Page,
    Paging,
    Route,
    Upload,
    Validator,
    admin_required,
    answers,
    created,
    download,
    get_db,
    in_a_sentence,
    response,
    say,
    shape,
    timer,
)
from controller import file as files
from model.mongodb import File

blueprint = Blueprint("file", __name__, cli_group=None)

FILE = shape.an_object(
    id=shape.OBJECT_ID,
    filename=shape.or_null(shape.TEXT),
    length=shape.INTEGER,
    content_type=shape.TEXT,
    sha256=shape.or_null(shape.TEXT),
    created_at=shape.DATE,
)


@blueprint.post("/file")
@answers(shape.a_list(FILE))
@timer
@admin_required
@Validator()
def upload_file_api(file: Iterator[Upload] = Files()) -> Created:
    """Store all files of a form, or none."""
    return created(files.upload(File(get_db()), file, current_app.config["UPLOAD_KINDS"]))


@blueprint.get("/file")
@answers(shape.a_list(FILE), fields={"next": shape.or_null(shape.OBJECT_ID)})
@timer
@Validator()
def get_files_api(page: Page = Paging()) -> Envelope:
    """List the newest files, newest first."""
    found, cursor = files.newest(File(get_db()), *page)
    return response(found, next=cursor)


@blueprint.get("/file/<file_id>")
@answers(
    errors=(412, 416),
    more={206: {"description": "A range of the bytes."}, 304: {"description": "Not modified."}},
)
@timer
@Validator()
def download_file_api(file_id: ObjectId = Route(ObjectId)) -> Response:
    """Download a file, or a range of its bytes."""
    return download(files.find(File(get_db()), file_id))


@blueprint.delete("/file/<file_id>")
@answers(errors=())
@timer
@admin_required
@Validator()
def delete_file_api(file_id: ObjectId = Route(ObjectId)) -> Envelope:
    """Delete a file."""
    files.delete(File(get_db()), file_id)
    return response()


@blueprint.cli.command("file-sweep")
@click.option("--delete", is_flag=True, help="Delete them, too.")
def sweep_files(delete: bool) -> None:
    """Report orphaned chunks and incomplete files older than an hour."""
    with in_a_sentence():
        leftovers = files.sweep(File(get_db()), delete)
    for one in leftovers:
        say(f"{one['_id']}: {one['chunks']} chunks, from {one['_id'].generation_time}.")
    count = sum(one["chunks"] for one in leftovers)
    done = "deleted" if delete else "found; --delete deletes them"
    say(f"Chunks: {count}, files: {len(leftovers)}; {done}." if leftovers else "Nothing was left.")
