"""Shapes of answers, as JSON Schemas for the API's description."""

from enum import Enum
from typing import Any

from core.web.openapi.schema import of_kind
from core.web.validation.field import Object

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
OBJECT_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
DATE: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
DECIMAL: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}

of = of_kind  # the shape of a kind, like an Object that a view also reads: `shape.of(ITEM)`


def or_null(schema: Schema) -> Schema:
    """Return the shape of a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(kind: type[Enum]) -> Schema:
    """Return the shape of a member of an Enum class."""
    return {"enum": [member.value for member in kind]}


def a_list(schema: Schema) -> Schema:
    """Return the shape of a list."""
    return {"type": "array", "items": schema}


def stored(kind: Object | None = None, /, **fields: Schema) -> Schema:
    """Return the shape of a document: the fields of an Object, `fields`, and those of `stamped`."""
    declared = of(kind)["properties"] if kind else {}
    stamps = {"created_at": DATE, "updated_at": DATE, "__version__": INTEGER}
    return an_object(_id=OBJECT_ID, **declared, **fields, **stamps)


def an_object(**fields: Schema) -> Schema:
    """Return the shape of an object that has all these fields and no others."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
