"""Information: the author, the message; the model is mocked."""

from unittest import mock

from core.web.database import get_db
from tests.case import AppTestCase
from tests.mock import Mock

NO_AUTHOR = "There is no author yet: run `flask db-init` to put one in."


class InfoTestCase(AppTestCase):
    """Info API"""

    def test_get_author(self):
        """The author's document"""
        self.patch("MasterConfig.get_author", return_value=Mock.get_author())
        response = self.client.get("/sample/author")
        self.assertEqual(
            (response.status_code, response.json),
            (
                200,
                {
                    "msg": "success",
                    "result": {
                        "_id": "0" * 24,
                        "config_type": "author",
                        "value": "IML",
                        "created_at": "2026-01-01T00:00:00.000Z",
                        "updated_at": "2026-01-01T00:00:00.000Z",
                        "__version__": 1,
                    },
                },
            ),
        )

    def test_no_author_names_the_command_that_makes_one(self):
        """404 naming flask db-init"""
        self.patch("MasterConfig.get_author", return_value=None)
        self.patch("MasterConfig.change_author", return_value=False)
        self.assert_fails(self.client.get("/sample/author"), 404, NO_AUTHOR)
        for method in (self.client.post, self.client.put):
            self.assert_fails(method("/sample/author", json={"name": "NB"}), 404, NO_AUTHOR)

    def test_change_author(self):
        """POST and PUT change the author"""
        change = self.patch("MasterConfig.change_author", return_value=True)
        for method in (self.client.post, self.client.put):
            response = method("/sample/author", json={"name": "NB", "other": 1})
            self.assertEqual((response.status_code, response.json), (200, {"msg": "success"}))
        self.assertEqual(change.call_args_list, [mock.call(mock.ANY, "NB")] * 2)
        self.assertIs(change.call_args.args[0].database, get_db())

    def test_plain_mocks_reach_no_database(self):
        """A MagicMock without a spec will do"""
        with mock.patch("model.mongodb.MasterConfig.change_author"):
            response = self.client.post("/sample/author", json={"name": "NB"})
            self.assertEqual(response.status_code, 200)
            response = self.client.put("/sample/author", json={"name": 123})
            self.assertEqual(response.status_code, 400)

    def test_author_must_be_a_string(self):
        """Missing, null, malformed and wrongly typed are told apart"""
        change = self.patch("MasterConfig.change_author")
        for body, description in (
            ("{}", "JSON field 'name' is missing."),
            ('{"name": null}', "JSON field 'name' is null: it must be a string."),
            ('{"name": 1}', "JSON field 'name' must be a string, not an integer."),
            ('{"name": {"$gt": ""}}', "JSON field 'name' must be a string, not an object."),
            ("[]", "The JSON body must be an object, not an array."),
        ):
            with self.subTest(body):
                response = self.client.post(
                    "/sample/author", data=body, content_type="application/json"
                )
                self.assert_fails(response, 400, description)
        change.assert_not_called()

    def test_message_is_korean_and_unescaped(self):
        """The bytes are UTF-8 as written"""
        response = self.client.get("/sample/jsonify")
        self.assertEqual(
            response.data.decode(),
            '{"msg":"success","result":"안녕하세요, 잘 돌아가고 있습니다!"}\n',
        )
        self.assertEqual(response.content_type, "application/json")


class AdminTestCase(AppTestCase):
    """With ADMIN_TOKEN set"""

    settings = {"ADMIN_TOKEN": "t" * 32}

    def test_writes_need_the_token(self):
        """Before anything is read; reading does not"""
        response = self.client.post("/sample/author", data="{", content_type="text/plain")
        self.assertEqual(response.status_code, 401)
        with mock.patch("model.mongodb.MasterConfig.get_author", return_value={"value": "IML"}):
            self.assertEqual(self.client.get("/sample/author").status_code, 200)
