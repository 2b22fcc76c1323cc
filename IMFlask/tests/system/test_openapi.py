"""The API's description, held against the API by those who believe every word of it."""

import contextlib
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.request import urlopen

from flask_validation_extended import (
    All,
    Dict,
    Email,
    In,
    List,
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
from core.web.validation.parameter import Json
from core.web.validation.rule import DatetimeRule, ObjectIdRule
from core.web.validation.validator import Validator
from model import init_db
from tests.case import AppTestCase
from tests.core.process import free_port
from tests.integration.case import DatabaseTestCase
from tests.system.case import TOKEN, ProcessTestCase
from tests.system.fault import report

# The checks of schemathesis that an operation, by its operationId, cannot keep: where it
# refuses what no schema can say, `positive_data_acceptance`; where it has a fixed path
# beside one like `/<id>`, which takes other methods, `allow_header_conformance`.
EXCEPTIONS = {}  # "note.transfer_api.post": ["positive_data_acceptance"]

with contextlib.suppress(ImportError):
    import jsonschema

needs_clients = unittest.skipUnless(
    importlib.util.find_spec("schemathesis") and importlib.util.find_spec("openapi_spec_validator"),
    "needs schemathesis and openapi-spec-validator: pip install -r .ci/requirements.txt",
)


# What may be said of a field, by its type, and what may be sent.
RULES = {
    int: [(), Min(1), Max(1), (Min(5), Min(1)), In([1, 5])],
    float: [(), Min(1.5), Max(float("inf"))],
    str: [
        *((), MinLen(2), MaxLen(2), In(["a", "y z"]), Regex("a|b"), Regex("[a-z]+")),
        *((Regex("a.*"), Regex(".*c")), Number(), (Number(), MinLen(2)), Strip(), Email()),
        *(PhoneNum(), ObjectIdRule(), DatetimeRule("%Y-%m-%d")),
    ],
    **{bool: [()], list: [(), MinLen(1), MaxLen(1)], dict: [(), MinLen(1), MaxLen(0)], All: [()]},
    **{List(int): [()], Dict(str): [()], List([int, str]): [()], List(List(int)): [()]},
    **{(int, str): [()], (str, list): [MinLen(2)], (list, dict): [MaxLen(0)]},
}
# Neither 1.0, which JSON Schema takes for an integer, nor a text that ends with a line, where
# Python's $ matches and ECMAScript's does not.
VALUES = [
    *(None, True, False, 0, 1, 2, 5, -1, 1.5, 2**63, "", "a", "ab", "abc", "b", "y z", " a", "a "),
    *("1", "12", "١٢", "-1", "a@b.kr", '"a b"@c.d', "010-1234-5678", "한글", "\na", "a\nb"),
    *("2026-01-31", "2026-02-30", "0" * 24, "F" * 24, "g" * 24),
    *([], [1], [1, 2], ["a"], [[1]], [None], {}, {"a": 1}, {"a": "b"}, {"a": None}),
]


@needs_clients
class AgreementTestCase(AppTestCase):
    """A field's schema and the Validator"""

    def test_they_take_the_same(self):
        """Each kind with each rule, required or not, and values of all kinds"""
        fields = {}
        for kind, several in RULES.items():
            for rules in several:
                for optional in (False, True):
                    field = Json(kind, rules=rules, optional=optional)

                    def view(a=field):
                        return {}

                    fields[f"/{len(fields)}"] = kind, rules, field
                    path = f"/{len(fields) - 1}"
                    self.app.add_url_rule(path, path, Validator()(view), methods=["POST"])
        for path, (kind, rules, field) in fields.items():
            checker = jsonschema.Draft202012Validator(
                schema_of(field), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
            )
            for value in VALUES:
                with self.subTest(kind=kind, rules=rules, optional=field.optional, value=value):
                    status = self.client.post(path, json={"a": value}).status_code
                    self.assertEqual(status, 200 if checker.is_valid(value) else 400)


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
        self.assertEqual(done.returncode, 0, done.stdout)
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
        """Right and wrong requests of all kinds, single and in a row: every answer is described"""
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
