"""The embedded database, where it is not to be had."""

from unittest import mock

import model
from core.database.embedded import EmbeddedDatabaseError
from tests.case import UnitTestCase


class EmbeddedTestCase(UnitTestCase):
    """Without SecantusDB"""

    def test_first_use_says_how_to_get_it(self):
        """SecantusDB is not installed"""
        database = model.connect({"MONGODB_EMBEDDED_PATH": "/nonexistent", "APP_NAME": "My"})
        with mock.patch("importlib.util.find_spec", return_value=None):
            self.assertRaisesRegex(
                EmbeddedDatabaseError,
                r"^There is no database: set My_MONGODB_URI .* or install .*`pip install -r",
                lambda: database["Log"],
            )
