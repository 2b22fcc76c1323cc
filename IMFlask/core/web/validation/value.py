"""The kinds of values that a view may ask for: in words, from text, from JSON."""

import contextlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from math import isfinite
from typing import Any, NamedTuple
from uuid import UUID

from bson import ObjectId
from flask_validation_extended import All, Dict, List

EXACT = 2**53  # from there on a float leaves out integers
DIGITS = 34  # of a Decimal, as BSON's Decimal128 has them
_OTHER = object()  # the value is of another kind


class Wrong(ValueError):
    """A value is not what it must be.

    sentence: what the client reads after the field's name: "must be 1 or more."; place:
    where in the value: "[2].quantity". A rule's `is_valid` may raise it.
    """

    def __init__(self, sentence: str, place: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.place = place


class Kind(NamedTuple):
    """A kind of values: in words, in JSON Schema, and as text."""

    words: str
    schema: dict[str, Any]
    pattern: str = ""  # of the whole text
    make: Callable[[str], Any] = str  # of such a text; raises ValueError or OverflowError


def _text(words: str, pattern: str, make: Callable[[str], Any], **schema: str) -> Kind:
    """Return a kind that is a string in JSON."""
    return Kind(words, {"type": "string", "pattern": f"^{pattern}$", **schema}, pattern, make)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)  # as BSON keeps it


def _finite(text: str) -> float:
    if not isfinite(number := float(text)):
        raise ValueError
    return number


_HEX = "[0-9a-fA-F]"
_DATE = r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_DECIMAL = rf"(?!-[0.]+$)-?(?=[0-9.]{{1,{DIGITS + 1}}}$)[0-9]{{1,{DIGITS}}}(\.[0-9]+)?"

