"""The controllers for the author and the log, without an app and without a database."""

from unittest import mock

from bson import ObjectId

from controller import author, log
from controller.error import NotFound
from model.mongodb import Log, MasterConfig
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


class LogTestCase(UnitTestCase):
    """controller.log"""

    def setUp(self):
        super().setUp()
        self.model = mock.create_autospec(Log, instance=True)

    def test_pages(self):
        """A full page has a cursor where there is more"""
        entries = Mock.get_log(0, 4)
        self.model.get_log.return_value = entries
        self.assertEqual(log.newest(self.model, 3), (entries[:3], entries[2]["_id"]))
        self.assertEqual(log.newest(self.model, 4), (entries, None))
        self.model.get_log.return_value = []
        self.assertEqual(log.newest(self.model, 3, "0" * 24), ([], None))
        self.model.get_log.assert_called_with(4, ObjectId("0" * 24))
