"""Our Validator: the one of flask-validation-extended, with its holes closed.

The decorator, parameters and rules are the same. It refuses more: duplicates, malformed numbers,
text that is not UTF-8, a bool for an int, a body that is broken or not a JSON object. Only the
sources that a view declares are parsed, and its signature is read once.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, NamedTuple

import flask_validation_extended as package
from flask import current_app

from core.error import Invalid
from core.page import Page
from core.web.request import Request, current_request
from core.web.response import fail
from core.web.validation.field import Field
from core.web.validation.parameter import inputs, method_of
from core.web.validation.source import BODIES, SOURCES, Source
from core.web.validation.value import Wrong


class Validator(package.Validator):
    """Decorates a view whose parameters' defaults say where each value comes from.

    The route or another decorator gives a parameter without that default.
    error_function: turns a sentence into the answer; by default our 400.
    """

    default_error = staticmethod(lambda description: fail(400, description))

    def __call__(self, view: Any) -> Any:
        """Return the view that is called with its parameters read and checked."""
        if isinstance(view, staticmethod | classmethod):
            return type(view)(self(view.__func__))
        plan = _plan(view)

        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            request = current_request()
            try:
                # A view without parameters may be that of a class, among its `decorators`.
                values = (plan if plan.entries else _plan_of_method(request)).read(request, kwargs)
            except Invalid as error:
                return self.error_func(str(error))
            return view(*args, **values)

        return wrapper


class _Entry(NamedTuple):
    """A parameter in a plan."""

    name: str
    key: str  # its name in its source
    label: str  # what a client knows it as
    source: Source
    field: Field


class _Plan(NamedTuple):
    """A view's parameters, grouped by the reader of their source."""

    entries: dict[Callable[..., Any], list[_Entry]]
    pages: dict[str, list[str]]  # the parameters that make a Page

    def read(self, request: Request, values: dict[str, Any]) -> dict[str, Any]:
        """Return `values`, those of the route, with those of the parameters."""
        for read, entries in self.entries.items():
            given = read(request, values)
            for entry in entries:
                value = entry.source.find(given, entry.key, entry.label)
                try:
                    values[entry.name] = entry.field.read(value)
                except Wrong as error:
                    place = f"{entry.key}{error.place}".removeprefix(".")
                    raise Invalid(f"{entry.source.label} '{place}' {error.sentence}") from None
        for name, parts in self.pages.items():
            values[name] = Page(*map(values.pop, parts))
        return values


@cache
def _plan(view: Callable[..., Any]) -> _Plan:
    """Return how the view's parameters are read.

    A parameter with a `source` of its own is read from there; one that `takes_body` excludes
    others of the body, except kinds in `beside`.
    """
    plan, given = _Plan({}, {}), inputs(view)
    whole = next((one.parameter for one in given if hasattr(one.parameter, "takes_body")), None)
    beside = getattr(whole, "beside", {})
    sources = SOURCES | beside
    for name, part, key, one in given:
        kind = next((kind for kind in sources if isinstance(one, kind)), None)
        if whole and isinstance(one, BODIES) and kind not in beside and one is not whole:
            raise TypeError(f"{view.__name__}: one parameter takes the whole body")
        source = getattr(one, "source", None) or sources.get(kind)
        if source is None:
            raise TypeError(f"{view.__name__}: {name!r} is a File(), use Files()")
        if any(part == entry.name for entries in plan.entries.values() for entry in entries):
            raise TypeError(f"{view.__name__}: there are two parameters {part!r}")
        field = Field(one, source.is_text, source.missing)
        entry = _Entry(part, key, f"{source.label} '{key}'", source, field)
        plan.entries.setdefault(source.read, []).append(entry)
        if part != name:
            plan.pages.setdefault(name, []).append(part)
    return plan


def _plan_of_method(request: Request) -> _Plan:
    """Return the plan of the class's method that the request is for."""
    view: Any = current_app.view_functions.get(request.endpoint or "")
    return _plan(method_of(view, request.method)) if hasattr(view, "view_class") else _Plan({}, {})
