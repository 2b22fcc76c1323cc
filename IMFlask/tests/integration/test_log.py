"""The log in a real database: what is written, its pages, its index, its expiry."""

from datetime import UTC, datetime

from bson import ObjectId

from controller.util import newest_page
from model import init_db
from model.mongodb import Log
from tests.integration.case import DatabaseTestCase
from tests.integration.explain import Explain

DAY = 86400


class LogTestCase(DatabaseTestCase):
    """Log"""

    def test_what_is_written_is_what_is_read(self):
        """All fields, dates to the millisecond and aware"""
        model = Log(self.database)
        document = model.schemize({"url": "/안녕?a=\x00", "status_code": 200, "params": "x" * 2048})
        model.insert_log(dict(document))
        (read,) = model.get_log()
        self.assertIsInstance(read.pop("_id"), ObjectId)
        self.assertEqual(read, document)
        self.assertEqual(read["created_at"].utcoffset(), datetime.now(UTC).utcoffset())

    def test_pages_cover_the_log_once(self):
        """Through the controller, from the newest to the oldest, while entries come in"""
        model = Log(self.database)
        for number in range(25):
            model.insert_log({"url": str(number)})
        seen, cursor, pages = [], None, 0
        while pages == 0 or cursor is not None:
            page, cursor = newest_page(model.get_log, 10, cursor and str(cursor))
            seen += [int(entry["url"]) for entry in page]
            pages += 1
            model.insert_log({"url": "new"})
        self.assertEqual((seen, pages), (list(range(24, -1, -1)), 3))

    def test_entries_of_several_processes_come_newest_first(self):
        """By created_at to the millisecond, within one second too"""
        now = datetime(2026, 1, 2, 3, 4, 5, 0, UTC)
        model = Log(self.database)
        times = [now.replace(microsecond=number * 1000) for number in (7, 2, 999, 0, 400)]
        for created_at in times:
            model.insert_log({"created_at": created_at})
        read = [entry["created_at"] for entry in model.get_log()]
        self.assertEqual(read, sorted(times, reverse=True))

    def test_empty_log(self):
        """No collection yet"""
        self.assertEqual(newest_page(Log(self.database).get_log, 10), ([], None))


class LogExplainTestCase(Explain, DatabaseTestCase):
    """Each query uses its index"""

    def setUp(self):
        super().setUp()
        init_db(self.database)
        for number in range(20):
            Log(self.database).insert_log({"url": str(number)})

    def test_control_query_without_an_index_scans(self):
        """The test can fail"""
        (plan,) = self.plans(lambda database: Log(database).collection.find_one({"url": "3"}))
        self.assertIn("COLLSCAN", plan)

    def test_log(self):
        """First page and later ones"""
        middle = Log(self.database).get_log(10)[-1]["_id"]
        self.assert_uses("_id_", lambda database: Log(database).get_log(10))
        self.assert_uses("_id_", lambda database: Log(database).get_log(10, middle))