# In text the digits of ASCII alone, no `+`, no `_`, no spaces, which int() and float() take.
KINDS: dict[Any, Kind] = {
    int: Kind("an integer", {"type": "integer"}, "-?[0-9]+", int),
    float: Kind("a number", {"type": "number"}, r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", _finite),
    bool: Kind(
        "true or false",
        {"type": "boolean"},
        "[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]",
        lambda text: text.lower() == "true",
    ),
    str: Kind("a string", {"type": "string"}, r"[\s\S]*"),
    list: Kind("an array", {"type": "array"}),
    dict: Kind("an object", {"type": "object"}),
    All: Kind("any value", {}, r"[\s\S]*"),
    ObjectId: _text("an id of 24 hexadecimal digits", f"{_HEX}{{24}}", ObjectId),
    UUID: _text(
        "a UUID", "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", UUID, format="uuid"
    ),
    # RFC 3339, 5.6, which JSON Schema's format means.
    datetime: _text(
        "a date and time with its offset, like 2026-01-31T09:30:00Z",
        rf"{_DATE}T{_CLOCK}:[0-5][0-9](\.[0-9]{{1,9}})?(Z|[+-]{_CLOCK})",
        _moment,
        format="date-time",
    ),
    date: _text("a date like 2026-01-31", _DATE, date.fromisoformat, format="date"),
    Decimal: _text('a decimal number as a string, like "19.90"', _DECIMAL, Decimal),
}
_STRINGS = KINDS.keys() - {int, float, bool, str, list, dict, All}  # what is a string in JSON


def read(value: Any, kinds: Any, is_text: bool = False) -> Any:
    """Return `value` as the first of `kinds` that it is a value of.

    value: of JSON, or a text where `is_text`. Raises Wrong if it is of none.
    """
    wrong = None
    for kind in kinds if isinstance(kinds, list | tuple) else (kinds,):
        try:
            # A converter of Flask's may have made a value of a text.
            is_written = is_text and isinstance(value, str)
            found = _from_text(value, kind) if is_written else _from_json(value, kind)
        except Wrong as error:
            wrong = error
            continue
        if found is not _OTHER:
            return found
    if wrong:
        raise wrong
    if is_text:
        raise Wrong(f"is malformed: it must be {described(kinds)}.")
    raise Wrong(f"must be {described(kinds)}{_not(value, kinds)}.")


def is_choice(kind: Any) -> bool:
    """Whether a kind is an Enum class, whose values must be texts, or else integers."""
    return isinstance(kind, type) and issubclass(kind, Enum)


@cache
def members(kind: type[Enum]) -> dict[Any, Enum]:
    """Return the members of an Enum class by their values; raise TypeError for other values."""
    found = {member.value: member for member in kind}
    if {type(value) for value in found} not in ({str}, {int}):
        raise TypeError(f"{kind.__name__} must have values that are all texts or all integers")
    return found


def described(kind: Any) -> str:
    """Return a kind, or several, in words."""
    if isinstance(kind, (list, tuple)):
        return " or ".join(map(described, kind))
    if isinstance(kind, Dict):  # before List, whose subclass it is
        return f"an object of values each {described(kind.item)}"
    if isinstance(kind, List):
        return f"an array of items each {described(kind.item)}"
    if is_choice(kind):
        return f"one of these: {', '.join(map(str, members(kind)))}"
    return KINDS[getattr(kind, "org_type", kind)].words


def described_value(value: Any) -> str:
    """Return the kind of a JSON value in words."""
    return "null" if value is None else KINDS[type(value)].words


def at(place: str, read: Callable[..., Any], *args: Any) -> Any:
    """Return what `read` returns; what it finds wrong is at `place` in a larger value."""
    try:
        return read(*args)
    except Wrong as error:
        error.place = place + error.place
        raise


def _not(value: Any, kinds: Any) -> str:
    """What the value is instead, unless it is only written or chosen wrongly."""
    several = kinds if isinstance(kinds, list | tuple) else (kinds,)
    is_string = isinstance(value, str)
    if any(is_choice(kind) or (is_string and _is_string(kind)) for kind in several):
        return ""
    return f", not {described_value(value)}"


def _is_string(kind: Any) -> bool:
    """Whether a kind is written as a string in JSON, and none there."""
    return isinstance(kind, type) and kind in _STRINGS


def _from_text(text: str, kind: Any) -> Any:
    if is_choice(kind):
        is_number = re.fullmatch("-?(0|[1-9][0-9]{0,18})", text) and text not in members(kind)
        return members(kind).get(int(text) if is_number else text, _OTHER)
    with contextlib.suppress(ValueError, OverflowError):
        if re.fullmatch(KINDS[kind].pattern, text):
            return KINDS[kind].make(text)
    return _OTHER


def _from_json(value: Any, kind: Any) -> Any:
    if kind is All:
        return value
    if isinstance(value, dict):
        if isinstance(kind, Dict):
            return {name: at(f".{name[:64]}", read, one, kind.item) for name, one in value.items()}
        if not isinstance(kind, type) and hasattr(kind, "read"):  # an Object
            return kind.read(value)
    if isinstance(value, list) and isinstance(kind, List) and not isinstance(kind, Dict):
        return [at(f"[{index}]", read, item, kind.item) for index, item in enumerate(value)]
    if isinstance(value, bool):  # which to Python is 0 or 1
        return value if kind is bool else _OTHER
    if is_choice(kind):
        return members(kind).get(value, _OTHER) if isinstance(value, str | int | float) else _OTHER
    if kind in (int, Decimal) and isinstance(value, int | float):
        whole = _whole(value)
        if kind is int or whole is _OTHER:
            return whole
        return Decimal(whole) if abs(whole) < 10**DIGITS else _OTHER
    if kind is float and isinstance(value, int):  # JSON has one kind of number
        return value if value.bit_length() <= 1023 else _OTHER  # else no float can hold it
    if isinstance(value, str) and _is_string(kind):
        return _from_text(value, kind)
    return value if isinstance(kind, type) and isinstance(value, kind) else _OTHER


def _whole(number: float) -> Any:
    """Return a number as an integer: to JSON Schema `1.0` and `1e2` are some."""
    if isinstance(number, int):
        return number
    if not number.is_integer():
        return _OTHER
    if abs(number) >= EXACT:
        raise Wrong("is too large to be exact: write it in digits alone.")
    return int(number)
