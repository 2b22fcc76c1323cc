"""JSON in and out: Flask's provider, stricter in reading, with more types in writing."""

import base64
import json
import math
import weakref
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NoReturn
from uuid import UUID

from bson import DatetimeMS, DBRef, Decimal128, ObjectId, json_util
from flask import Flask
from flask.json.provider import DefaultJSONProvider

from core.database.value import LEVELS, levels


def to_json(value: Any) -> Any:
    """Return the JSON value for what MongoDB holds and JSON does not.

    ObjectId, UUID, Decimal128 and Decimal as strings, datetimes as ISO 8601 in
    UTC with milliseconds and `Z` (a naive one is UTC, as pymongo's are), bytes
    as base64, members of an Enum as their values, the other types of BSON as MongoDB's
    Extended JSON. Raises TypeError for anything else that Flask does not know.
    """
    if isinstance(value, (ObjectId, UUID)):
        return str(value)
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, DBRef):
        return dict(value.as_doc())
    if isinstance(value, DatetimeMS):  # of a year that Python does not have
        return int(value)
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    try:
        return DefaultJSONProvider.default(value)
    except TypeError:
        return json_util.default(value, json_util.RELAXED_JSON_OPTIONS)


class NotJSON(ValueError):
    """A text is not JSON; the message may be shown to the client."""


class JSONProvider(DefaultJSONProvider):
    """Flask's provider: unescaped text, keys in the order written, no NaN."""

    ensure_ascii = False
    sort_keys = False
    compact = True
    default = staticmethod(to_json)

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._made_for = weakref.proxy(app)
        # json.dumps builds an encoder at every call that has options.
        self._encoder = json.JSONEncoder(
            ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=to_json
        )

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return `obj` as JSON; NaN and the infinities, which it lacks, as null.

        Keys that JSON lacks, like ids, are written like values.
        """
        if kwargs:
            return super().dumps(_plain(obj), **kwargs)
        try:
            return self._encoder.encode(obj)
        except (TypeError, ValueError):
            return self._encoder.encode(_plain(obj))

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return the value of a JSON text, UTF-8 where it is bytes.

        Raises NotJSON for anything that is not JSON to the letter: NaN and the
        infinities, lone surrogates; and for what is too deep or long to be read.
        """
        try:
            text = s if isinstance(s, str) else s.decode("utf-8-sig")  # RFC 8259, 8.1
            value = json.loads(
                text, parse_constant=_refuse_constant, parse_float=finite_float, **kwargs
            )
            # A nested answer takes Python's stack, of which a view has had some.
            if text.count("[") + text.count("{") > LEVELS and any(
                depth > LEVELS for depth, _ in enumerate(levels(value))
            ):
                raise NotJSON("it is nested too deeply")
            if "\\ud" in text or "\\uD" in text:
                # An escape may have left half of a surrogate pair: not encodable.
                json.dumps(value, ensure_ascii=False).encode()
        except NotJSON:
            raise
        except json.JSONDecodeError as error:
            raise NotJSON(str(error)) from None
        except RecursionError:
            raise NotJSON("it is nested too deeply") from None
        except UnicodeDecodeError:
            raise NotJSON("it is not UTF-8") from None
        except UnicodeEncodeError:
            raise NotJSON("it holds half of a surrogate pair") from None
        except ValueError:  # beyond sys.get_int_max_str_digits(), 4300 by default
            raise NotJSON("a number has too many digits") from None
        return value

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return the arguments as a JSON response, like Flask's own, but faster."""
        if len(args) != 1 or kwargs:
            return super().response(*args, **kwargs)
        return self._made_for.response_class(f"{self.dumps(args[0])}\n", content_type=self.mimetype)


def _plain(value: Any) -> Any:
    """Return a value with keys and numbers that JSON has."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, str | int | None):
        return value
    return _plain(to_json(value))


def _key(key: Any) -> Any:
    return key if isinstance(key, str | int | float | None) else _key(to_json(key))


def _refuse_constant(name: str) -> NoReturn:
    raise NotJSON(f"{name} is not JSON")


def finite_float(text: str) -> float:
    """Return the number in a text; raise NotJSON where no float can hold it."""
    number = float(text)
    if not math.isfinite(number):
        raise NotJSON("a number is too large")
    return number
