"""A value: read as one of the kinds that a view asks for, from text or from JSON."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask_validation_extended import All, Dict, List

from core.web.validation.kind import (
    DIGITS,
    KINDS,
    STRINGS,
    described,
    described_value,
    is_choice,
    members,
)

EXACT = 2**53  # from there on a float leaves out integers
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


def read(value: Any, kinds: Any, is_text: bool = False) -> Any:
    """Return `value` as the first of `kinds` that it is a value of.

    value: of JSON, or a text where `is_text`. Raises Wrong if it is of none.
    """
    wrong = None
    for kind in kinds if isinstance(kinds, (list, tuple)) else (kinds,):
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


def at(place: str, read: Callable[..., Any], *args: Any) -> Any:
    """Call `read` on a part of a value; prefix the place of its error with `place`."""
    try:
        return read(*args)
    except Wrong as error:
        error.place = place + error.place
        raise


def _not(value: Any, kinds: Any) -> str:
    """What the value is instead, unless it is only written or chosen wrongly."""
    several = kinds if isinstance(kinds, (list, tuple)) else (kinds,)
    is_string = isinstance(value, str)
    if any(is_choice(kind) or (is_string and kind in STRINGS) for kind in several):
        return ""
    return f", not {described_value(value)}"


def _from_text(text: str, kind: Any) -> Any:
    if kind not in KINDS and is_choice(kind):
        return members(kind, is_text=True).get(text, _OTHER)
    one = KINDS[kind]
    try:
        return one.make(text) if one.text.fullmatch(text) else _OTHER
    except (ValueError, OverflowError):  # an invalid date, too many digits
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
        if isinstance(value, kind):  # in a default
            return value
        return members(kind).get(value, _OTHER) if isinstance(value, (str, int, float)) else _OTHER
    if kind in (int, Decimal) and isinstance(value, (int, float)):
        whole = _whole(value)
        if kind is int or whole is _OTHER:
            return whole
        return Decimal(whole) if abs(whole) < 10**DIGITS else _OTHER
    if kind is float and isinstance(value, int):  # JSON has one kind of number
        # No float can hold a longer one.
        return float(value) if value.bit_length() <= 1023 else _OTHER
    if isinstance(value, str) and kind in STRINGS:
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
