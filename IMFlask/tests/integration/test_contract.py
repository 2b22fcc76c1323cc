"""The real models keep the contract that the stand-ins keep."""

import time

from model import init_db
from model.mongodb import Log, MasterConfig
from tests import contract
from tests.integration.case import DatabaseTestCase
from tests.mock import Mock


class LogTestCase(contract.LogContract, DatabaseTestCase):
    """The real log"""

    def setUp(self):
        super().setUp()
        for entry in Mock.get_log(0, 6):
            del entry["_id"], entry["created_at"]
            Log(self.database).insert_log(entry)
            time.sleep(0.002)

    def get_log(self, skip, limit):
        return Log(self.database).get_log(skip + limit)[skip:]


class AuthorTestCase(contract.AuthorContract, DatabaseTestCase):
    """The real author"""

    def setUp(self):
        super().setUp()
        init_db(self.database)

    def get_author(self):
        return MasterConfig(self.database).get_author()
