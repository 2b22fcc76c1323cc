"""A parameter's value: text to a type, the check of a type, and types in words."""

import math
import re
from typing import Any

from flask_validation_extended import All, Dict, List

from core.error import Invalid

# The digits of ASCII alone, no `+`, no `_`, no spaces, which int() and float() take.
_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")

_WORDS: dict[Any, str] = {
    int: "an integer",
    float: "a number",
    str: "a string",
    bool: "true or false",
    list: "an array",
    dict: "an object",
    All: "any value",
}


def convert(text: str, kinds: Any, label: str) -> Any:
    """Return `text` as the first of `kinds` that it is a value of; raise Invalid if none."""
    is_too_long = False
    for kind in kinds:
        if kind is str or kind is All:
            return text
        if kind is int and _INTEGER.fullmatch(text):
            try:
                return int(text)
            except ValueError:  # beyond sys.get_int_max_str_digits(), 4300 by default
                is_too_long = True
        if kind is float and _NUMBER.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
        if kind is bool and text.lower() in ("true", "false"):
            return text.lower() == "true"
    if is_too_long:
        raise Invalid(f"{label} has too many digits.")
    raise Invalid(f"{label} is malformed: it must be {described(kinds)}.")


def matches(value: Any, kind: Any) -> bool:
    """Whether a JSON value is of a kind, or of one of several kinds."""
    if isinstance(kind, (list, tuple)):
        return any(matches(value, one) for one in kind)
    if isinstance(kind, Dict):  # before List, whose subclass it is
        return isinstance(value, dict) and all(matches(v, kind.item) for v in value.values())
    if isinstance(kind, List):
        return isinstance(value, list) and all(matches(item, kind.item) for item in value)
    if kind is All:
        return True
    if isinstance(value, bool):
        return kind is bool
    if kind is float and isinstance(value, int):  # JSON has one kind of number
        return value.bit_length() <= 1023  # else no float can hold it
    return isinstance(value, kind)


def described(kind: Any) -> str:
    """Return a kind, or several, in words."""
    if isinstance(kind, (list, tuple)):
        return " or ".join(described(one) for one in kind)
    if isinstance(kind, Dict):
        return f"an object of values each {described(kind.item)}"
    if isinstance(kind, List):
        return f"an array of items each {described(kind.item)}"
    return _WORDS[kind]


def described_value(value: Any) -> str:
    """Return the kind of a JSON value in words."""
    return "null" if value is None else _WORDS.get(type(value), "another kind of value")
