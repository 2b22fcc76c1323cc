"""Where the log goes."""

import logging
import tempfile
from pathlib import Path

from app import create_app
from config import config_dict
from tests.case import UnitTestCase


class ErrorLogTestCase(UnitTestCase):
    """ERROR_LOG_PATH"""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "error.log"
        self.logger = logging.getLogger("app")
        before = list(self.logger.handlers)

        def restore():
            for handler in self.logger.handlers:
                if handler not in before:
                    handler.close()
            self.logger.handlers = before

        self.addCleanup(restore)

    def make_app(self, path):
        return create_app(type("Config", (config_dict["testing"],), {"ERROR_LOG_PATH": path}))

    def test_file_gets_warnings_and_errors_once(self):
        """Not what is below; however many apps there are"""
        self.make_app(str(self.path))
        app = self.make_app(str(self.path))
        app.logger.propagate = False
        self.addCleanup(setattr, app.logger, "propagate", True)
        for level in ("info", "warning", "error"):
            getattr(app.logger, level)("a %s", level)
        lines = self.path.read_text().splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r"^\[.+\] WARNING: a warning$")
        self.assertRegex(lines[1], r"^\[.+\] ERROR: a error$")

    def test_without_the_setting_there_is_no_file(self):
        """stderr only"""
        self.make_app(None)
        self.assertFalse(
            [one for one in self.logger.handlers if isinstance(one, logging.FileHandler)]
        )

    def test_each_app_has_the_file_of_its_config(self):
        """Another config, another file"""
        other = self.path.with_name("other.log")
        for path in (self.path, other):
            self.make_app(str(path)).logger.error("x")
        self.assertTrue(self.path.exists() and other.exists())
