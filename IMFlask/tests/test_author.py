"""The author: controller and model, without an app and without a database."""

from unittest import mock

from core.database.value import Unstorable
from model.mongodb import MasterConfig
from tests.case import UnitTestCase


class ModelTestCase(UnitTestCase):
    """model.mongodb.MasterConfig"""

    def test_what_bson_cannot_hold_is_refused(self):
        """Before any query"""
        model = MasterConfig(mock.MagicMock())
        for write in (model.change_author, model.insert_author):
            self.assertRaises(Unstorable, write, 2**63)
        model.collection.update_one.assert_not_called()
