"""Uploads: a form is parsed while it arrives, and not kept anywhere.

Flask's own parser keeps small files in memory and large ones on the disk until the
whole form is there; a view with `Files()` gets them as they arrive.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import flask_validation_extended as package
from flask import current_app
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import Forbidden, UnsupportedMediaType

from core.error import Invalid
from core.file import Upload
from core.web.multipart import Part, leading_fields, read_parts
from core.web.request import Request
from core.web.validation.source import Source, find_single, refuse_encoding

_ORDER = "send the fields of the form before its files."


class UploadForm(NamedTuple):
    """A form whose fields before the first file are read."""

    fields: MultiDict[str, str]
    parts: Iterator[Part]
    asked: set[str]  # the fields that the view takes


def read_form(request: Request, variables: dict[str, Any]) -> UploadForm:
    """Return the form in the body, of which at most MAX_UPLOAD_SIZE bytes are read."""
    refuse_encoding(request)
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("Send a form, with the Content-Type multipart/form-data.")
    # A page of any other site can send a form here with a browser's cookies, or to a
    # developer's machine, but cannot add this header without being let.
    if _is_foreign(request) and "Authorization" not in request.headers:
        raise Forbidden("A page of another site may not send this.")
    request.max_content_length = current_app.config["MAX_UPLOAD_SIZE"]
    boundary = request.mimetype_params.get("boundary", "")
    parts = read_parts(request.blocks(), boundary, request.max_form_parts)
    fields: MultiDict[str, str] = MultiDict()
    return UploadForm(fields, leading_fields(parts, request.max_form_memory_size, fields), set())


def _is_foreign(request: Request) -> bool:
    """Whether the browser says that a page of another origin sends this."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is None and origin is not None:  # over plain HTTP browsers send only Origin
        return origin.lower() != f"{request.scheme}://{request.host}"
    return site in ("cross-site", "same-site")


def find_field(form: UploadForm, key: str, label: str) -> Any:
    """Return a field of the form that comes before its files."""
    form.asked.add(key)
    return find_single(form.fields, key, label)


def find_files(form: UploadForm, key: str, label: str) -> Iterator[Upload]:
    """Yield the files of one field; read each before the next one, or skip it.

    Raises Invalid when there is none, a 400 when the form breaks off, a 413 when it
    is too large; at the end all of the body has been read.
    """
    count = 0
    for part in form.parts:
        if part.filename is None and part.name in form.asked:
            raise Invalid(_ORDER.capitalize())
        # A browser sends a file without a name if none was chosen.
        if part.name == key and part.filename:
            count += 1
            yield Upload(part.filename, part.content_type, part.blocks)
    if not count:
        raise Invalid(f"{label} is missing.")


class Files(package.File):
    """The files of a field, as they come in: an iterator of `core.file.Upload`.

    Errors in the files are raised while they are read. The view may also have `Form(...)` fields,
    which must come before the files in the form. Another parameter of the body raises TypeError
    when the view is defined.
    """

    source = Source("File", False, read_form, find_files)
    takes_body = True
    beside = {  # noqa: RUF012
        package.Form: Source("Form field", True, read_form, find_field, f"is missing: {_ORDER}")
    }

    def __init__(self) -> None:
        super().__init__()  # no rules, which would need all files at once
        self.annotation = [package.All]
