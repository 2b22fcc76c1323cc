"""JSON in and out."""

import dataclasses
import enum
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from bson import (
    Binary,
    DatetimeMS,
    DBRef,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
)
from flask import render_template_string
from flask.json.provider import DefaultJSONProvider

from tests.core.case import ProbeTestCase


class JSONProviderTestCase(ProbeTestCase):
    """JSON provider"""

    def assert_written(self, value, text):
        self.assertEqual(self.app.json.dumps(value), text)
        # What is written with options (indented, say) knows the same values.
        self.assertEqual(
            json.loads(self.app.json.dumps([value], indent=1)), json.loads(f"[{text}]")
        )

    def test_mongodb_values_are_written(self):
        """ObjectId, UUID, dates, decimals, bytes"""
        for value, text in (
            (ObjectId("0" * 24), '"000000000000000000000000"'),
            (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
            (Decimal128("1.10"), '"1.10"'),
            (Decimal128("NaN"), '"NaN"'),
            (Decimal("1.10"), '"1.10"'),
            (b"\xff\x00", '"/wA="'),
            (Binary(b"a"), '"YQ=="'),
            (date(2026, 1, 2), '"2026-01-02"'),
        ):
            with self.subTest(value=value):
                self.assert_written(value, text)

    def test_other_values_of_bson_are_written(self):
        """As MongoDB's Extended JSON; a member of an Enum as its value"""
        color = enum.Enum("Color", {"RED": "red", "DAY": date(2026, 1, 2)})
        point = dataclasses.make_dataclass("Point", ["x"])
        for value, text in (
            (Int64(5), "5"),
            (Decimal("1E+2"), '"100"'),
            (DBRef("c", ObjectId("0" * 24)), f'{{"$ref":"c","$id":"{"0" * 24}"}}'),
            (Timestamp(1, 2), '{"$timestamp":{"t":1,"i":2}}'),
            (Regex("a", "i"), '{"$regularExpression":{"pattern":"a","options":"i"}}'),
            (MinKey(), '{"$minKey":1}'),
            (MaxKey(), '{"$maxKey":1}'),
            (DatetimeMS(2**60), str(2**60)),
            (color.RED, '"red"'),
            (color.DAY, '"2026-01-02"'),
            (point(ObjectId("0" * 24)), f'{{"x":"{"0" * 24}"}}'),
        ):
            with self.subTest(value=value):
                self.assert_written(value, text)

    def test_keys_may_be_ids(self):
        """They are written as values are; what is no key is an error"""
        value = {ObjectId("0" * 24): [{UUID(int=1): float("nan")}]}
        self.assertEqual(self.app.json.dumps(value), f'{{"{"0" * 24}":[{{"{UUID(int=1)}":null}}]}}')
        self.assertEqual(self.app.json.dumps({5: date(2026, 1, 2)}), '{"5":"2026-01-02"}')
        self.assertRaises(TypeError, self.app.json.dumps, {(1, 2): 3})
        color = enum.Enum("Color", {"RED": ObjectId("0" * 24)})
        self.assertEqual(self.app.json.dumps({color.RED: 1}), f'{{"{"0" * 24}":1}}')
        with self.app.test_request_context():
            text = render_template_string("{{ value|tojson }}", value=value)
        self.assertIn(f'"{"0" * 24}": [{{"{UUID(int=1)}": null}}]', text)

    def test_dates_are_utc_with_milliseconds(self):
        """Aware, naive and elsewhere"""
        korea = timezone(timedelta(hours=9))
        for value, text in (
            (datetime(2026, 1, 2, 3, 4, 5, 678999, UTC), "2026-01-02T03:04:05.678Z"),
            (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05.000Z"),
            (datetime(2026, 1, 2, 8, tzinfo=korea), "2026-01-01T23:00:00.000Z"),
            (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
        ):
            with self.subTest(text):
                self.assert_written(value, f'"{text}"')

    def test_text_is_unescaped_and_keys_keep_their_order(self):
        """Korean, and b before a"""
        self.assert_written({"b": "안녕", "a": 1}, '{"b":"안녕","a":1}')

    def test_nan_and_infinities_are_null(self):
        """They are not JSON"""
        values = {"a": [float("nan"), (float("inf"), 1.5)], "b": -float("inf")}
        self.assertEqual(self.app.json.dumps(values), '{"a":[null,[null,1.5]],"b":null}')

    def test_unknown_values_are_an_error(self):
        """A bug is not written as text"""
        self.assertRaises(TypeError, self.app.json.dumps, object())

    def test_answers_end_with_a_line_break(self):
        """As Flask's do"""
        with self.app.test_request_context():
            response = self.app.json.response(a=1)
        self.assertEqual((response.data, response.mimetype), (b'{"a":1}\n', "application/json"))

    def test_provider_can_be_replaced(self):
        """app.json"""
        self.app.json = DefaultJSONProvider(self.app)
        response = self.client.get("/probe/hello")
        self.assertIn(b"\\u", response.data)
