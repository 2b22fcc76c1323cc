"""Health, without a database."""

from unittest import mock

from tests.case import AppTestCase


class HealthTestCase(AppTestCase):
    """/health"""

    settings = {"API_LOGGING": True}

    def test_live_asks_no_database(self):
        """200 as long as the process answers"""
        response = self.client.get("/health/live")
        self.assertEqual((response.status_code, response.json), (200, {"msg": "success"}))

    def test_ready_shows_the_log(self):
        """How many entries wait, were dropped, were lost"""
        writer = self.app.extensions["request_log"]
        writer.dropped, writer.lost = 3, 4
        state = {"log_queue": 0, "log_dropped": 3, "log_lost": 4}
        with mock.patch("controller.health.answers", autospec=True, return_value=True):
            response = self.client.get("/health/ready")
        self.assertEqual(
            (response.status_code, response.json), (200, {"msg": "success", "result": state})
        )
        with mock.patch("controller.health.answers", autospec=True, return_value=False):
            response = self.client.get("/health/ready")
        self.assertEqual(response.status_code, 503)
        self.assertEqual(response.headers["Retry-After"], "1")
        self.assertEqual(response.json["description"], "The database does not answer.")
        self.assertEqual(response.json["result"], state)

    def test_database_that_cannot_even_be_asked_is_not_ready(self):
        """The testing configuration has none"""
        with self.assertNoLogs("app", "ERROR"):
            self.assertEqual(self.client.get("/health/ready").status_code, 503)


class NoLogHealthTestCase(AppTestCase):
    """/health without an API log"""

    def test_there_is_nothing_to_show(self):
        """An empty result"""
        with mock.patch("controller.health.answers", autospec=True, return_value=True):
            response = self.client.get("/health/ready")
        self.assertEqual(response.json, {"msg": "success", "result": {}})
