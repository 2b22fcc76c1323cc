"""The log's pages; the model is mocked."""

from unittest import mock

from bson import ObjectId

from model.mongodb import Log
from tests.case import AppTestCase, UnitTestCase
from tests.mock import Mock


class LogTestCase(AppTestCase):
    """Log API"""

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
            (
                "before=1",
                "Query parameter 'before' is malformed: it must be an id of 24 hexadecimal digits.",
            ),
        ):
            with self.subTest(query):
                self.assert_fails(self.client.get(f"/sample/log?{query}"), 400, description)
        get_log.assert_not_called()

    def test_it_leaves_no_entry_itself(self):
        """Who looks at the log does not fill it"""
        self.assertTrue(self.app.view_functions["log.get_log_api"].unlogged)


class ModelTestCase(UnitTestCase):
    """model.mongodb.Log"""

    def test_log_expires_by_the_setting(self):
        """LOG_RETENTION_DAYS; 0 is for ever"""
        for config, seconds in (
            (None, 30 * 86400),
            ({"LOG_RETENTION_DAYS": 1}, 86400),
            ({"LOG_RETENTION_DAYS": 0}, 2147483647),
            ({"LOG_RETENTION_DAYS": 24855}, 24855 * 86400),
        ):
            (index,) = Log(None, config).index
            self.assertEqual(index.document["expireAfterSeconds"], seconds)
            self.assertLessEqual(seconds, 2147483647)


class AdminTestCase(AppTestCase):
    """With ADMIN_TOKEN set"""

    settings = {"ADMIN_TOKEN": "t" * 32}

    def test_log_needs_the_token(self):
        """It shows what others have sent"""
        self.assertEqual(self.client.get("/sample/log").status_code, 401)
