"""Values that the database can hold, exact numbers among them, and the time as it holds it.

>>> storable("text")
'text'
>>> storable(Decimal("19.90"))
Decimal('19.90')
>>> utc_now().microsecond % 1000
0
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

import bson
from bson import Decimal128
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from bson.errors import BSONError

# Levels of a client's value, lists and objects in one another. mongod takes 180 of a
# document: https://www.mongodb.com/docs/manual/reference/limits
LEVELS = 100

Value = TypeVar("Value")


class _DecimalCodec(TypeCodec):
    """A Decimal is BSON's Decimal128, which holds 34 digits; more raise decimal.Inexact."""

    python_type = Decimal
    bson_type = Decimal128

    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)

    def transform_bson(self, value: Decimal128) -> Decimal:
        return value.to_decimal()


def _value(value: Any) -> Any:
    """Return the stored form of an Enum's member or a date: BSON has neither."""
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


TYPES = TypeRegistry([_DecimalCodec()], _value)
_CODEC_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD, type_registry=TYPES
)


class Unstorable(ValueError):
    """A value is of a kind or size that the database cannot hold."""


def storable(value: Value) -> Value:
    """Return `value`, which a client has sent; raise Unstorable if BSON cannot hold it.

    Each model method that stores a client's value calls this first: an error of the driver in a
    query may be the client's mistake or a bug. A type that no client can send is a bug, and
    raises bson's InvalidDocument: convert a set to a list.
    """
    try:
        bson.encode({"": value}, codec_options=_CODEC_OPTIONS)
    except (BSONError, ArithmeticError, ValueError, RecursionError) as error:
        if "cannot encode object" in str(error):
            raise
        raise Unstorable from error
    for depth, level in enumerate(levels(value)):
        # What is stored under the name `$ref` comes back as a DBRef.
        if depth > LEVELS or any(isinstance(one, Mapping) and "$ref" in one for one in level):
            raise Unstorable
    return value


def levels(value: Any) -> Iterator[list[Any]]:
    """Yield [value], then all that is in its lists and objects, then what is in these, ..."""
    level = [value]
    while level:
        yield level
        level = [item for one in level for item in _items(one)]


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def utc_now() -> datetime:
    """Return the time, aware and in UTC, cut to the milliseconds that BSON keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
