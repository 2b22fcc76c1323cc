"""flask db-init: index builds that take long, a database that comes late."""

import threading
from unittest import mock

from pymongo.errors import PyMongoError

from model import connect, init_db
from tests.core.probe import Probe
from tests.core.process import needs_secantus
from tests.system.case import ProcessTestCase
from tests.system.fault import Mongo


@needs_secantus
class DbInitTestCase(ProcessTestCase):
    """On a database of its own, which can be slow and late"""

    def setUp(self):
        super().setUp()
        self.mongo = Mongo()
        self.addCleanup(self.mongo.close)

    def test_build_is_not_cut_off(self):
        """3 s, where any other operation may take 2"""
        self.mongo.start()
        database = connect({"MONGODB_URI": self.mongo.uri, "APP_NAME": "slow"})
        self.addCleanup(database.client.close)
        self.mongo.fail(["createIndexes"], "slow", blockConnection=True, blockTimeMS=3000)
        with self.assertRaises(PyMongoError):  # the control: the delay is real
            database["x"].create_index("a")
        with mock.patch("model.mongodb.MODELS", (Probe,)):
            self.assertIn("Index Probe.kind_1 created.", init_db(database))

    def test_it_waits_for_a_database_that_starts(self):
        """--wait; without it the command fails within seconds"""
        done = self.flask("db-init", MONGODB_URI=self.mongo.uri)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        start = threading.Timer(4, self.mongo.start)
        start.start()
        self.addCleanup(start.join)
        done = self.flask("db-init", "--wait=50", MONGODB_URI=self.mongo.uri)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("MongoDB Initialization Completed.", done.stdout)
