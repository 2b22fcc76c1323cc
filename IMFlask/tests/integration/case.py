"""What the integration tests share: a server, and a database for each test."""

import atexit
import functools
import importlib.util
import secrets
import shutil
import tempfile
import unittest
from pathlib import Path

import pymongo

import config
from core.database.client import get_client
from core.web.database import set_db
from model import connect, init_db
from tests.case import AppMixin
from tests.core.process import free_port, start_secantus


@functools.cache
def server_uri():
    """Return the URI of the tests' server: the one that is set or an embedded one."""
    given = config.config_dict["testing"].TEST_MONGODB_URI
    if given:
        return given
    folder, port = tempfile.mkdtemp(), free_port()
    server = start_secantus(Path(folder), port)

    def end():
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return f"mongodb://127.0.0.1:{port}"


class DatabaseTestCase(unittest.TestCase):
    """A test with a database of its own, which is dropped after it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not config.config_dict["testing"].TEST_MONGODB_URI and not importlib.util.find_spec(
            "secantus"
        ):
            raise unittest.SkipTest(
                f"needs a MongoDB: set {config.environment.variable('TEST_MONGODB_URI')}, or"
                " pip install -r requirements/development.txt for the embedded one"
            )
        cls.uri = server_uri()

    def setUp(self):
        super().setUp()
        self.name = f"test_{secrets.token_hex(8)}"
        self.config = {"MONGODB_URI": self.uri, "MONGODB_NAME": self.name, "APP_NAME": "tests"}
        self.database = connect(self.config)
        self.addCleanup(self._drop_database)

    def _drop_database(self):
        with pymongo.timeout(60):  # the client's limit is for a request, not for a busy machine
            get_client(self.uri, "tests").drop_database(self.name)


class AppDatabaseTestCase(AppMixin, DatabaseTestCase):
    """A test with an app on a database of its own, which is initialised."""

    def setUp(self):
        super().setUp()
        set_db(self.app, self.database)
        init_db(self.database, self.app.config)
