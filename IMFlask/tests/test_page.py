"""The page, as the app answers it; what it does in a browser, the integration tests ask."""

import re

from tests.case import AppTestCase


class PageTestCase(AppTestCase):
    """GET /"""

    def test_it_names_the_app(self):
        """Escaped"""
        self.app.config["APP_NAME"] = "<b>"
        response = self.client.get("/")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.mimetype, "text/html")
        self.assertIn(b"<h1>&lt;b&gt;</h1>", response.data)

    def test_production_shows_the_name_and_its_health_alone(self):
        """Whatever the description's setting is; elsewhere the endpoints"""
        self.app.config["OPENAPI"] = True
        for kind, is_shown in (("development", True), ("testing", True), ("production", False)):
            self.app.config["KIND"] = kind
            page = self.client.get("/").text
            self.assertIn('id="health"', page)
            for part in ("<main>", "endpoints.js", kind):
                self.assertEqual(part in page, is_shown, part)

    def test_it_keeps_its_policy(self):
        """Nothing inline, nothing from elsewhere; what it loads is there"""
        page = self.client.get("/").text
        self.assertNotRegex(page, r"<script(?![^>]* src=)|<style|style=|\son[a-z]+=|https?:")
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
        self.assertEqual(len(loaded), 4)
        for path in loaded:
            with self.client.get(path) as response:
                self.assertEqual(response.status_code, 200, path)

    def test_it_leaves_no_entry_in_the_log(self):
        """As what it asks for all the time"""
        endpoint = self.app.url_map.bind("").match("/")[0]
        self.assertTrue(self.app.view_functions[endpoint].unlogged)
