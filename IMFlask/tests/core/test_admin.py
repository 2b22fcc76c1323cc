"""The admin token."""

from unittest import mock

from core.web.admin import admin_required, security
from tests.case import AppTestCase


class AdminTestCase(AppTestCase):
    """admin_required"""

    settings = {"ADMIN_TOKEN": "t" * 40}

    def setUp(self):
        super().setUp()
        self.view = mock.Mock(return_value={}, __name__="view")
        self.set_view(admin_required(self.view))

    def ask(self, *authorizations):
        headers = [("Authorization", value) for value in authorizations]
        return self.client.get("/view", headers=headers)

    def test_token_opens(self):
        """Authorization: Bearer, the scheme in any case"""
        for scheme in ("Bearer", "bearer"):
            self.assertEqual(self.ask(f"{scheme} {'t' * 40}").status_code, 200)

    def test_client_of_the_tests_sends_it(self):
        """AppTestCase.admin"""
        self.assertEqual(self.client.get("/view").status_code, 401)
        self.assertEqual(self.admin.get("/view").status_code, 200)

    def test_anything_else_does_not(self):
        """401 with WWW-Authenticate, before the view is called"""
        for given in (
            *([], [""], ["Bearer"], ["Bearer "], ["Bearer t\u00e4"], ["Bearer a=b"], ["t" * 40]),
            *(["Bearer " + "t" * 39], ["Bearer " + "t" * 41], ["Bearer " + "T" * 40]),
            *(["Basic " + "t" * 40], ["Basic dDp0"]),
        ):
            with self.subTest(given):
                response = self.ask(*given)
                self.assert_fails(
                    response,
                    401,
                    "Send the admin token, in the header Authorization: Bearer <token>.",
                )
                self.assertEqual(
                    response.headers["WWW-Authenticate"],
                    f'Bearer realm="{self.app.config["APP_NAME"]}"'.replace('"', ""),
                )
        self.view.assert_not_called()

    def test_view_says_what_it_asks_for(self):
        """To the API's description"""
        self.assertEqual(self.app.view_functions["view"].security(self.app), security(self.app))
        self.assertEqual(security(self.app)["admin"]["scheme"], "bearer")

    def test_comparison_takes_constant_time(self):
        """By the standard library's own"""
        with mock.patch("core.web.admin.hmac.compare_digest", return_value=True) as compare:
            self.assertEqual(self.ask("Bearer x").status_code, 200)
        compare.assert_called_once_with(b"x", b"t" * 40)


class NoAdminTestCase(AppTestCase):
    """admin_required without a token"""

    def test_nothing_is_asked_for(self):
        """In development and testing"""
        self.set_view(admin_required(lambda: {}))
        self.assertEqual(self.client.get("/view").status_code, 200)
        self.assertEqual(security(self.app), {})
