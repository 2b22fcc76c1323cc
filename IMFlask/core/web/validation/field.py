"""A field: what a parameter says about one value; and objects, which are made of fields."""

import copy
from typing import Any

import flask_validation_extended as package

from core.web.validation.kind import described, origin
from core.web.validation.rule import LENGTHS, checker, sentence
from core.web.validation.value import Wrong, at, read

MISSING = object()


class Field:
    """One value: its kinds, its rules, and what it is when it is not given."""

    def __init__(
        self,
        parameter: package.params.Parameter,
        is_text: bool = False,
        missing: str = "is missing.",
    ) -> None:
        self._is_text = is_text
        self._missing = missing  # what the client reads
        self._kinds = parameter.annotation
        self._optional = parameter.optional
        default = parameter.default
        # An object's own defaults are in it as well.
        self._default = read(default, self._kinds) if isinstance(default, dict) else default
        self._rules = [(checker(rule), rule) for rule in parameter.rules]
        # Checked before each item of a list is read, and an Object's defaults are in it.
        self._lengths = [pair for pair in self._rules if isinstance(pair[1], LENGTHS)]
        self._others = [pair for pair in self._rules if pair not in self._lengths]
        self._containers = tuple({list, dict} & set(map(origin, self._kinds)))

    def read(self, value: Any) -> Any:
        """Return the value that the view gets; raise Wrong with a sentence for the client."""
        if value is MISSING or value is None:
            return self._read_nothing(is_null=value is None)
        rules = self._rules
        if isinstance(value, self._containers):
            _check(value, self._lengths)
            rules = self._others
        value = read(value, self._kinds, self._is_text)
        _check(value, rules)
        return value

    def _read_nothing(self, is_null: bool) -> Any:
        if isinstance(self._default, (list, dict)):  # which the view may change
            return copy.deepcopy(self._default)
        if self._default is not None:
            return self._default
        if self._optional:
            return None
        if is_null:
            raise Wrong(f"is null: it must be {described(self._kinds)}.")
        raise Wrong(self._missing)


class Object:
    """A kind: a JSON object with these fields. Other fields are ignored.

    fields: parameters, `Object(sku=Json(str), quantity=Json(int, rules=Min(1)))`.
    """

    org_type = dict
    is_strict = False  # whether unknown fields are refused
    is_partial = False  # whether a field that is not given is left out

    def __init__(self, /, **fields: package.Json) -> None:
        for name, parameter in fields.items():
            if not isinstance(parameter, package.Json):
                raise TypeError(f"the field {name!r} must be declared with Json()")
        self.parameters = fields
        self._fields = {name: Field(parameter) for name, parameter in fields.items()}

    def read(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return the declared fields of a JSON object; raise Wrong."""
        if self.is_strict:
            for name in value:
                if name not in self._fields:
                    raise Wrong("is unknown: leave it out.", f".{name[:64]}")
        return {
            name: at(f".{name}", field.read, value.get(name, MISSING))
            for name, field in self._fields.items()
            if name in value or not self.is_partial
        }


class StrictObject(Object):
    """An Object that refuses a field that it does not declare."""

    is_strict = True


class PartialObject(StrictObject):
    """A StrictObject without required fields; it returns the given fields."""

    is_partial = True

    def __init__(self, /, **fields: package.Json) -> None:
        super().__init__(**fields)
        for name, parameter in fields.items():
            if parameter.default is not None:
                raise TypeError(f"the field {name!r} has a default, but what is not sent is left")


def _check(value: Any, rules: Any) -> None:
    for is_valid, rule in rules:
        if not is_valid(value):
            raise Wrong(sentence(rule))
