"""When a query is not even tried."""

import threading
import time
from unittest import mock

from pymongo import MongoClient, ReadPreference

from model.mongodb.outage import DatabaseAway, Heartbeats, report_failure, wait_for_server
from tests.case import UnitTestCase
from tests.probe import Probe


class WaitTestCase(UnitTestCase):
    """wait_for_server"""

    def setUp(self):
        super().setUp()
        self.heartbeats = Heartbeats()
        self.client = MongoClient(
            "mongodb://127.0.0.1:1",
            connect=False,
            event_listeners=[self.heartbeats],
            timeoutMS=500,
            heartbeatFrequencyMS=1000,
        )
        self.addCleanup(self.client.close)
        self.has_server = False
        patch = mock.patch(
            "pymongo.topology_description.TopologyDescription.has_readable_server",
            side_effect=lambda *args: self.has_server,
        )
        patch.start()
        self.addCleanup(patch.stop)

    def hear(self, is_writable=True):
        """Have a heartbeat succeed."""
        self.heartbeats.started(None)
        self.heartbeats.succeeded(mock.Mock(reply=mock.Mock(is_writable=is_writable)))

    def wait(self):
        """Return the seconds that a query waited; negative when it was refused after them."""
        start = time.monotonic()
        try:
            wait_for_server(self.client["x"])
        except DatabaseAway:
            return start - time.monotonic()
        return time.monotonic() - start

    def test_unopened_client_is_opened_by_its_query(self):
        """There has been no heartbeat"""
        self.assertGreaterEqual(self.wait(), 0)

    def test_stand_ins_and_strange_clients_are_not_waited_for(self):
        """A database without a client, a client without our listener"""
        self.assertIsNone(wait_for_server({"Probe": 1}))
        with MongoClient("mongodb://127.0.0.1:1", connect=False) as client:
            self.assertIsNone(wait_for_server(client["x"]))

    def test_known_server_is_asked_at_once(self):
        """The usual case"""
        self.has_server = True
        self.hear()
        self.assertTrue(0 <= self.wait() < 0.5)

    def test_server_is_waited_for(self):
        """An election"""
        self.hear()
        timer = threading.Timer(0.2, setattr, (self, "has_server", True))
        timer.start()
        self.addCleanup(timer.join)
        self.assertGreaterEqual(self.wait(), 0.15)

    def test_wait_ends_a_timeout_and_a_heartbeat_after_the_last_word(self):
        """For all who wait at the same time; then nobody waits any more"""
        self.hear()
        self.heartbeats.last -= 1.2  # of the 1.5 s
        waits = []
        threads = [threading.Thread(target=lambda: waits.append(self.wait())) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for wait in waits:
            self.assertTrue(-1 < wait < -0.2, waits)
        self.assertTrue(-0.1 < self.wait() < 0)

    def test_query_that_has_waited_in_vain_ends_the_wait_of_all(self):
        """Until a heartbeat"""
        self.hear()
        self.heartbeats.patience = 0.5
        self.heartbeats.last -= 0.6
        report_failure()
        self.assertTrue(-0.1 < self.wait() < 0)
        self.hear()
        self.has_server = True
        self.assertGreaterEqual(self.wait(), 0)

    def test_query_that_failed_at_once_ends_no_wait(self):
        """One that is not retried, when an election begins"""
        self.hear()
        report_failure()
        timer = threading.Timer(0.2, setattr, (self, "has_server", True))
        timer.start()
        self.addCleanup(timer.join)
        self.assertGreaterEqual(self.wait(), 0.15)

    def test_outage_leaves_two_lines(self):
        """One when the first query is refused, one when the database is back"""
        self.hear()
        self.heartbeats.last -= 10
        with self.assertLogs("model", "WARNING") as logs:
            for _ in range(5):
                self.assertLess(self.wait(), 0)
            self.hear()
            self.hear()
        self.assertEqual(
            [record.getMessage() for record in logs.records],
            [
                "the database is away: queries are refused until it is back",
                "the database answers again",
            ],
        )

    def test_failed_query_means_nothing_where_there_is_a_server(self):
        """It was just too slow"""
        self.has_server = True
        self.hear()
        report_failure()
        self.assertGreaterEqual(self.wait(), 0)

    def test_server_that_hangs_counts_as_none(self):
        """Its heartbeat is late"""
        self.has_server = True
        self.hear()
        self.heartbeats.last -= 1.6
        self.assertLess(self.wait(), 0)

    def test_secondary_says_nothing_of_the_primary(self):
        """A heartbeat of a server that takes no writes"""
        self.hear()
        self.heartbeats.last -= 10
        self.hear(is_writable=False)
        self.assertTrue(-0.1 < self.wait() < 0)

    def test_readers_of_secondaries_need_no_primary(self):
        """The read preference decides, the client's or the database's own"""
        self.has_server = True
        self.hear()
        self.heartbeats.last -= 10
        preference = ReadPreference.SECONDARY_PREFERRED
        wait_for_server(self.client["x"].with_options(read_preference=preference))
        client = MongoClient(
            "mongodb://127.0.0.1:1/?readPreference=secondaryPreferred",
            connect=False,
            event_listeners=[self.heartbeats],
        )
        self.addCleanup(client.close)
        wait_for_server(client["x"])
        self.assertLess(self.wait(), 0)

    def test_fork_begins_anew(self):
        """Its parent's heartbeats tell it nothing: its first query opens the client"""
        self.hear()
        self.heartbeats.last -= 10
        self.assertLess(self.wait(), 0)
        with mock.patch("os.getpid", return_value=1):
            self.assertGreaterEqual(self.wait(), 0)

    def test_models_wait(self):
        """Every query begins with the collection"""
        with mock.patch("model.mongodb.base.wait_for_server", side_effect=DatabaseAway):
            self.assertRaises(DatabaseAway, Probe(self.client["x"]).get_name)
