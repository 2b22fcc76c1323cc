"""Information: the log, the author, the message; the models are mocked."""

from unittest import mock

from bson import ObjectId

from app.database import get_db
from tests.case import AppTestCase
from tests.mock import Mock

NO_AUTHOR = "There is no author yet: run `flask db-init` to put one in."


class InfoTestCase(AppTestCase):
    """Info API"""

    def patch(self, name, **kwargs):
        patch = mock.patch(f"model.mongodb.{name}", autospec=True, **kwargs)
        self.addCleanup(patch.stop)
        return patch.start()

    def test_get_log(self):
        """The first page, and no next one where there are no more entries"""
        get_log = self.patch("Log.get_log", return_value=Mock.get_log(0, 10))
        response = self.client.get("/sample/log")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(list(response.json), ["msg", "result", "next"])
        self.assertIsNone(response.json["next"])
        self.assertEqual(len(response.json["result"]), 10)
        self.assertEqual(
            response.json["result"][0],
            {
                "_id": "800000000000000000000000",
                "request_id": "00000000000000000000000000000000",
                "ipv4": "127.0.0.1",
                "url": "/sample/add?a=0&b=1",
                "method": "GET",
                "params": "",
                "status_code": 200,
                "process_time": 0.001,
                "created_at": "2026-01-01T00:00:00.000Z",
                "__version__": 1,
            },
        )
        # One more than a page tells whether there is another.
        get_log.assert_called_once_with(mock.ANY, 11, None)

    def test_log_pages_lead_to_each_other(self):
        """`next` is the `before` of the next page"""
        get_log = self.patch("Log.get_log", return_value=Mock.get_log(0, 4))
        response = self.client.get("/sample/log?limit=3")
        self.assertEqual(len(response.json["result"]), 3)
        self.assertEqual(response.json["next"], response.json["result"][-1]["_id"])
        self.client.get(f"/sample/log?limit=3&before={response.json['next']}")
        get_log.assert_called_with(mock.ANY, 4, ObjectId(response.json["next"]))

    def test_log_of_stand_ins_without_ids_has_no_next_page(self):
        """Documents without `_id`"""
        entries = [{"url": entry["url"]} for entry in Mock.get_log(0, 30)]
        with mock.patch("model.mongodb.Log.get_log", return_value=entries):
            response = self.client.get("/sample/log")
        self.assertEqual((len(response.json["result"]), response.json["next"]), (10, None))

    def test_log_refuses_wrong_pages(self):
        """limit and before"""
        get_log = self.patch("Log.get_log")
        for query, description in (
            ("limit=0", "Query parameter 'limit' must be 1 or more."),
            ("limit=101", "Query parameter 'limit' must be 100 or less."),
            ("limit=x", "Query parameter 'limit' is malformed: it must be an integer."),
            ("before=1", "Query parameter 'before' must be an id of 24 hexadecimal digits."),
        ):
            with self.subTest(query):
                self.assert_fails(self.client.get(f"/sample/log?{query}"), 400, description)
        get_log.assert_not_called()

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
