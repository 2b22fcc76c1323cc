"""Values that the database can hold, and the time as it holds it.

>>> storable("text")
'text'
>>> utc_now().microsecond % 1000
0
"""

from datetime import UTC, datetime
from typing import Any, TypeVar

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.errors import BSONError

Value = TypeVar("Value")

_CODEC_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD
)


class Unstorable(ValueError):
    """A value is of a kind or size that the database cannot hold."""


def storable(value: Value) -> Value:
    """Return `value`, which a client has sent; raise Unstorable if BSON cannot hold it.

    Each model method that stores a client's value asks this first: an error that the
    driver raises in the middle of a query may be the client's mistake or a bug.
    A type that no client can send is a bug, and stays bson's InvalidDocument: make a
    datetime of a date, a `bson.Decimal128` of a Decimal, a list of a set.
    """
    try:
        bson.encode({"": value}, codec_options=_CODEC_OPTIONS)
    except (BSONError, OverflowError, ValueError, RecursionError) as error:
        if "cannot encode object" in str(error):
            raise
        raise Unstorable from error
    return value


def utc_now() -> datetime:
    """Return the time, aware and in UTC, cut to the milliseconds that BSON keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
