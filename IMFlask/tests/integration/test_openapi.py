"""The API's description, held against the API by those who believe every word of it."""

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.request import urlopen

from model import init_db
from tests.integration.case import TOKEN, DatabaseTestCase, ProcessTestCase, free_port
from tests.integration.fault import report

# The checks of schemathesis that an operation, by its operationId, cannot keep: where it
# refuses what no schema can say, `positive_data_acceptance`; where it has a fixed path
# beside one like `/<id>`, which takes other methods, `allow_header_conformance`.
EXCEPTIONS = {}  # "note.transfer_api.post": ["positive_data_acceptance"]

needs_clients = unittest.skipUnless(
    importlib.util.find_spec("schemathesis") and importlib.util.find_spec("openapi_spec_validator"),
    "needs schemathesis and openapi-spec-validator: pip install -r .ci/requirements.txt",
)


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
