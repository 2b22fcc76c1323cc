"""The author: controller and model, without an app and without a database."""

from unittest import mock

from controller import author
from controller.error import NotFound
from core.database.value import Unstorable
from model.mongodb import MasterConfig
from tests.case import UnitTestCase
from tests.mock import Mock


class AuthorTestCase(UnitTestCase):
    """controller.author"""

    def setUp(self):
        super().setUp()
        self.model = mock.create_autospec(MasterConfig, instance=True)

    def test_get_author(self):
        """The document, or NotFound"""
        self.model.get_author.return_value = Mock.get_author()
        self.assertEqual(author.get_author(self.model), Mock.get_author())
        self.model.get_author.return_value = None
        self.assertRaisesRegex(NotFound, "flask db-init", author.get_author, self.model)

    def test_change_author(self):
        """Nothing comes back, or NotFound"""
        self.model.change_author.return_value = True
        self.assertIsNone(author.change_author(self.model, "NB"))
        self.model.change_author.assert_called_once_with("NB")
        self.model.change_author.return_value = False
        self.assertRaisesRegex(NotFound, "flask db-init", author.change_author, self.model, "NB")


class ModelTestCase(UnitTestCase):
    """model.mongodb.MasterConfig"""

    def test_queries_are_one_call_each(self):
        """And say whether there was something to change"""
        collection = mock.MagicMock()
        model = MasterConfig({"MasterConfig": collection})
        model.get_author()
        collection.find_one.assert_called_once_with({"config_type": "author"})
        collection.update_one.return_value.matched_count = 0
        self.assertFalse(model.change_author("NB"))
        collection.update_one.assert_called_once()

    def test_what_bson_cannot_hold_is_refused(self):
        """Before any query"""
        model = MasterConfig(mock.MagicMock())
        for write in (model.change_author, model.insert_author):
            self.assertRaises(Unstorable, write, 2**63)
        model.collection.update_one.assert_not_called()
