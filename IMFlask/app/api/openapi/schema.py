"""JSON Schema of what a view takes: its types, and the rules that it puts on them.

A rule of one's own may say what it is in its attribute `schema`: `{"minimum": 1}`.
"""

from collections.abc import Callable, Iterable
from typing import Any

import flask_validation_extended as package
from flask_validation_extended import All, Dict, List, ValidationRule

from app.api.rule import ObjectIdRule, sentence

Schema = dict[str, Any]

_TYPES: dict[Any, Schema] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    list: {"type": "array"},
    dict: {"type": "object"},
    All: {},
}
_LENGTHS = {"string": "Length", "array": "Items", "object": "Properties"}

# What a rule adds to the schema of a type.
_RULES: dict[type, Callable[[Any, str | None], Schema]] = {
    package.Min: lambda rule, kind: {"minimum": rule._num},
    package.Max: lambda rule, kind: {"maximum": rule._num},
    package.MinLen: lambda rule, kind: {f"min{_LENGTHS[kind or 'string']}": rule._num},
    package.MaxLen: lambda rule, kind: {f"max{_LENGTHS[kind or 'string']}": rule._num},
    package.In: lambda rule, kind: {"enum": list(rule._enum)},
    package.Regex: lambda rule, kind: {"pattern": f"^(?:{rule._p_str})$"},
    package.Number: lambda rule, kind: {"pattern": "^[0-9]+$"},
    package.Strip: lambda rule, kind: {"pattern": r"^(\S([\s\S]*\S)?)?$"},
    package.Email: lambda rule, kind: {"format": "email"},
    package.IsoDatetime: lambda rule, kind: {"format": "date-time"},
    package.MinFileCount: lambda rule, kind: {"minItems": rule.min_num},
    package.MaxFileCount: lambda rule, kind: {"maxItems": rule.max_num},
    ObjectIdRule: lambda rule, kind: {"pattern": "^[0-9a-fA-F]{24}$"},
}


def schema_of(parameter: package.params.Parameter) -> Schema:
    """Return the schema of a view's parameter, with its rules in words as the description."""
    if isinstance(parameter, package.File):
        schema: Schema = {"type": "array", "items": {"type": "string", "format": "binary"}}
        schema["minItems"] = 0 if parameter.optional else 1
    else:
        schema = _of_kinds(parameter.annotation)
    for rule in parameter.rules:
        schema |= _of_rule(rule, schema.get("type"))
    if isinstance(parameter, package.Json) and not is_required(parameter):
        schema = {"anyOf": [schema, {"type": "null"}]}
    if parameter.default is not None:
        schema["default"] = parameter.default
    if parameter.rules:
        schema["description"] = " ".join(map(_in_words, parameter.rules))
    return schema


def is_required(parameter: package.params.Parameter) -> bool:
    """Whether a request without the parameter is refused."""
    return parameter.default is None and not parameter.optional


def _of_kinds(kinds: Iterable[Any]) -> Schema:
    schemas = [_of_kind(kind) for kind in kinds]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _of_kind(kind: Any) -> Schema:
    if isinstance(kind, (list, tuple)):
        return _of_kinds(kind)
    if isinstance(kind, Dict):  # before List, whose subclass it is
        return {"type": "object", "additionalProperties": _of_kind(kind.item)}
    if isinstance(kind, List):
        return {"type": "array", "items": _of_kind(kind.item)}
    return dict(_TYPES[kind])


def _of_rule(rule: ValidationRule, kind: str | None) -> Schema:
    own: Schema | None = getattr(rule, "schema", None)
    if own is not None:
        return own
    for one in type(rule).__mro__:
        if one in _RULES:
            return _RULES[one](rule, kind)
    return {}


def _in_words(rule: ValidationRule) -> str:
    words = sentence(rule)
    return words[:1].upper() + words[1:]
