"""db-init: fresh, repeated, after changes, two at once, with the database away."""

import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from unittest import mock

from pymongo import ASCENDING, IndexModel, MongoClient
from pymongo.errors import PyMongoError

from config import APP_NAME
from model import connect, init_db
from model.mongodb import MODELS
from model.mongodb.base import IndexConflict, Model
from model.mongodb.client import get_client
from tests.integration.case import (
    DatabaseTestCase,
    ProcessTestCase,
    environment,
    free_port,
    needs_secantus,
    wait_until,
)
from tests.probe import Probe

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
                "Index Probe.kind_1 created.",
                "Document Probe(kind='name') created.",
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

    def test_index_in_another_form_is_a_conflict(self):
        """Not unique where it must be"""
        Probe(self.database).collection.create_index("kind")
        self.assertRaisesRegex(
            IndexConflict,
            r"^Index Probe\.kind_1 is there in another form .* drop it",
            self.init_db,
        )

    def test_conflict_of_one_collection_does_not_stop_the_others(self):
        """All conflicts are named, with what to do; the other indexes are there"""
        Probe(self.database).collection.create_index("kind")
        with self.assertRaises(IndexConflict) as raised:
            self.init_db()
        self.assertIn("db['Probe'].drop_index('kind_1') in `flask shell`", str(raised.exception))
        self.assertEqual(self.lifetime(), 30 * DAY)

    def test_index_of_another_s_is_not_changed(self):
        """The same name, other keys: a conflict, and its lifetime stays"""
        collection = Passing(self.database).collection
        collection.create_index("ipv4", name="created_at_1", expireAfterSeconds=5)
        self.assertRaises(IndexConflict, self.init_db)
        self.assertEqual(self.lifetime(), 5)

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


class DbInitCommandTestCase(DatabaseTestCase, ProcessTestCase):
    """flask db-init"""

    def settings(self):
        return {"MONGODB_URI": self.uri, "MONGODB_NAME": self.name}

    def test_command_says_what_it_did(self):
        """Twice: a line for each index and document of the code's, and the last one"""
        models = [model(self.database) for model in MODELS]
        indexes = sum(len(model.index) for model in models)
        documents = sum(len(model.seeds) for model in models)
        for done_to_each in ("created.", "is there."):
            done = self.flask("db-init", **self.settings())
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            *lines, last = done.stdout.splitlines()
            self.assertEqual(last, f"[{APP_NAME}] MongoDB Initialization Completed.")
            for kind, count in (("Index", indexes), ("Document", documents)):
                found = [line for line in lines if line.startswith(f"[{APP_NAME}] {kind} ")]
                self.assertEqual(len(found), count, lines)
            self.assertEqual([line for line in lines if not line.endswith(done_to_each)], [])

    def test_two_hosts_at_once(self):
        """Both succeed"""
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "flask", "db-init"],
                cwd=self.root,
                env=environment(**self.settings()),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for _ in range(2)
        ]
        for process in running:
            output = process.communicate(timeout=60)[0].decode()
            self.assertEqual(process.returncode, 0, output)
            self.assertIn("MongoDB Initialization Completed.", output)
        for model in MODELS:
            count = model(self.database).collection.count_documents({})
            self.assertEqual(count, len(model(self.database).seeds))


class AwayTestCase(ProcessTestCase):
    """The database is away"""

    def assert_says_so(self, uri):
        start = time.monotonic()
        done = self.flask("db-init", MONGODB_URI=uri)
        seconds = time.monotonic() - start
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr),
            (
                1,
                "",
                f"Error: [{APP_NAME}] The database does not answer: start it, or mend"
                f" {APP_NAME}_MONGODB_URI, then run this again.\n",
            ),
        )
        # 2.5 s by the limits of the client, and the start of the process.
        self.assertLess(seconds, 12)

    def test_refused(self):
        """Nobody listens"""
        self.assert_says_so(f"mongodb://127.0.0.1:{free_port()}/x")

    def test_silent(self):
        """Somebody accepts and never answers"""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.assert_says_so(f"mongodb://127.0.0.1:{silent.getsockname()[1]}/x")


@needs_secantus
class SlowIndexTestCase(ProcessTestCase):
    """Index builds that take longer than a request may"""

    def test_build_is_not_cut_off(self):
        """3 s, where any other operation may take 2"""
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "config.toml").touch()
            server = self.serve(
                "secantus",
                f"--config={folder}/config.toml",
                f"--port={port}",
                f"--storage-path={folder}/data",
                "--enable-test-commands",
                port=port,
            )
            config = {"MONGODB_URI": f"mongodb://127.0.0.1:{port}/x", "APP_NAME": "slow"}
            database = connect(config)
            client = get_client(config["MONGODB_URI"], "slow")
            self.addCleanup(client.close)
            client.admin.command(
                "configureFailPoint",
                "failCommand",
                mode="alwaysOn",
                data={
                    "failCommands": ["createIndexes"],
                    "blockConnection": True,
                    "blockTimeMS": 3000,
                },
            )
            with self.assertRaises(PyMongoError):  # the control: the delay is real
                database["x"].create_index("a")
            with mock.patch("model.mongodb.MODELS", (Probe,)):
                self.assertIn("Index Probe.kind_1 created.", init_db(database))
            self.kill_group(server)
            self.assertTrue(wait_until(lambda: server.poll() is not None, 10))
