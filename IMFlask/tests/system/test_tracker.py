"""Error trackers: Sentry's Flask integration, its transport a stub."""

import importlib.util
import json
import subprocess
import sys
import unittest
from pathlib import Path

import config

CODE = """
import json
import sentry_sdk
from flask import Response
from sentry_sdk.transport import Transport

events = []

class Stub(Transport):
    def capture_envelope(self, envelope):
        events.append(envelope.get_event())

sentry_sdk.init(dsn="http://key@127.0.0.1:1/1", transport=Stub)

from app import create_app
from config import config_dict
from controller.error import NotFound
from core.database.outage import DatabaseAway

def fail(kind):
    raise kind("x")

app = create_app(config_dict["testing"])
for path, kind in {"bug": ZeroDivisionError, "gone": NotFound, "away": DatabaseAway}.items():
    app.add_url_rule(f"/{path}", path, lambda kind=kind: fail(kind))
    app.add_url_rule(
        f"/stream/{path}", f"s{path}", lambda kind=kind: Response(fail(kind) for _ in [1])
    )
client, seen = app.test_client(), {}
for debug in (False, True):
    app.debug = debug
    for path in ("bug", "stream/bug", "gone", "stream/gone", "away"):
        events.clear()
        status = client.get(f"/{path}").status_code
        kinds = [one["exception"]["values"][-1]["type"] for one in events]
        seen.setdefault(path, []).append([status, kinds])
print(json.dumps(seen))
"""


@unittest.skipUnless(
    importlib.util.find_spec("sentry_sdk"),
    "needs sentry-sdk: pip install -r .ci/requirements.txt",
)
class SentryTestCase(unittest.TestCase):
    """sentry_sdk.init()"""

    def test_bugs_are_reported_once(self):
        """What is foreseen is not; in debug as well"""
        done = subprocess.run(
            [sys.executable, "-c", CODE],
            cwd=Path(config.__file__).parent,
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            json.loads(done.stdout),
            {
                "bug": [[500, ["ZeroDivisionError"]]] * 2,
                "stream/bug": [[500, ["ZeroDivisionError"]]] * 2,
                "gone": [[404, []]] * 2,
                "stream/gone": [[404, []]] * 2,
                "away": [[503, []]] * 2,
            },
        )
