"""Sessions: there when they are used, free when they are not."""

from unittest import mock

from flask import session

from tests.core.case import ProbeTestCase


class SessionTestCase(ProbeTestCase):
    """Sessions"""

    def setUp(self):
        super().setUp()
        self.app.add_url_rule("/write", view_func=self.write)
        self.app.add_url_rule("/read", view_func=self.read)
        self.app.add_url_rule("/clear", view_func=self.clear)

    @staticmethod
    def write():
        session["user"] = "NB"
        return {}

    @staticmethod
    def read():
        return {"user": session.get("user")}

    @staticmethod
    def clear():
        session.clear()
        return {}

    def test_session_lives_from_request_to_request(self):
        """Written, read, cleared"""
        self.assertEqual(self.client.get("/read").json, {"user": None})
        self.assertIn("session=", self.client.get("/write").headers["Set-Cookie"])
        response = self.client.get("/read")
        self.assertEqual(response.json, {"user": "NB"})
        self.assertEqual(response.headers["Vary"], "Cookie")
        self.assertNotIn("Set-Cookie", response.headers)
        self.assertIn("Max-Age=0", self.client.get("/clear").headers["Set-Cookie"])
        self.assertEqual(self.client.get("/read").json, {"user": None})

    def test_request_without_cookie_builds_no_signer(self):
        """The cost that this saves"""
        with mock.patch.object(
            type(self.app.session_interface), "get_signing_serializer", side_effect=AssertionError
        ):
            self.assertEqual(self.client.get("/probe/add?a=1&b=2").status_code, 200)
