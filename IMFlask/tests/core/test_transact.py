"""Changes and transactions on a real database."""

import enum
import time
from datetime import date

from pymongo import MongoClient, monitoring
from pymongo.errors import PyMongoError

from core.web.database import get_db
from tests.core.probe import Probe
from tests.integration.case import AppDatabaseTestCase, DatabaseTestCase


class Status(enum.Enum):
    NEW = "new"


class TransactTestCase(DatabaseTestCase):
    """Model.transact"""

    def setUp(self):
        super().setUp()
        self.model = Probe(self.database)
        self.model.collection.insert_many([{"_id": 1, "n": 0}, {"_id": 2, "n": 0}])

    def add(self, session, key):
        self.model.collection.update_one({"_id": key}, {"$inc": {"n": 1}}, session=session)

    def numbers(self):
        return [one["n"] for one in self.model.collection.find().sort("_id")]

    def test_all_of_it_or_nothing(self):
        """What the work raises undoes it"""

        def work(session):
            self.add(session, 1)
            self.add(session, 2)
            return "done"

        def fail(session):
            self.add(session, 1)
            raise ZeroDivisionError

        self.assertEqual(self.model.transact(work), "done")
        self.assertRaises(ZeroDivisionError, self.model.transact, fail)
        self.assertEqual(self.numbers(), [1, 1])

    def test_it_gives_up_in_time(self):
        """Where another transaction stays in the way; the driver's own limit is two minutes"""
        with self.database.client.start_session() as other, other.start_transaction():
            self.add(other, 1)
            start = time.monotonic()
            with self.assertRaises(PyMongoError):
                self.model.transact(lambda session: self.add(session, 1), seconds=0.5)
            self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(self.numbers(), [1, 0])

    def test_what_takes_too_long_is_undone_at_once(self):
        """The server is told; it would else keep the locks for a minute"""
        seen = []

        class Listener(monitoring.CommandListener):
            def started(self, event):
                seen.append(event.command_name)

            def succeeded(self, event):
                pass

            failed = succeeded

        def work(session):
            self.add(session, 1)
            time.sleep(0.3)
            self.add(session, 2)

        with MongoClient(self.uri, event_listeners=[Listener()], timeoutMS=2000) as client:
            self.model = Probe(client[self.name])
            self.assertRaises(PyMongoError, self.model.transact, work, seconds=0.2)
        self.assertIn("abortTransaction", seen)


class ChangeTestCase(DatabaseTestCase):
    """Model.change"""

    def test_document_comes_back_changed(self):
        """Or None where there is none; a member of an Enum is its value, a date its text"""
        model = Probe(self.database)
        model.collection.insert_one({"_id": 1, "kind": "a", "name": "x", "note": "y"})
        changes = {"kind": Status.NEW, "note": None, "day": date(2026, 1, 2)}
        self.assertEqual(
            model.change({"_id": 1}, changes),
            {"_id": 1, "kind": "new", "name": "x", "day": "2026-01-02"},
        )
        self.assertEqual(model.collection.find_one({"kind": Status.NEW})["_id"], 1)
        self.assertIsNone(model.change({"_id": 2}, {"name": "x"}))
        self.assertEqual(model.collection.count_documents({}), 1)


class AppDatabaseCaseTestCase(AppDatabaseTestCase):
    """AppDatabaseTestCase"""

    def test_app_has_a_database_of_the_test_s_own(self):
        """Which answers"""
        self.assertIs(get_db(self.app), self.database)
        self.assertEqual(self.client.get("/health/ready").status_code, 200)
