"""db-init: fresh, repeated, after changes, many at once."""

import threading
import time
from unittest import mock

from pymongo import ASCENDING, IndexModel, MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from core.database.initializer import IndexConflict
from core.database.model import Model
from model import init_db
from tests.core.probe import Probe
from tests.integration.case import DatabaseTestCase

DAY = 86400


class Passing(Model):
    """Documents that expire after PASSING_DAYS."""

    VERSION = 1
    schema = {"url": None}  # as a property would have it

    @property
    def index(self):
        days = self.config.get("PASSING_DAYS", 30)
        return [IndexModel([("created_at", ASCENDING)], expireAfterSeconds=days * DAY)]


class InitDbTestCase(DatabaseTestCase):
    """init_db, of two collections"""

    def setUp(self):
        super().setUp()
        patch = mock.patch("model.mongodb.MODELS", (Probe, Passing))
        patch.start()
        self.addCleanup(patch.stop)

    def init_db(self, config=None):
        return init_db(self.database, config)

    def lifetime(self):
        """Return the seconds after which the database drops a document."""
        indexes = Passing(self.database).collection.index_information()
        return indexes["created_at_1"]["expireAfterSeconds"]

    def test_fresh_database(self):
        """Indexes and the first document; what was done is told, as it is done"""
        said = []
        lines = init_db(self.database, None, said.append)
        self.assertEqual(
            lines,
            [
                "Index Probe.kind_1 is being built.",
                "Index Probe.kind_1 created.",
                "Document Probe(kind='name') created.",
                "Index Passing.created_at_1 is being built.",
                "Index Passing.created_at_1 created.",
            ],
        )
        self.assertEqual(said, lines)
        self.assertTrue(Probe(self.database).collection.index_information()["kind_1"]["unique"])
        self.assertEqual(self.lifetime(), 30 * DAY)
        self.assertEqual(Probe(self.database).get_name(), "IML")

    def test_repeated_it_changes_nothing(self):
        """Neither a changed document nor created_at"""
        self.init_db()
        model = Probe(self.database)
        model.change_name("NB")
        before = model.collection.find_one()
        time.sleep(0.01)
        self.assertEqual(
            self.init_db(),
            [
                "Index Probe.kind_1 is there.",
                "Document Probe(kind='name') is there.",
                "Index Passing.created_at_1 is there.",
            ],
        )
        self.assertEqual(model.collection.find_one(), before)

    def test_what_is_missing_is_put_back(self):
        """An index dropped by hand, and documents that are already there"""
        self.init_db()
        collection = Passing(self.database).collection
        collection.insert_one({"url": "/kept"})
        collection.drop_index("created_at_1")
        self.assertIn("Index Passing.created_at_1 created.", self.init_db())
        self.assertEqual(collection.find_one()["url"], "/kept")

    def test_changed_lifetime_is_changed_in_place(self):
        """To 0 days and back"""
        self.init_db()
        for days, seconds, was in ((7, 7 * DAY, 30 * DAY), (1, DAY, 7 * DAY)):
            self.assertIn(
                f"Index Passing.created_at_1 expires after {seconds} s (was: {was}).",
                self.init_db({"PASSING_DAYS": days}),
            )
            self.assertEqual(self.lifetime(), seconds)

    def test_index_that_the_code_lacks_is_reported_and_kept(self):
        """Never dropped"""
        collection = Passing(self.database).collection
        collection.create_index("url")
        for _ in range(2):
            self.assertIn("Index Passing.url_1 is not in the code: left as it is.", self.init_db())
        self.assertIn("url_1", collection.index_information())

    def test_conflict_of_one_collection_does_not_stop_the_others(self):
        """All conflicts are named, with what to do; the other indexes are there"""
        Probe(self.database).collection.create_index("kind")
        self.assertIn("db['Probe'].drop_index('kind_1') in `flask shell`", self.conflict())
        self.assertEqual(self.lifetime(), 30 * DAY)

    def test_index_of_another_s_is_not_changed(self):
        """The same name, other keys: a conflict, and its lifetime stays"""
        collection = Passing(self.database).collection
        collection.create_index("ipv4", name="created_at_1", expireAfterSeconds=5)
        self.assertRaises(IndexConflict, self.init_db)
        self.assertEqual(self.lifetime(), 5)

    def conflict(self, config=None):
        """Return the sentence of a conflict."""
        with self.assertRaises(IndexConflict) as raised:
            self.init_db(config)
        return str(raised.exception)

    def test_index_under_another_name_is_named_by_the_one_that_is_there(self):
        """As after a change of its name in the model: the line that it gives works"""
        collection = Probe(self.database).collection
        collection.create_index("kind", unique=True, name="kind_unique")
        line = r"db\['Probe'\]\.drop_index\('kind_unique'\)"
        self.assertRegex(
            self.conflict(),
            rf"^Index Probe\.kind_1 is there under another name, kind_unique, .* by {line} in",
        )
        collection.drop_index("kind_unique")
        self.assertIn("Index Probe.kind_1 created.", self.init_db())

    def test_lifetime_under_another_name_is_named_as_well(self):
        """mongod compares an index's keys and not its lifetime: code 85"""
        Passing(self.database).collection.create_index("created_at", name="sparse", sparse=True)
        Passing(self.database).collection.create_index("created_at", name="ttl")
        said = OperationFailure("Index already exists with a different name: ttl", 85)
        with mock.patch.object(Collection, "create_indexes", side_effect=said):
            self.assertIn("db['Passing'].drop_index('ttl')", self.conflict())

    def test_lifetime_that_cannot_be_changed(self):
        """An index without one before 5.1, a service without collMod, a user without the right"""
        self.init_db()
        command = Database.command
        other_form = r"is there in another form .* db\['Passing'\]\.drop_index\('created_at_1'\)"
        for code, sentence in (
            (72, other_form),
            (59, other_form),
            (13, r"is to expire after 86400 s: .* the role dbAdmin"),
        ):

            def refuse(database, name, *args, code=code, **kwargs):
                if name == "collMod":
                    raise OperationFailure("secret words", code)
                return command(database, name, *args, **kwargs)

            with mock.patch.object(Database, "command", refuse):
                said = self.conflict({"PASSING_DAYS": 1})
            self.assertRegex(said, rf"^Index Passing\.created_at_1 {sentence}")

    def test_many_at_once(self):
        """Eight threads, each with a client of its own: one document, no error"""
        errors, barrier = [], threading.Barrier(8)

        def run():
            with MongoClient(self.uri, tz_aware=True, w="majority") as client:
                client.admin.command("ping")
                barrier.wait()
                try:
                    init_db(client[self.name])
                except Exception as error:
                    errors.append(error)

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertEqual(Probe(self.database).collection.count_documents({}), 1)
