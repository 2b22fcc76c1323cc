"""Basics: the app, its page, its addresses."""

import logging
from pathlib import Path

from flask import current_app

from app import create_app
from config import APP_NAME, config_dict
from core.web.database import get_db
from tests.core.case import ProbeTestCase

LOGGERS = (None, "app", "controller", "model", "werkzeug")
ROOT = Path(__file__).resolve().parent.parent


class BasicsTestCase(ProbeTestCase):
    """The app"""

    def test_app_exists(self):
        """There is an app"""
        self.assertIs(current_app._get_current_object(), self.app)

    def test_factory_makes_an_app_of_every_kind_without_a_socket(self):
        """create_app succeeds for all configurations and opens nothing"""
        loggers = [logging.getLogger(name) for name in LOGGERS]
        for logger in loggers:
            self.addCleanup(setattr, logger, "handlers", list(logger.handlers))
            self.addCleanup(setattr, logger, "filters", list(logger.filters))
        for name in ("development", "testing", "production", "default"):
            with self.subTest(name):
                self.assertEqual(create_app(config_dict[name]).config["APP_NAME"], APP_NAME)

    def test_factory_uses_the_config_it_is_given(self):
        """Another database name in the config is another database"""

        class Elsewhere(config_dict["testing"]):
            MONGODB_URI = "mongodb://127.0.0.1:1/from_uri"
            MONGODB_NAME = "elsewhere"

        self.assertEqual(get_db(create_app(Elsewhere)).name, "elsewhere")
        Elsewhere.MONGODB_NAME = None
        self.assertEqual(get_db(create_app(Elsewhere)).name, "from_uri")
        Elsewhere.MONGODB_URI = "mongodb://127.0.0.1:1"
        self.assertEqual(get_db(create_app(Elsewhere)).name, APP_NAME.lower())

    def test_page_404(self):
        """An unknown address, by any method"""
        sentence = "There is nothing at this address: check its spelling."
        for path in ("/wrong/url", "/probe/", "/probe//add", "/nothing.html"):
            for method in ("GET", "POST", "PUT", "DELETE", "FOO"):
                with self.subTest(f"{method} {path}"):
                    self.assert_fails(self.client.open(path, method=method), 404, sentence)

    def test_slash_at_the_end_does_not_matter(self):
        """No redirect, which would be HTML"""
        self.app.add_url_rule("/slash/", view_func=lambda: {})
        for rule, defaults in (("/list", {"n": "1"}), ("/list/<n>", None)):
            self.app.add_url_rule(rule, "list", dict, defaults=defaults)
        for path in ("/slash", "/slash/", "/probe/hello", "/probe/hello/", "/list/1"):
            self.assertEqual(self.client.get(path).status_code, 200, path)

    def test_wrong_method_names_the_right_ones(self):
        """405 with Allow"""
        response = self.client.delete("/probe/name")
        self.assert_fails(
            response, 405, "This address does not accept this method: see the Allow header."
        )
        self.assertEqual(
            set(response.headers["Allow"].split(", ")), {"GET", "HEAD", "OPTIONS", "POST", "PUT"}
        )
