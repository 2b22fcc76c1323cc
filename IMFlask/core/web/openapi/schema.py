"""JSON Schema of a view's parameters: their types and rules.

A rule of one's own may say what it is in its attribute `schema`: `{"minimum": 1}`.
"""

import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import flask_validation_extended as package
from flask_validation_extended import Dict, List, ValidationRule

from core.web.validation.field import Object
from core.web.validation.kind import DIGITS, KINDS, is_choice, members
from core.web.validation.rule import EMAIL, sentence

Schema = dict[str, Any]

_LENGTHS = {"string": "Length", "array": "Items", "object": "Properties"}

# The patterns with the same meaning in Python and in ECMAScript, which JSON Schema uses: no
# flags, no names, no possessive quantifiers, no `{,3}`, no `[]a]`, only these escapes. \d and \w
# match less in ECMAScript, so the schema never allows a text that the view refuses; hence none of
# them where something is negated.
_SHARED_PATTERN = re.compile(
    r"(?!.*(?:\[\^|\(\?<?!).*\\[dw])(?:\\[\^$\\.*+?()\[\]{}|/\-dwnrtfv1-9]"
    r"|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}"
    r"|\((?!\?)|\(\?(?:[:=!]|<[=!])|[*+?}](?!\+)|\{(?!,)|\[(?!\^?\])|[^\\(\[{*+?}])*"
)

# What a rule adds to the schema of these kinds.
_RULES: dict[type, Callable[[Any, list[str]], Schema]] = {
    package.Min: lambda rule, kinds: _finite(minimum=rule._num),
    package.Max: lambda rule, kinds: _finite(maximum=rule._num),
    package.MinLen: lambda rule, kinds: {f"min{_LENGTHS[kind]}": rule._num for kind in kinds},
    package.MaxLen: lambda rule, kinds: {f"max{_LENGTHS[kind]}": rule._num for kind in kinds},
    package.In: lambda rule, kinds: _enum(rule._enum),
    package.Regex: lambda rule, kinds: _pattern(rule._p_str),
    package.Number: lambda rule, kinds: {"pattern": "^[0-9]+$"},
    package.Strip: lambda rule, kinds: {"pattern": r"^(\S([\s\S]*\S)?)?$"},
    package.Email: lambda rule, kinds: {"format": "email", "pattern": f"^{EMAIL}$"},
    # No keyword of JSON Schema can say the other forms of strptime.
    package.Datetime: lambda rule, kinds: (
        {"format": "date"} if rule._df_format == "%Y-%m-%d" else {}
    ),
    package.PhoneNum: lambda rule, kinds: {
        "pattern": r"^(\+[0-9]{1,2} )?\(?[0-9]{3}\)?[ .-][0-9]{3,4}[ .-][0-9]{4}$"
    },
}


def schema_of(parameter: package.params.Parameter) -> Schema:
    """Return the schema of a view's parameter, with its rules in words as the description."""
    if isinstance(parameter, package.File):
        return {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}
    schema = _of_kinds(parameter.annotation)
    kinds = [one["type"] for one in schema.get("anyOf", [schema]) if one.get("type") in _LENGTHS]
    rules = [_of_rule(rule, kinds) for rule in parameter.rules]
    if Decimal in parameter.annotation and any(one.get("minimum", -1) >= 0 for one in rules):
        rules.append({"pattern": "^[0-9]"})  # in a string, where `minimum` means nothing
    for keywords in rules:
        if keywords.keys() & schema.keys():  # of an earlier rule, which holds as well
            schema.setdefault("allOf", []).append(keywords)
        else:
            schema |= keywords
    if isinstance(parameter, package.Json):
        if is_required(parameter):
            schema = schema or {"not": {"type": "null"}}
        elif schema:
            schema = {"anyOf": [schema, {"type": "null"}]}
    if parameter.default is not None:
        schema |= _finite(default=parameter.default)
    if parameter.rules:
        schema["description"] = " ".join(map(_in_words, parameter.rules))
    return schema


def of_fields(fields: dict[str, package.params.Parameter]) -> Schema:
    """Return the schema of an object with these fields, and with others."""
    schema: Schema = {
        "type": "object",
        "properties": {name: schema_of(parameter) for name, parameter in fields.items()},
    }
    required = [name for name, parameter in fields.items() if is_required(parameter)]
    return schema | ({"required": required} if required else {})


def is_required(parameter: package.params.Parameter) -> bool:
    """Whether a request without the parameter is refused."""
    return parameter.default is None and not parameter.optional


def _of_kinds(kinds: Iterable[Any]) -> Schema:
    schemas = [of_kind(kind) for kind in kinds]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def of_kind(kind: Any) -> Schema:
    """Return the schema of a kind."""
    if isinstance(kind, (list, tuple)):
        return _of_kinds(kind)
    if isinstance(kind, Dict):  # before List, whose subclass it is
        return {"type": "object", "additionalProperties": of_kind(kind.item)}
    if isinstance(kind, List):
        return {"type": "array", "items": of_kind(kind.item)}
    if isinstance(kind, Object):
        schema = of_fields(kind.parameters)
        if kind.is_partial:
            schema.pop("required", None)
        return schema | ({"additionalProperties": False} if kind.is_strict else {})
    if is_choice(kind):
        return {"enum": list(members(kind))}
    schema = KINDS[kind].schema
    if kind is Decimal:
        most = 10**DIGITS - 1
        return {"anyOf": [schema, {"type": "integer", "minimum": -most, "maximum": most}]}
    return dict(schema)


def _of_rule(rule: ValidationRule, kinds: list[str]) -> Schema:
    own: Schema | None = getattr(rule, "schema", None)
    if own is not None:
        return own
    for one in type(rule).__mro__:
        if one in _RULES:
            return _RULES[one](rule, kinds)
    return {}


def _enum(values: Iterable[Any]) -> Schema:
    """Return the values as keyword, unless JSON has several forms of one."""
    is_json = all(isinstance(value, str | int | float) for value in values)
    return {"enum": list(values)} if is_json else {}


def _pattern(pattern: str) -> Schema:
    return {"pattern": f"^(?:{pattern})$"} if _SHARED_PATTERN.fullmatch(pattern) else {}


def _finite(**keyword: Any) -> Schema:
    """Return the keyword, unless its value is infinite: that is no JSON."""
    (value,) = keyword.values()
    return {} if isinstance(value, float) and not math.isfinite(value) else keyword


def _in_words(rule: ValidationRule) -> str:
    words = sentence(rule)
    return words[:1].upper() + words[1:]
