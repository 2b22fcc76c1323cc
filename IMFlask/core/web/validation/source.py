"""Where a view's parameters come from: how each source is read, and a value found in it."""

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import flask_validation_extended as package
from werkzeug.exceptions import UnsupportedMediaType

from core.error import Invalid
from core.web.request import Request
from core.web.validation.field import MISSING
from core.web.validation.kind import described_value

JSON = "application/json"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
MERGE_PATCH = "application/merge-patch+json"  # RFC 7396


class Source(NamedTuple):
    """One of the places that a request carries values in."""

    label: str  # what a client knows it as
    is_text: bool  # whether its values are text, to be converted
    read: Callable[[Request, dict[str, Any]], Any]  # (request, the route's variables)
    find: Callable[[Any, str, str], Any]  # (what was read, key, label); MISSING if not there
    missing: str = "is missing."


def read_route(request: Request, variables: dict[str, Any]) -> Any:
    """Return the variables of the path."""
    _check_utf8(request.environ.get("PATH_INFO", "").encode("latin-1"), "path")
    return variables


def read_query(request: Request, variables: dict[str, Any]) -> Any:
    """Return the parameters of the query."""
    query = request.query_string
    if b"%" in query or not query.isascii():
        _check_utf8(unquote_to_bytes(query), "query")
    return request.args


def read_json(request: Request, variables: dict[str, Any], types: Any = (JSON,)) -> Any:
    """Return the object in the body; an empty one where there is no body at all."""
    refuse_encoding(request)
    # A cross-site form cannot send these types.
    if request.mimetype not in types and (request.mimetype or request.get_data()):
        raise UnsupportedMediaType("Send JSON, with the Content-Type application/json.")
    if not request.get_data():
        return {}
    body = request.get_json()
    if not isinstance(body, dict):
        raise Invalid(f"The JSON body must be an object, not {described_value(body)}.")
    return body


def read_form(request: Request, variables: dict[str, Any]) -> Any:
    """Return the fields of the form."""
    refuse_encoding(request)
    if request.mimetype not in FORMS and (request.mimetype or request.get_data()):
        raise UnsupportedMediaType(f"Send a form, with the Content-Type {FORMS[0]}.")
    return request.form


def refuse_encoding(request: Request) -> None:
    """Raise a 415 for a compressed body."""
    given = request.headers.get("Content-Encoding") or "identity"
    if given.lower() != "identity":
        raise UnsupportedMediaType("Send the body uncompressed, without a Content-Encoding.")


def find_single(source: Any, key: str, label: str) -> Any:
    """Return the value that must be given once; raise Invalid when it is given twice."""
    values = source.getlist(key)
    if len(values) > 1:
        raise Invalid(f"{label} is given {len(values)} times: give it once.")
    return values[0] if values else MISSING


def _check_utf8(raw: bytes, what: str) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise Invalid(f"The {what} is not valid UTF-8.") from None


def _find(source: Any, key: str, label: str) -> Any:
    return source.get(key, MISSING)


SOURCES: dict[type, Source] = {
    package.Route: Source("Path parameter", True, read_route, _find),
    package.Query: Source("Query parameter", True, read_query, find_single),
    package.Header: Source("Header", True, lambda request, _: request.headers, _find),
    package.Json: Source("JSON field", False, read_json, _find),
    package.Form: Source("Form field", True, read_form, find_single),
}
BODIES = (package.Json, package.Form, package.File)
