"""Health, without a database."""

from unittest import mock

from tests.case import AppTestCase


class HealthTestCase(AppTestCase):
    """/health"""

    def test_live_asks_no_database(self):
        """200 as long as the process answers"""
        response = self.client.get("/health/live")
        self.assertEqual((response.status_code, response.json), (200, {"msg": "success"}))

    def test_ready_asks_the_database_and_shows_the_figures_of_the_parts(self):
        """The same where it does not answer, which is a 503"""
        figures = iter((1, 2))
        self.app.extensions["health"] = {"queue": lambda: next(figures)}
        with mock.patch("app.api.health.responds", autospec=True, return_value=True):
            response = self.client.get("/health/ready")
        self.assertEqual(
            (response.status_code, response.json), (200, {"msg": "success", "result": {"queue": 1}})
        )
        with mock.patch("app.api.health.responds", autospec=True, return_value=False):
            response = self.client.get("/health/ready")
        self.assertEqual(response.status_code, 503)
        self.assertEqual(response.headers["Retry-After"], "1")
        self.assertEqual(response.json["description"], "The database does not answer.")
        self.assertEqual(response.json["result"], {"queue": 2})

    def test_there_may_be_nothing_to_show(self):
        """An empty result"""
        self.app.extensions.pop("health", None)
        with mock.patch("app.api.health.responds", autospec=True, return_value=True):
            response = self.client.get("/health/ready")
        self.assertEqual(response.json, {"msg": "success", "result": {}})

    def test_database_that_cannot_even_be_asked_is_not_ready(self):
        """The testing configuration has none"""
        with self.assertNoLogs("app", "ERROR"):
            self.assertEqual(self.client.get("/health/ready").status_code, 503)
