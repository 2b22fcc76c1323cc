"""How the database is reached, and what it takes."""

from decimal import Decimal
from pathlib import Path
from unittest import mock

import model
from core.database import client
from core.database.lazy import LazyDatabase
from tests.case import UnitTestCase
from tests.integration.case import DatabaseTestCase

ROOT = Path(model.__file__).parent.parent
URI = "mongodb://127.0.0.1:1/"


def close_clients():
    for uri in list(client._clients):
        client.close_client(uri)


class ClientTestCase(UnitTestCase):
    """The MongoClient"""

    def setUp(self):
        super().setUp()
        close_clients()
        self.addCleanup(close_clients)

    def test_one_client_a_process(self):
        """For one URI; closed and forgotten together"""
        one = client.get_client(URI, "app")
        self.assertIs(client.get_client(URI, "app"), one)
        self.assertIsNot(client.get_client(URI + "?w=1", "app"), one)
        with mock.patch.object(type(one), "close", autospec=True) as close:
            close_clients()
        self.assertEqual(close.call_count, 2)
        self.assertIsNot(client.get_client(URI, "app"), one)

    def test_defaults(self):
        """What the contract names"""
        options = client.get_client(URI, "my_app").options
        self.assertEqual(options.timeout, 2)
        self.assertEqual(options.pool_options.connect_timeout, 1)
        self.assertEqual(options.server_selection_timeout, 2)
        self.assertEqual(options.heartbeat_frequency, 1)
        self.assertEqual(options.server_monitoring_mode, "poll")
        self.assertTrue(options.retry_writes and options.retry_reads)
        self.assertEqual(options.write_concern.document, {"w": "majority"})
        self.assertTrue(options.codec_options.tz_aware)
        self.assertEqual(options.codec_options.uuid_representation, 4)  # standard
        self.assertEqual(options.pool_options.max_pool_size, 16)
        self.assertEqual(options.pool_options.appname, "my_app")
        self.assertFalse(options.connect)

    def test_uri_comes_before_the_defaults(self):
        """Whatever it sets"""
        options = client.get_client(
            URI + "?timeoutms=500&W=1&maxPoolSize=3&appName=other&retryWrites=false", "app"
        ).options
        self.assertEqual(options.timeout, 0.5)
        self.assertEqual(options.write_concern.document, {"w": 1})
        self.assertEqual(options.pool_options.max_pool_size, 3)
        self.assertEqual(options.pool_options.appname, "other")
        self.assertFalse(options.retry_writes)
        self.assertTrue(options.retry_reads)
        options = client.get_client(URI + "?w=1;maxPoolSize=3", "app").options
        self.assertEqual(options.pool_options.max_pool_size, 3)
        options = client.get_client(URI + "?minPoolSize=20", "app").options
        self.assertEqual(options.pool_options.max_pool_size, 100)  # pymongo's own

    def test_older_limits_of_the_uri_are_not_overruled(self):
        """timeoutMS would beat them"""
        options = client.get_client(URI + "?serverSelectionTimeoutMS=300", "app").options
        self.assertEqual(options.server_selection_timeout, 0.3)
        self.assertIsNone(options.timeout)
        self.assertEqual(options.pool_options.socket_timeout, 2)
        options = client.get_client(URI + "?socketTimeoutMS=700", "app").options
        self.assertEqual(options.pool_options.socket_timeout, 0.7)
        self.assertIsNone(options.timeout)
        self.assertEqual(options.server_selection_timeout, 2)

    def test_names_of_databases(self):
        """The setting, else the URI's, else the app's"""
        for config, name in (
            ({"MONGODB_URI": URI, "APP_NAME": "MyApp"}, "myapp"),
            ({"MONGODB_URI": URI + "x", "APP_NAME": "MyApp"}, "x"),
            ({"MONGODB_URI": URI + "x", "MONGODB_NAME": "y"}, "y"),
            ({"APP_NAME": "MyApp"}, "myapp"),
            ({"MONGODB_NAME": "y"}, "y"),
        ):
            self.assertEqual(model.connect(config).name, name)


class LazyDatabaseTestCase(UnitTestCase):
    """LazyDatabase"""

    def setUp(self):
        super().setUp()
        self.addCleanup(close_clients)
        self.first = client.get_client(URI, "app")["x"]
        self.second = client.get_client(URI + "?appname=2", "app")["y"]

    def test_first_use_opens_and_prepares(self):
        """Not the making"""
        opened, prepared = mock.Mock(return_value=self.first), mock.Mock()
        one = LazyDatabase("x", opened, prepared)
        self.assertEqual(one.name, "x")
        opened.assert_not_called()
        self.assertEqual(one["Log"].name, "Log")
        self.assertIs(one.client, self.first.client)
        prepared.assert_called_once_with(self.first)

    def test_replaced_database_is_prepared_as_well(self):
        """And one whose preparation failed again"""
        opened = mock.Mock(return_value=self.first)
        prepared = mock.Mock(side_effect=[None, RuntimeError, None])
        one = LazyDatabase("x", opened, prepared)
        self.assertEqual(one["a"].full_name, "x.a")
        opened.return_value = self.second
        self.assertRaises(RuntimeError, lambda: one.client)
        self.assertIs(one["a"].database.client, self.second.client)
        prepared.assert_has_calls(
            [mock.call(self.first), mock.call(self.second), mock.call(self.second)]
        )
        self.assertEqual(prepared.call_count, 3)

    def test_garbage_collector_may_end_a_cursor_at_any_time(self):
        """A cursor's end asks its collection for the client, while the same thread opens it"""
        held = []

        def open_database():
            for cursor in held:
                self.assertIs(cursor.collection.database.client, self.first.client)
            return self.first

        one = LazyDatabase("x", open_database)
        held.append(one["a"].find())
        self.assertEqual(one["b"].full_name, "x.b")

    def test_without_a_database_every_use_fails(self):
        """connect with neither URI nor folder"""
        database = model.connect({})
        self.assertRaisesRegex(
            RuntimeError,
            "^There is no database: set app_MONGODB_URI.$",
            lambda: database["Log"],
        )
        database = model.connect({"TESTING": True})
        self.assertRaisesRegex(RuntimeError, "patch the model's method", lambda: database["Log"])


class DecimalTestCase(DatabaseTestCase):
    """Decimal"""

    def test_exact_numbers_go_in_and_come_out_as_they_are(self):
        """Compared and added up by the server, too"""
        prices = self.database["Price"]
        prices.insert_one({"_id": 1, "net": Decimal("19.90"), "all": [Decimal("0.10")]})
        found = prices.find_one({"net": {"$gt": Decimal("19.899"), "$lt": 20}})
        self.assertEqual((str(found["net"]), str(found["all"][0])), ("19.90", "0.10"))
        prices.update_one({"_id": 1}, {"$inc": {"net": Decimal("0.10")}})
        self.assertEqual(prices.distinct("net"), [Decimal("20.00")])
