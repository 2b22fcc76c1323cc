"""The real models keep the contract that the stand-ins keep."""

import time

from model import init_db
from model.mongodb import File, Log, MasterConfig
from tests.contract import Contract
from tests.integration.case import DatabaseTestCase
from tests.mock import Mock


class ModelContractTestCase(Contract, DatabaseTestCase):
    """The real models"""

    def setUp(self):
        super().setUp()
        init_db(self.database)
        for entry in Mock.get_log(0, 6):
            del entry["_id"], entry["created_at"]
            Log(self.database).insert_log(entry)
            time.sleep(0.002)
        files = File(self.database)
        for _ in range(6):
            self.newest = files.new_file("0.txt", "text/plain")
            files.write_chunks(self.newest, [b"hello"])
            files.insert_files([self.newest])
            time.sleep(0.002)

    def get_log(self, skip, limit):
        return Log(self.database).get_log(skip + limit)[skip:]

    def get_files(self, skip, limit):
        return File(self.database).get_files(skip + limit)[skip:]

    def get_file(self):
        return File(self.database).get_file(self.newest["_id"])

    def get_author(self):
        return MasterConfig(self.database).get_author()
