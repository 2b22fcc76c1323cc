"""The API's description, held against the API by those who believe every word of it."""

import contextlib
import enum
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import unittest
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.request import urlopen
from uuid import UUID

from bson import ObjectId
from flask_validation_extended import (
    All,
    Email,
    In,
    Max,
    MaxLen,
    Min,
    MinLen,
    Number,
    PhoneNum,
    Regex,
    Strip,
)

from core.web.openapi.schema import schema_of
from core.web.validation.field import Object, StrictObject
from core.web.validation.parameter import Changes, Dict, Json, List
from core.web.validation.rule import DatetimeRule, ObjectIdRule
from core.web.validation.validator import Validator
from model import init_db
from tests import EXCEPTIONS
from tests.case import AppTestCase
from tests.core.process import free_port
from tests.integration.case import DatabaseTestCase
from tests.system.case import TOKEN, ProcessTestCase
from tests.system.fault import report

with contextlib.suppress(ImportError):
    import hypothesis
    import jsonschema
    from hypothesis import strategies

needs_clients = unittest.skipUnless(
    importlib.util.find_spec("schemathesis") and importlib.util.find_spec("openapi_spec_validator"),
    "needs schemathesis and openapi-spec-validator: pip install -r .ci/requirements.txt",
)


class Status(enum.Enum):
    NEW = "new"
    PAID = "paid"


class Level(enum.IntEnum):
    LOW = 1


ITEM = {"a": Json(int, rules=[Min(1), Max(9)]), "b": Json(str, optional=True)}

# What may be said of a field, by its type, and what may be sent.
RULES = {
    int: [(), Min(1), Max(1), (Min(5), Min(1)), In([1, 5])],
    float: [(), Min(1.5), Max(float("inf"))],
    str: [
        *((), MinLen(2), MaxLen(2), In(["a", "y z"]), Regex("a|b"), Regex("[a-z]+")),
        *((Regex("a.*"), Regex(".*c")), Number(), (Number(), MinLen(2)), Strip(), Email()),
        *(PhoneNum(), ObjectIdRule(), DatetimeRule("%Y-%m-%d")),
    ],
    **{kind: [()] for kind in (ObjectId, datetime, date, UUID, Status, Level, (Status, int))},
    Decimal: [(), Min(0), (Min(0), Max(10**40))],
    List(Object(**ITEM)): [(), MinLen(2), MaxLen(1)],
    **{StrictObject(**ITEM): [()], Dict(ObjectId): [()], (date, Object(**ITEM)): [()]},
    **{bool: [()], list: [(), MinLen(1), MaxLen(1)], dict: [(), MinLen(1), MaxLen(0)], All: [()]},
    **{List(int): [()], Dict(str): [()], List([int, str]): [()], List(List(int)): [()]},
    **{(int, str): [()], (str, list): [MinLen(2)], (list, dict): [MaxLen(0)]},
}
# No text that ends with a line, where Python's $ matches and ECMAScript's does not.
VALUES = [
    *(None, True, False, 0, 1, 2, 5, -1, 1.0, 1.5, 1e2, 2**63, 10**34),
    *("", "a", "ab", "abc", "b", "y z", " a", "a "),
    *("1", "12", "١٢", "-1", "a@b.kr", '"a b"@c.d', "010-1234-5678", "한글", "\na", "a\nb"),
    *("2026-01-31", "2026-02-30", "0" * 24, "F" * 24, "g" * 24, "new", "paid", "19.90", "-1.5"),
    *("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.5+09:00", "2026-02-30T00:00:00Z", "1e5"),
    *("2026-01-31T09:30:00", f"12345678{'-1234' * 3}-1234567890ab", "NaN", "9" * 35, "-0"),
    *([{"a": 1}], [{"a": 1, "c": 2}], [{"a": 0}], [{}, {"a": 1}], [{"a": 1.0}] * 2, {"b": None}),
    *([], [1], [1, 2], ["a"], [[1]], [None], {}, {"a": 1}, {"a": "b"}, {"a": None}),
]


@needs_clients
class AgreementTestCase(AppTestCase):
    """A field's schema and the Validator"""

    def setUp(self):
        super().setUp()
        fields = [
            (kind, Json(kind, rules=rules, optional=optional))
            for kind, several in RULES.items()
            for rules in several
            for optional in (False, True)
        ]
        self.fields = {f"/{n}": field for n, field in enumerate(fields)}
        for path, (_, field) in self.fields.items():
            view = Validator()(lambda a=field: {})
            self.app.add_url_rule(path, path, view, methods=["POST"])

    def assert_they_agree(self, path, value):
        kind, field = self.fields[path]
        status = self.client.post(path, json={"a": value}).status_code
        wanted = 200 if checker(schema_of(field)).is_valid(value) else 400
        self.assertEqual(status, wanted, (kind, field.rules, field.optional, value))

    def test_they_take_the_same(self):
        """Each kind with each rule, required or not, and values of all kinds"""
        for path in self.fields:
            for value in VALUES:
                self.assert_they_agree(path, value)

    def test_they_take_the_same_of_what_is_generated(self):
        """Out of the schema, and with a letter changed"""
        for path, (_, field) in self.fields.items():
            self.generate(path, schema_of(field))

    def generate(self, path, schema):
        @hypothesis.settings(max_examples=60, derandomize=True, database=None, deadline=None)
        @hypothesis.given(
            generated(schema),
            strategies.integers(-1, 40),
            strategies.sampled_from(["", "0", "-", " ", "a", "\u0661"]),
        )
        def check(value, at, letter):
            if isinstance(value, str) and at >= 0:
                value = (value[:at] + letter + value[at + 1 :]).rstrip("\n")
            self.assert_they_agree(path, value)

        check()

    def test_changes_take_the_same(self):
        """The body of a PATCH"""
        changes = Changes(**ITEM)
        view = Validator()(lambda a=changes: {})
        self.app.add_url_rule("/changes", "changes", view, methods=["PATCH"])
        for value in ({}, {"a": 1}, {"a": None}, {"b": None}, {"a": 0}, {"c": 1}, {"a": 1.0}):
            status = self.client.patch("/changes", json=value).status_code
            self.assertEqual(status == 200, checker(schema_of(changes)).is_valid(value), value)


