"""Two rules of ours, and how strictly the package's own are taken."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import flask_validation_extended as package
from bson import ObjectId
from flask_validation_extended import ValidationRule

# What the package says of these is wrong at the bound, or no sentence for a client.
_SENTENCES: dict[type, Callable[[Any], str]] = {
    package.Min: lambda rule: f"must be {rule._num} or more.",
    package.Max: lambda rule: f"must be {rule._num} or less.",
    package.MinLen: lambda rule: f"must have a length of {rule._num} or more.",
    package.MaxLen: lambda rule: f"must have a length of {rule._num} or less.",
    package.Ext: lambda rule: f"must have a name that ends with {' or '.join(rule.extensions)}.",
    package.MinFileCount: lambda rule: f"must be {rule.min_num} files or more.",
    package.MaxFileCount: lambda rule: f"must be {rule.max_num} files or fewer.",
    package.Regex: lambda rule: f"must match the pattern {rule._p_str} as a whole.",
    package.In: lambda rule: f"must be one of these: {', '.join(map(repr, rule._enum))}.",
    package.Number: lambda rule: "must be digits.",
    package.Strip: lambda rule: "must not begin or end with white space.",
    package.Email: lambda rule: "must be an e-mail address.",
    package.IsoDatetime: lambda rule: "must be a date and time as ISO 8601 has them.",
    package.Datetime: lambda rule: f"must be a date and time in the format {rule._df_format}.",
    package.PhoneNum: lambda rule: "must be a telephone number like 010-1234-5678.",
}

# Their patterns take the digits of every script.
_ASCII_RULES = (package.Datetime, package.IsoDatetime, package.Number, package.PhoneNum)


class ObjectIdRule(ValidationRule):
    """A string of 24 hexadecimal digits, as ObjectId takes it."""

    schema = {"pattern": "^[0-9a-fA-F]{24}$"}  # noqa: RUF012

    @property
    def types(self) -> type:
        """The types that the rule can be asked about."""
        return str

    def invalid_str(self) -> str:
        """Return what the client reads after the parameter's name."""
        return "must be an id of 24 hexadecimal digits."

    def is_valid(self, data: str) -> bool:
        """Return whether `data` keeps the rule."""
        return ObjectId.is_valid(data)


class DatetimeRule(ValidationRule):
    """A date and time written as `form` says, in the codes of strptime."""

    def __init__(self, form: str) -> None:
        self._form = form
        # No keyword of JSON Schema can say the other forms of strptime.
        self.schema = {"format": "date"} if form == "%Y-%m-%d" else {}

    @property
    def types(self) -> type:
        """The types that the rule can be asked about."""
        return str

    def invalid_str(self) -> str:
        """Return what the client reads after the parameter's name."""
        return f"must be a date and time in the format {self._form}."

    def is_valid(self, data: str) -> bool:
        """Return whether `data` keeps the rule."""
        try:
            datetime.strptime(data, self._form)
        except ValueError:
            return False
        return data.isascii()


def sentence(rule: ValidationRule) -> str:
    """Return what the client reads, after the parameter's name, when the rule is broken."""
    ours = _SENTENCES.get(type(rule))
    return ours(rule) if ours else rule.invalid_str()


def checker(rule: ValidationRule) -> Callable[[Any], bool]:
    """Return the rule's test, made strict where the package's own is lax."""
    if type(rule).is_valid is package.Regex.is_valid:
        pattern = rule._pattern
        return lambda text: pattern.fullmatch(text) is not None
    if isinstance(rule, _ASCII_RULES):
        return lambda text: text.isascii() and rule.is_valid(text)
    own: Callable[[Any], bool] = rule.is_valid
    return own
