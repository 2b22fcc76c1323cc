"""The models' queries, on a real server."""

import time
from datetime import UTC, datetime

from bson import ObjectId
from pymongo import MongoClient, monitoring

from controller import log
from model import init_db
from model.mongodb import File, Log, MasterConfig
from model.mongodb.file import CHUNK_SIZE
from tests.integration.case import DatabaseTestCase


def stages(plan):
    """Return the stages of a query plan, outermost first, with their indexes."""
    plan = plan.get("queryPlan", plan)  # where mongod has put it since version 5
    found = [plan["stage"]]
    if "indexName" in plan:
        found.append(plan["indexName"])
    if "inputStage" in plan:
        found += stages(plan["inputStage"])
    return found


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
            page, cursor = log.newest(model, 10, cursor and str(cursor))
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
        self.assertEqual(log.newest(Log(self.database), 10), ([], None))


class MasterConfigTestCase(DatabaseTestCase):
    """MasterConfig"""

    def test_author_from_nothing_to_changed(self):
        """None, inserted once, changed"""
        init_db(self.database)
        model = MasterConfig(self.database)
        model.collection.delete_many({})
        self.assertIsNone(model.get_author())
        self.assertFalse(model.change_author("NB"))
        self.assertTrue(model.insert_author("IML"))
        self.assertFalse(model.insert_author("other"))
        first = model.get_author()
        self.assertEqual((first["value"], first["created_at"]), ("IML", first["updated_at"]))
        time.sleep(0.002)
        self.assertTrue(model.change_author("NB"))
        changed = model.get_author()
        self.assertEqual(changed["value"], "NB")
        self.assertEqual(changed["created_at"], first["created_at"])
        self.assertGreater(changed["updated_at"], first["updated_at"])
        self.assertEqual(model.collection.count_documents({}), 1)


class ExplainTestCase(DatabaseTestCase):
    """Each query uses its index"""

    def setUp(self):
        super().setUp()
        init_db(self.database)
        for number in range(20):
            Log(self.database).insert_log({"url": str(number)})

    def plans(self, call):
        """Return the plans of the finds that `call` sends, as the server explains them."""
        found = []

        class Listener(monitoring.CommandListener):
            def started(self, event):
                if event.command_name in ("find", "update", "delete"):
                    found.append(event.command)

            def succeeded(self, event):
                pass

            failed = succeeded

        with MongoClient(self.uri, tz_aware=True, event_listeners=[Listener()]) as client:
            call(client[self.name])
        plans = []
        for command in found:
            name = next(iter(command))
            wanted = {"find", "filter", "sort", "limit", "hint", "update", "updates"}
            query = {key: value for key, value in command.items() if key in wanted}
            if name in ("update", "delete"):
                # A write's plan is the plan of the find for its filter.
                query = {"find": command[name], "filter": command[f"{name}s"][0]["q"]}
            answer = self.database.command({"explain": query, "verbosity": "queryPlanner"})
            plans.append(stages(answer["queryPlanner"]["winningPlan"]))
        return plans

    def assert_uses(self, index, call):
        """Assert that `call` is one query, on `index`, that neither scans nor sorts."""
        (plan,) = self.plans(call)
        self.assertFalse({"COLLSCAN", "SORT"} & set(plan), plan)
        # mongod has stages of their own for a single _id.
        self.assertTrue(index in plan or "IDHACK" in plan or "EXPRESS_IXSCAN" in plan, plan)

    def test_control_query_without_an_index_scans(self):
        """The test can fail"""
        (plan,) = self.plans(lambda database: Log(database).collection.find_one({"url": "3"}))
        self.assertIn("COLLSCAN", plan)

    def test_log(self):
        """First page and later ones"""
        middle = Log(self.database).get_log(10)[-1]["_id"]
        self.assert_uses("_id_", lambda database: Log(database).get_log(10))
        self.assert_uses("_id_", lambda database: Log(database).get_log(10, middle))

    def test_files(self):
        """Listed, found, their bytes read, deleted; an upload's writes need none"""
        files = File(self.database)
        document = files.new_file("a.txt", "text/plain")
        files.write_chunks(document, [bytes(3 * CHUNK_SIZE)])
        files.insert_files([document])
        file_id = document["_id"]
        self.assert_uses("_id_", lambda database: File(database).get_files(10))
        self.assert_uses("_id_", lambda database: File(database).get_files(10, file_id))
        self.assert_uses("_id_", lambda database: File(database).get_file(file_id))
        self.assert_uses(
            "files_id_1_n_1",
            lambda database: list(File(database).read_chunks(document, 0, 3 * CHUNK_SIZE)),
        )
        self.assert_uses("_id_", lambda database: File(database).delete_file(file_id))
        for plan in self.plans(lambda database: File(database).delete_files([file_id])):
            self.assertNotIn("COLLSCAN", plan)

    def test_author(self):
        """Read and changed"""
        for call in (
            lambda database: MasterConfig(database).get_author(),
            lambda database: MasterConfig(database).change_author("NB"),
            lambda database: MasterConfig(database).insert_author("NB"),
        ):
            self.assert_uses("config_type_1", call)