def checker(schema):
    """Return a validator of JSON Schema, which holds a text to its format."""
    draft = jsonschema.Draft202012Validator
    schema = json.loads(json.dumps(schema))
    return draft(schema, format_checker=draft.FORMAT_CHECKER)


def generated(schema):
    """Return a strategy of values that a schema takes, or nearly."""
    if "anyOf" in schema:
        return strategies.one_of(map(generated, schema["anyOf"]))
    if "enum" in schema:
        return strategies.sampled_from(schema["enum"])
    if "pattern" in schema:
        pattern = re.sub(r"\(\?[=!][^)]*\)", "", schema["pattern"])  # which it would try in vain
        return strategies.from_regex(pattern).map(lambda text: text.rstrip("\n"))
    if schema.get("format") == "date":
        dates = strategies.dates().map(str)
        return dates | dates.map(lambda text: text.replace("-0", "-"))
    if schema.get("type") == "array":
        return strategies.lists(generated(schema.get("items", {})), max_size=3)
    if schema.get("type") == "object":
        fields = {name: generated(one) for name, one in schema.get("properties", {}).items()}
        others = generated(schema.get("additionalProperties") or {})
        names = strategies.text(max_size=3)
        return strategies.fixed_dictionaries({}, optional=fields) | strategies.dictionaries(
            names, others, max_size=3
        )
    floats = strategies.floats(-9e15, 9e15)
    return {
        "integer": strategies.integers() | floats | strategies.integers(-99, 99).map(float),
        "number": strategies.integers(-(10**300), 10**300) | floats,
        "string": strategies.text(max_size=4).map(lambda text: text.rstrip("\n")),
    }.get(schema.get("type"), strategies.sampled_from(VALUES))


@needs_clients
class DescriptionTestCase(DatabaseTestCase, ProcessTestCase):
    """Of the app in production, with its token"""

    def setUp(self):
        super().setUp()
        init_db(self.database)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        port = free_port()
        self.serve_production(
            "granian",
            port,
            OPENAPI="1",
            API_LOGGING="1",
            LOG_REQUESTS="0",
            MONGODB_URI=self.uri,
            MONGODB_NAME=self.name,
        )
        self.url = f"http://127.0.0.1:{port}/openapi.json"

    def run_tool(self, *words):
        """Run a tool to its end, return what it printed; one that finds something fails."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        advice = "What no schema can say: name its operationId in EXCEPTIONS of tests/__init__.py."
        self.assertEqual(done.returncode, 0, f"{done.stdout}\n{advice}")
        return done.stdout

    def test_it_is_valid(self):
        """OpenAPI 3.1"""
        with urlopen(self.url) as answer:
            description = json.load(answer)
        self.assertEqual(description["openapi"], "3.1.0")
        (self.folder / "openapi.json").write_text(json.dumps(description))
        printed = self.run_tool("-m", "openapi_spec_validator", "openapi.json")
        self.assertIn("OK", printed)

    def test_api_keeps_it(self):
        """Right and wrong requests of all kinds: every answer is described"""
        settings = [
            f'[[operations]]\ninclude-operation-id = "{name}"\nchecks.{check}.enabled = false\n'
            for name, checks in EXCEPTIONS.items()
            for check in checks
        ]
        # On the command line, `--checks=all` would overrule the exceptions.
        settings = ["[checks]\nenabled = true\n", *settings]
        (self.folder / "settings.toml").write_text("".join(settings))
        printed = self.run_tool(
            *("-m", "schemathesis.cli", "--config-file=settings.toml", "run", self.url),
            *("--header", f"Authorization: Bearer {TOKEN}"),
            *("--mode=all", "--max-examples=30", "--seed=1"),
            *("--generation-database=none", "--no-color"),
        )
        (operations,) = re.findall(r"Tested: +(\d+)", printed)
        (generated,) = re.findall(r"(\d+) generated, .* passed", printed)
        report(re.search(r".*\d+ generated, .*", printed).group().strip())
        self.assertGreater(int(generated), 5 * int(operations))
