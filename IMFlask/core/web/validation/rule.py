"""Our own rules, and stricter tests for the package's rules."""

import copy
import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import flask_validation_extended as package
from flask_validation_extended import ValidationRule

from core.web.json_provider import to_json
from core.web.validation.kind import KINDS

# The package's messages for these are wrong at the bound, or unfit for a client.
_SENTENCES: dict[type, Callable[[Any], str]] = {
    package.Min: lambda rule: f"must be {rule._num} or more.",
    package.Max: lambda rule: f"must be {rule._num} or less.",
    package.MinLen: lambda rule: f"must have a length of {rule._num} or more.",
    package.MaxLen: lambda rule: f"must have a length of {rule._num} or less.",
    package.Regex: lambda rule: f"must match the pattern {rule._p_str} as a whole.",
    package.In: lambda rule: f"must be one of these: {', '.join(map(_shown, rule._enum))}.",
    package.Number: lambda rule: "must be digits.",
    package.Strip: lambda rule: "must not begin or end with white space.",
    package.Email: lambda rule: "must be an e-mail address.",
    package.IsoDatetime: lambda rule: "must be a date and time in ISO 8601 format.",
    package.Datetime: lambda rule: f"must be a date and time in the format {rule._df_format}.",
    package.PhoneNum: lambda rule: "must be a telephone number like 010-1234-5678.",
}

LENGTHS = (package.MinLen, package.MaxLen)

# What browsers take for type=email, with a dot in the domain, and with dots in the name only
# where RFC 5321 has them, since the description says `format: email`.
_ATOM = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
EMAIL = rf"(?=.{{1,254}}$)(?=.{{1,64}}@){_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})+"
_email = re.compile(EMAIL)

# Their patterns take the digits of every script.
_ASCII_RULES = (package.Datetime, package.IsoDatetime, package.Number, package.PhoneNum)


class Regex(package.Regex):
    """A text that matches `pattern` as a whole.

    words: what the client reads where it does not, "must be like ABC-123."; by default the
    pattern.
    """

    def __init__(self, pattern: str, words: str | None = None) -> None:
        super().__init__(pattern)
        self._words = words or f"must match the pattern {pattern} as a whole."

    def invalid_str(self) -> str:
        """Return what the client reads after the parameter's name."""
        return self._words


class ObjectIdRule(Regex):
    """A string of 24 hexadecimal digits, as ObjectId takes it; the kind ObjectId makes one."""

    def __init__(self) -> None:
        super().__init__("[0-9a-fA-F]{24}", "must be an id of 24 hexadecimal digits.")


DatetimeRule = package.Datetime  # a date and time written as strptime's codes say


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else json.dumps(value, default=to_json)


def sentence(rule: ValidationRule) -> str:
    """Return what the client reads, after the parameter's name, when the rule is broken."""
    ours = _SENTENCES.get(type(rule))
    return ours(rule) if ours else rule.invalid_str()


def checker(rule: ValidationRule) -> Callable[[Any], bool]:
    """Return the rule's test, made strict where the package's own is lax."""
    if type(rule).is_valid is package.Regex.is_valid:
        pattern = rule._pattern
        return lambda text: pattern.fullmatch(text) is not None
    if type(rule).is_valid is package.Email.is_valid:
        return lambda text: _email.fullmatch(text) is not None
    if type(rule).is_valid in (package.Min.is_valid, package.Max.is_valid):
        return _bound(rule)
    if isinstance(rule, package.Datetime) and rule._df_format == "%Y-%m-%d":
        return lambda text: bool(KINDS[date].text.fullmatch(text)) and rule.is_valid(text)
    if isinstance(rule, _ASCII_RULES):
        return lambda text: text.isascii() and text.isprintable() and rule.is_valid(text)
    if type(rule).is_valid is package.In.is_valid:  # to Python, True is 1
        return lambda value: any(
            one == value and isinstance(one, bool) == isinstance(value, bool) for one in rule._enum
        )
    own: Callable[[Any], bool] = rule.is_valid
    return own


def _bound(rule: Any) -> Callable[[Any], bool]:
    """Return the test of a bound. A Decimal is compared with its written form: 0.1, no float."""
    exact = copy.copy(rule)
    exact._num = Decimal(str(rule._num))
    return lambda value: (exact if isinstance(value, Decimal) else rule).is_valid(value)
