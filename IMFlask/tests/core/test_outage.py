"""When a query is not even tried."""

from unittest import mock

from pymongo import MongoClient, ReadPreference
from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError

from core.database import client, outage
from core.database.outage import LATE, DatabaseAway, refuse_if_away, report_failure
from tests.case import UnitTestCase

TIMEOUT = ServerSelectionTimeoutError("no server")
TOPOLOGY = "pymongo.topology_description.TopologyDescription"


class OutageTestCase(UnitTestCase):
    """refuse_if_away"""

    def setUp(self):
        super().setUp()
        self.client = client.get_client("mongodb://127.0.0.1:1", "tests")
        self.addCleanup(client.close_client, "mongodb://127.0.0.1:1")
        self.addCleanup(outage._failed.clear)
        self.addCleanup(outage._refused.clear)
        self.has_server, self.error, self.now = False, OSError("refused"), 100.0
        self.is_known = False
        for name, stand_in in (
            (f"{TOPOLOGY}.has_readable_server", lambda *args: self.has_server),
            (
                f"{TOPOLOGY}.server_descriptions",
                lambda *args: {1: mock.Mock(error=self.error, is_server_type_known=self.is_known)},
            ),
            ("core.database.outage.monotonic", lambda: self.now),
        ):
            patch = mock.patch(name, side_effect=stand_in)
            setattr(self, name.rpartition(".")[2], patch.start())
            self.addCleanup(patch.stop)

    def is_refused(self, database=None):
        try:
            refuse_if_away(self.client["x"] if database is None else database)
        except DatabaseAway:
            return True
        return False

    def test_query_waits_for_a_server_until_one_has_waited_in_vain(self):
        """An election is not noticed"""
        self.assertFalse(self.is_refused())
        report_failure(TIMEOUT)
        self.assertTrue(self.is_refused())
        self.has_server = True
        self.assertFalse(self.is_refused())

    def test_query_that_was_tried_again_in_vain_has_waited(self):
        """The driver raises its first error"""
        try:
            try:
                raise TIMEOUT
            except ServerSelectionTimeoutError:
                raise AutoReconnect("closed")  # noqa: B904, as the driver does
        except AutoReconnect as error:
            report_failure(error)
        self.assertTrue(self.is_refused())

    def test_hanging_server_is_found_out_by_its_heartbeat(self):
        """Until then it counts as one; the failure is remembered for so long, and no longer"""
        self.has_server = True
        report_failure(TIMEOUT)
        self.assertFalse(self.is_refused())
        self.now += LATE / 2
        self.has_server = False
        self.assertTrue(self.is_refused())
        self.has_server = True
        self.now += LATE
        self.assertFalse(self.is_refused())
        self.has_server = False  # the next election is waited for
        self.assertFalse(self.is_refused())

    def test_client_that_is_not_opened_yet_is_opened_by_its_query(self):
        """As in a fork, whose parent's failures tell it nothing"""
        report_failure(TIMEOUT)
        self.error = None
        self.assertFalse(self.is_refused())

    def test_stand_ins_and_clients_of_others_are_not_refused(self):
        """A database without a client, a client that the project did not make"""
        report_failure(TIMEOUT)
        self.assertFalse(self.is_refused({"Probe": 1}))
        with MongoClient("mongodb://127.0.0.1:2", connect=False) as other:
            self.assertFalse(self.is_refused(other["x"]))

    def test_read_preference_decides(self):
        """The database's own"""
        report_failure(TIMEOUT)
        preference = ReadPreference.SECONDARY_PREFERRED
        self.is_refused(self.client["x"].with_options(read_preference=preference))
        self.has_readable_server.assert_called_with(preference)

    def test_outage_leaves_two_lines(self):
        """One when the first query is refused, one when the database is back"""
        with self.assertLogs("core", "WARNING") as logs:
            report_failure(TIMEOUT)
            self.assertEqual([self.is_refused() for _ in range(3)], [True] * 3)
            self.has_server = True
            self.now += 2 * LATE
            self.assertEqual([self.is_refused() for _ in range(3)], [False] * 3)
        self.assertEqual(
            [record.getMessage() for record in logs.records],
            [
                "the database is away: queries are refused until it is back",
                "the database answers again",
            ],
        )
