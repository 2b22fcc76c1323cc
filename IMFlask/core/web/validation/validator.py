"""Our Validator: the one of flask-validation-extended, with its holes closed.

Same decorator, same parameters, same rules. What the package lets pass is
refused: duplicates, numbers that are none, text that is not UTF-8, a bool for an
int, a body that is broken or is no JSON object. Only the sources that a view
declares are parsed, and its signature is read once.
"""

import copy
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import flask_validation_extended as package
from flask import g

from core.error import Invalid
from core.web.request import current_request
from core.web.response import fail
from core.web.validation.rule import checker, sentence
from core.web.validation.source import MISSING, SOURCES, Source
from core.web.validation.value import convert, described, described_value, matches


class Validator(package.Validator):
    """Decorates a view whose parameters' defaults say where each value comes from.

    error_function: turns a sentence into the answer; by default our 400.
    """

    default_error = staticmethod(lambda description: fail(400, description))

    def __call__(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Return the view that is called with its parameters read and checked.

        Raises TypeError at once for a parameter without a source.
        """
        plan = _plan(view)

        @wraps(view)
        def wrapper(**kwargs: Any) -> Any:
            if g.get("deactivate_validator"):  # the package's invalidate()
                return view(**kwargs)
            current, values = current_request(), {}
            try:
                for source, fields in plan:
                    given = source.read(current, kwargs)
                    for field in fields:
                        values[field.name] = field.read(given)
            except Invalid as error:
                return self.error_func(str(error))
            return view(**values)

        return wrapper


class _Field:
    """One parameter of a view."""

    def __init__(self, name: str, parameter: package.params.Parameter, source: Source) -> None:
        self.name = name
        self._key = getattr(parameter, "header_name", name)
        self._label = f"{source.label} '{self._key}'"
        self._find = source.find
        self._is_text = source.is_text
        self._is_file = isinstance(parameter, package.File)
        self._kinds = parameter.annotation
        self._optional = parameter.optional
        self._default = parameter.default
        self._rules = [(checker(rule), rule) for rule in parameter.rules]

    def read(self, values: Any) -> Any:
        """Return the parameter's value; raise Invalid with a sentence for the client."""
        value = self._find(values, self._key, self._label)
        if value is MISSING or value is None:
            return self._read_nothing(is_null=value is None)
        if self._is_text and type(value) is str:
            value = convert(value, self._kinds, self._label)
        elif not self._is_file and not matches(value, self._kinds):
            raise Invalid(f"{self._label} must be {described(self._kinds)}{self._not(value)}.")
        for is_valid, rule in self._rules:
            if not is_valid(value):
                raise Invalid(f"{self._label} {sentence(rule)}")
        return value

    def _not(self, value: Any) -> str:
        """What the value is instead, unless it is of the right kind but for its items."""
        if any(matches(value, getattr(kind, "org_type", ())) for kind in self._kinds):
            return ""
        return f", not {described_value(value)}"

    def _read_nothing(self, is_null: bool) -> Any:
        if self._default is not None:
            return copy.deepcopy(self._default)  # the view may change it
        if self._optional:
            return None
        if is_null:
            raise Invalid(f"{self._label} is null: it must be {described(self._kinds)}.")
        raise Invalid(f"{self._label} is missing.")


def _plan(view: Callable[..., Any]) -> list[tuple[Source, list[_Field]]]:
    """Return the view's sources, each with the fields to read from it.

    A parameter with a `source` of its own is read from there; one that `takes_body`
    leaves nothing of it to others.
    """
    of_body = [
        argument.default
        for argument in signature(view).parameters.values()
        if isinstance(argument.default, (package.Json, package.Form, package.File))
    ]
    if len(of_body) > 1 and any(hasattr(one, "takes_body") for one in of_body):
        raise TypeError(f"{view.__name__}: one parameter takes the whole body")
    plan: dict[Source, list[_Field]] = {}
    for name, argument in signature(view).parameters.items():
        source = getattr(argument.default, "source", None) or next(
            (SOURCES[kind] for kind in SOURCES if isinstance(argument.default, kind)), None
        )
        if source is None:
            raise TypeError(f"{view.__name__}: the parameter {name!r} has no source")
        plan.setdefault(source, []).append(_Field(name, argument.default, source))
    return list(plan.items())
