"""The parameters of a view: the package's, for more kinds of values and with any rule."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from inspect import signature
from typing import Any, NamedTuple

import flask_validation_extended as package
from bson import ObjectId
from flask_validation_extended import All

from core.web.validation.field import Object, PartialObject
from core.web.validation.kind import KINDS, is_choice, members, origin
from core.web.validation.source import JSON, MERGE_PATCH, Source, read_json

_SIMPLE = KINDS.keys() - {list, dict}


class List(package.List):
    """A kind: a JSON array of items of one kind, or of one of several."""

    org_type: type = list

    def __init__(self, item: Any = All) -> None:
        self.item = item


class Dict(List, package.Dict):
    """A kind: a JSON object whose values are of one kind, or of one of several."""

    org_type = dict


class _OfAnyKind:
    """Replaces the package's checks, which know six kinds and no rule derived from a rule."""

    annotation: Any

    def _annotation_valid(self, annotation: Any) -> Any:
        for kind in annotation:
            if not self._is_kind(kind):
                raise package.InvalidAnnotation(type(self).__name__)
        return annotation

    def _default_valid(self, default: Any) -> Any:
        kinds = [origin(kind) for kind in self.annotation]
        if default is None or any(kind is All or isinstance(default, kind) for kind in kinds):
            return default
        raise package.InvalidDefault

    def _rules_valid(self, rules: Any) -> list[package.ValidationRule]:
        for rule in rules:
            if not isinstance(rule, package.ValidationRule):
                raise package.InvalidRule(type(rule))
            types = rule.types if isinstance(rule.types, (list, tuple)) else (rule.types,)
            for kind in map(origin, self.annotation):
                if not {All, float if kind is Decimal else kind} & set(types):
                    raise package.InvalidRuleAnnotation(type(rule).__name__, types)
        return list(rules)

    def _is_kind(self, kind: Any) -> bool:
        return (is_choice(kind) and bool(members(kind))) or (
            isinstance(kind, type) and kind in _SIMPLE
        )


class Route(_OfAnyKind, package.Route):
    """A part of the path."""


class Query(_OfAnyKind, package.Query):
    """A query parameter."""


class Form(_OfAnyKind, package.Form):
    """A field of a form, urlencoded or multipart."""


class Header(_OfAnyKind, package.Header):
    """A header, named by the first argument in any case."""


class Json(_OfAnyKind, package.Json):
    """A field of the JSON object in the body."""

    def _is_kind(self, kind: Any) -> bool:
        if isinstance(kind, package.List):
            items = kind.item if isinstance(kind.item, list | tuple) else (kind.item,)
            return all(map(self._is_kind, items))
        return super()._is_kind(kind) or kind in (list, dict) or isinstance(kind, Object)


class Body(Json):
    """The JSON object in the body, as one dict: `Body(StrictObject(name=Json(str)))`."""

    takes_body = True
    key = ""  # the body itself
    types: tuple[str, ...] = (JSON,)

    def __init__(self, kind: Object) -> None:
        if not isinstance(kind, Object):
            raise TypeError("a body must be declared with Object() or StrictObject()")
        super().__init__(kind)
        read = partial(read_json, types=self.types)
        self.source = Source("JSON field", False, read, lambda body, key, label: body)


class Changes(Body):
    """The changes of a PATCH: a dict of only the fields that were sent.

    fields: `Changes(name=Json(str), note=Json(str, optional=True))`; each may be left out,
    and one that is optional may be null. A field that is not declared is refused.
    """

    def __init__(self, /, **fields: package.Json) -> None:
        kinds = [kind for one in fields.values() for kind in one.annotation]
        # A merge patch would merge the objects in it, which are replaced as a whole here.
        if not any(kind is All or origin(kind) is dict for kind in kinds):
            self.types = (JSON, MERGE_PATCH)
        super().__init__(PartialObject(**fields))


class Paging(Query):
    """A page of a list, newest first: the query parameters `limit` and `before`, as one Page.

    default, most: the documents on a page.
    """

    def __init__(self, default: int = 10, most: int = 100) -> None:
        super().__init__(All)
        if not 1 <= default <= most:
            raise ValueError("`default` must be from 1 to `most`")
        rules = [package.Min(1), package.Max(most)]
        self.parts = {
            "limit": Query(int, default=default, rules=rules),
            "before": Query(ObjectId, optional=True),
        }


class Input(NamedTuple):
    """A value that a view takes."""

    name: str  # of the view's parameter
    part: str  # the same, or that of a part of it
    key: str  # its name in the request
    parameter: package.params.Parameter


def inputs(view: Callable[..., Any]) -> list[Input]:
    """Return the values that a view says it takes, and from where."""
    found = []
    for name, argument in signature(view).parameters.items():
        if isinstance(argument.default, package.params.Parameter):
            for part, one in getattr(argument.default, "parts", {name: argument.default}).items():
                key = getattr(one, "key", getattr(one, "header_name", part))
                found.append(Input(name, part, key, one))
    return found


def method_of(view: Callable[..., Any], method: str) -> Callable[..., Any]:
    """Return the function that answers a method: the view, or its class's function."""
    owner = getattr(view, "view_class", None)
    name = "get" if method == "HEAD" and not hasattr(owner, "head") else method.lower()
    of_class = getattr(owner, "dispatch_request", view)
    function: Callable[..., Any] = getattr(owner, name, of_class)
    return function
