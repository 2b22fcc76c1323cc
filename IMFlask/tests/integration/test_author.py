"""The author in a real database."""

import time
from decimal import Decimal

from model import init_db
from model.mongodb import MasterConfig
from tests.integration.case import DatabaseTestCase
from tests.integration.explain import Explain


class MasterConfigTestCase(DatabaseTestCase):
    """MasterConfig"""

    def test_author_from_nothing_to_changed(self):
        """None, inserted once, changed"""
        init_db(self.database)
        model = MasterConfig(self.database)
        model.collection.delete_many({})
        self.assertIsNone(model.get_author())
        self.assertFalse(model.change_author("NB"))
        self.assertTrue(model.insert_author("IML"))
        self.assertFalse(model.insert_author("other"))
        first = model.get_author()
        self.assertEqual((first["value"], first["created_at"]), ("IML", first["updated_at"]))
        time.sleep(0.002)
        self.assertTrue(model.change_author("NB"))
        changed = model.get_author()
        self.assertEqual(changed["value"], "NB")
        self.assertEqual(changed["created_at"], first["created_at"])
        self.assertGreater(changed["updated_at"], first["updated_at"])
        self.assertEqual(model.collection.count_documents({}), 1)


class MasterConfigExplainTestCase(Explain, DatabaseTestCase):
    """Each query uses its index"""

    def test_author(self):
        """Read and changed"""
        init_db(self.database)
        key = {"config_type": Decimal(1)}  # which a plain client cannot encode
        for call in (
            lambda database: MasterConfig(database).get_author(),
            lambda database: MasterConfig(database).change_author("NB"),
            lambda database: MasterConfig(database).insert_author("NB"),
            lambda database: MasterConfig(database).change(key, {"value": ""}, "config_type_1"),
        ):
            self.assert_uses("config_type_1", call)
