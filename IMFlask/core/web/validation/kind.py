"""The kinds of values that a view may ask for: in words, in JSON Schema, as text."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from bson import ObjectId
from flask_validation_extended import All, Dict, List

from core.web.json_provider import finite_float

DIGITS = 34  # of a Decimal, as BSON's Decimal128 has them


class Kind(NamedTuple):
    """A kind of values: in words, in JSON Schema, and as text."""

    words: str
    schema: dict[str, Any]
    text: re.Pattern[str] = re.compile("(?!)")  # what a whole text of it matches
    make: Callable[[str], Any] = str  # of such a text; raises ValueError or OverflowError


def _text(words: str, pattern: str, make: Callable[[str], Any], **schema: str) -> Kind:
    """Return a kind that is a string in JSON."""
    form = {"type": "string", "pattern": f"^{pattern}$", **schema}
    return Kind(words, form, re.compile(pattern), make)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)  # as BSON keeps it


_HEX = "[0-9a-fA-F]"
_DATE = r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_DECIMAL = rf"(?!-[0.]+$)-?(?=[0-9.]{{1,{DIGITS + 1}}}$)[0-9]{{1,{DIGITS}}}(\.[0-9]+)?"

_ANY = re.compile(r"[\s\S]*")

# A text has ASCII digits alone, no `+`, `_` or spaces, which int() and float() accept.
KINDS: dict[Any, Kind] = {
    int: Kind("an integer", {"type": "integer"}, re.compile("-?[0-9]+"), int),
    float: Kind(
        "a number",
        {"type": "number"},
        re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"),
        finite_float,
    ),
    bool: Kind(
        "true or false",
        {"type": "boolean"},
        re.compile("[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]"),
        lambda text: text.lower() == "true",
    ),
    str: Kind("a string", {"type": "string"}, _ANY),
    list: Kind("an array", {"type": "array"}),
    dict: Kind("an object", {"type": "object"}),
    All: Kind("any value", {}, _ANY),
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
    Decimal: _text('a decimal number (in JSON a string, like "19.90")', _DECIMAL, Decimal),
}
STRINGS = KINDS.keys() - {int, float, bool, str, list, dict, All}  # what is a string in JSON


def is_choice(kind: Any) -> bool:
    """Whether a kind is an Enum class, whose values must be texts, or else integers."""
    return isinstance(kind, type) and issubclass(kind, Enum)


@cache
def members(kind: type[Enum], is_text: bool = False) -> dict[Any, Enum]:
    """Return the members of an Enum class by their values, or by these as text.

    Raises TypeError for values that are not all texts or all integers.
    """
    if {type(member.value) for member in kind} not in ({str}, {int}):
        raise TypeError(f"{kind.__name__} must have values that are all texts or all integers")
    return {str(one.value) if is_text else one.value: one for one in kind}


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
    return KINDS[origin(kind)].words


def origin(kind: Any) -> Any:
    """Return the type of a kind's values before they are read."""
    return dict if isinstance(kind, Dict) else getattr(kind, "org_type", kind)


def described_value(value: Any) -> str:
    """Return the kind of a JSON value in words."""
    return "null" if value is None else KINDS[type(value)].words
