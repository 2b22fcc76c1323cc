"""Our Validator: the one of flask-validation-extended, with its holes closed.

Same decorator, same parameters, same rules. What the package lets pass is
refused: duplicates, numbers that are none, text that is not UTF-8, a bool for an
int, a body that is broken or is no JSON object. Only the sources that a view
declares are parsed, and its signature is read once. A rule may be derived from
another rule when the parameter is imported from here.
"""

import copy
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Any
from urllib.parse import unquote_to_bytes

import flask_validation_extended as package
from flask import Request, g, request
from werkzeug.exceptions import UnsupportedMediaType

from app.api.response import bad_request
from app.api.rule import ValidationRule, checker
from app.api.value import convert, described, described_value, matches
from controller.error import Invalid

_MISSING = object()


class _TakesAnyRule:
    """Replaces the package's check, which refuses a rule derived from another rule."""

    annotation: Any

    def _rules_valid(self, rules: Any) -> list[ValidationRule]:
        for rule in rules:
            if not isinstance(rule, ValidationRule):
                raise package.InvalidRule(type(rule))
            types = rule.types if isinstance(rule.types, (list, tuple)) else (rule.types,)
            for kind in self.annotation:
                if package.All not in types and getattr(kind, "org_type", kind) not in types:
                    raise package.InvalidRuleAnnotation(type(rule).__name__, types)
        return list(rules)


class Route(_TakesAnyRule, package.Route):
    """A part of the path."""


class Query(_TakesAnyRule, package.Query):
    """A query parameter."""


class Form(_TakesAnyRule, package.Form):
    """A field of a form, urlencoded or multipart."""


class Header(_TakesAnyRule, package.Header):
    """A header, named by the first argument in any case."""


class Json(_TakesAnyRule, package.Json):
    """A field of the JSON object in the body."""


class File(_TakesAnyRule, package.File):
    """A field of a multipart form: a list of werkzeug's FileStorage."""

    def _annotation_valid(self, annotation: Any) -> list[type]:
        return [package.FileObj]


class Validator(package.Validator):
    """Decorates a view whose parameters' defaults say where each value comes from.

    error_function: turns a sentence into the answer; by default our 400.
    """

    default_error = staticmethod(bad_request)

    def __call__(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Return the view that is called with its parameters read and checked.

        Raises TypeError at once for a parameter without a source.
        """
        plan = _plan(view)

        @wraps(view)
        def wrapper(**kwargs: Any) -> Any:
            if g.get("deactivate_validator"):  # the package's invalidate()
                return view(**kwargs)
            values = {}
            try:
                current = request._get_current_object()  # the proxy costs at every use
                for read_source, fields in plan:
                    source = read_source(current, kwargs)
                    for field in fields:
                        values[field.name] = field.read(source)
            except Invalid as error:
                return self.error_func(str(error))
            return view(**values)

        return wrapper


class _Field:
    """One parameter of a view."""

    def __init__(self, name: str, parameter: package.params.Parameter, label: str) -> None:
        self.name = name
        self._key = getattr(parameter, "header_name", name)
        self._label = f"{label} '{self._key}'"
        self._kinds = parameter.annotation
        self._optional = parameter.optional
        self._default = parameter.default
        self._rules = [(checker(rule), rule) for rule in parameter.rules]
        self._fetch = _FETCHERS.get(label, _fetch_one)
        self._is_json = label == "JSON field"

    def read(self, source: Any) -> Any:
        """Return the parameter's value; raise Invalid with a sentence for the client."""
        value = self._fetch(source, self._key, self._label)
        if value is _MISSING or value is None:
            if self._default is not None:
                # A copy: a view may change the list that is its default.
                return copy.deepcopy(self._default)
            if self._optional:
                return None
            if value is None:
                raise Invalid(f"{self._label} is null: it must be {described(self._kinds)}.")
            raise Invalid(f"{self._label} is missing.")
        if type(value) is str and not self._is_json:
            value = convert(value, self._kinds, self._label)
        elif package.FileObj not in self._kinds and not matches(value, self._kinds):
            raise Invalid(
                f"{self._label} must be {described(self._kinds)}, not {described_value(value)}."
            )
        for is_valid, rule in self._rules:
            if not is_valid(value):
                raise Invalid(f"{self._label} {rule.invalid_str()}")
        return value


def _plan(view: Callable[..., Any]) -> list[tuple[Callable[..., Any], list[_Field]]]:
    """Return the view's sources, each with the fields to read from it."""
    plan: dict[Callable[..., Any], list[_Field]] = {}
    for name, argument in signature(view).parameters.items():
        for kind, (label, read_source) in _SOURCES.items():
            if isinstance(argument.default, kind):
                plan.setdefault(read_source, []).append(_Field(name, argument.default, label))
                break
        else:
            raise TypeError(f"{view.__name__}: the parameter {name!r} has no source")
    return list(plan.items())


def _read_route(request: Request, kwargs: dict[str, Any]) -> Mapping[str, Any]:
    _check_utf8(request.environ.get("PATH_INFO", "").encode("latin-1"), "path")
    return kwargs


def _read_query(request: Request, kwargs: dict[str, Any]) -> Any:
    query = request.query_string
    if b"%" in query or not query.isascii():
        _check_utf8(unquote_to_bytes(query), "query")
    return request.args


def _read_form(request: Request, kwargs: dict[str, Any]) -> Any:
    if request.mimetype == "application/x-www-form-urlencoded":
        _check_utf8(unquote_to_bytes(request.get_data()), "form")
    elif any("\ufffd" in text for item in request.form.items(multi=True) for text in item):
        # Of a multipart form there is only what Werkzeug has made of it.
        raise Invalid("The form is not valid UTF-8.")
    return request.form


def _read_files(request: Request, kwargs: dict[str, Any]) -> Any:
    return request.files


def _read_headers(request: Request, kwargs: dict[str, Any]) -> Any:
    return request.headers


def _read_json(request: Request, kwargs: dict[str, Any]) -> dict[str, Any]:
    # A cross-site form can send anything but this type; no body has no type.
    if request.mimetype != "application/json":
        if request.mimetype or request.get_data():
            raise UnsupportedMediaType("Send JSON, with the Content-Type application/json.")
        return {}
    body = request.get_json()
    if not isinstance(body, dict):
        raise Invalid(f"The JSON body must be an object, not {described_value(body)}.")
    return body


def _check_utf8(raw: bytes, what: str) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise Invalid(f"The {what} is not valid UTF-8.") from None


def _fetch_one(source: Mapping[str, Any], key: str, label: str) -> Any:
    return source.get(key, _MISSING)


def _fetch_single(source: Any, key: str, label: str) -> Any:
    values = source.getlist(key)
    if len(values) > 1:
        raise Invalid(f"{label} is given {len(values)} times: give it once.")
    return values[0] if values else _MISSING


def _fetch_files(source: Any, key: str, label: str) -> Any:
    # A browser sends a field without a file as one file without a name.
    return [file for file in source.getlist(key) if file.filename] or _MISSING


_SOURCES: dict[type, tuple[str, Callable[..., Any]]] = {
    package.Route: ("Path parameter", _read_route),
    package.Query: ("Query parameter", _read_query),
    package.Header: ("Header", _read_headers),
    package.Json: ("JSON field", _read_json),
    package.Form: ("Form field", _read_form),
    package.File: ("File", _read_files),
}
_FETCHERS: dict[str, Callable[..., Any]] = {
    "Query parameter": _fetch_single,
    "Form field": _fetch_single,
    "File": _fetch_files,
}
