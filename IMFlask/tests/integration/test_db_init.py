"""db-init: fresh, repeated, after changes, two at once, with the database away."""

import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from config import APP_NAME
from model import connect, init_db
from model.mongodb import MODELS, Log, MasterConfig
from model.mongodb.base import IndexConflict
from model.mongodb.client import get_client
from tests.integration.case import (
    DatabaseTestCase,
    ProcessTestCase,
    environment,
    free_port,
    needs_secantus,
    wait_until,
)

DAY = 86400


class InitDbTestCase(DatabaseTestCase):
    """init_db"""

    def lifetime(self):
        """Return the seconds after which the database drops a log entry."""
        return Log(self.database).collection.index_information()["created_at_1"][
            "expireAfterSeconds"
        ]

    def test_fresh_database(self):
        """Indexes and the author; what was done is told"""
        lines = init_db(self.database)
        self.assertEqual(
            lines[:3],
            [
                "Index MasterConfig.config_type_1 created.",
                "Document MasterConfig(config_type='author') created.",
                "Index Log.created_at_1 created.",
            ],
        )
        self.assert_all(lines, "created.")
        self.assertTrue(
            MasterConfig(self.database).collection.index_information()["config_type_1"]["unique"]
        )
        self.assertEqual(self.lifetime(), 30 * DAY)
        self.assertEqual(MasterConfig(self.database).get_author()["value"], "IML")

    def test_repeated_it_changes_nothing(self):
        """Neither a changed author nor created_at"""
        init_db(self.database)
        model = MasterConfig(self.database)
        model.change_author("NB")
        before = model.get_author()
        time.sleep(0.01)
        self.assert_all(init_db(self.database), "is there.")
        self.assertEqual(model.get_author(), before)

    def assert_all(self, lines, end):
        """Assert a line with this end for each index, and one for the author."""
        count = sum(len(model(self.database).index) for model in MODELS)
        self.assertEqual([line.endswith(f" {end}") for line in lines], [True] * (count + 1), lines)

    def test_what_is_missing_is_put_back(self):
        """An index dropped by hand, and documents that are already there"""
        init_db(self.database)
        Log(self.database).insert_log({"url": "/kept"})
        Log(self.database).collection.drop_index("created_at_1")
        self.assertIn("Index Log.created_at_1 created.", init_db(self.database))
        self.assertEqual(Log(self.database).get_log()[0]["url"], "/kept")

    def test_changed_lifetime_is_changed_in_place(self):
        """LOG_RETENTION_DAYS, to 0 and back"""
        init_db(self.database)
        for days, seconds, was in ((7, 7 * DAY, 30 * DAY), (0, 2147483647, 7 * DAY)):
            self.assertIn(
                f"Index Log.created_at_1 expires after {seconds} s (was: {was}).",
                init_db(self.database, {"LOG_RETENTION_DAYS": days}),
            )
            self.assertEqual(self.lifetime(), seconds)

    def test_index_that_the_code_lacks_is_reported_and_kept(self):
        """Never dropped"""
        Log(self.database).collection.create_index("url")
        for _ in range(2):
            self.assertIn(
                "Index Log.url_1 is not in the code: left as it is.", init_db(self.database)
            )
        self.assertIn("url_1", Log(self.database).collection.index_information())

    def test_index_in_another_form_is_a_conflict(self):
        """Not unique where it must be"""
        MasterConfig(self.database).collection.create_index("config_type")
        self.assertRaisesRegex(
            IndexConflict,
            r"^Index MasterConfig\.config_type_1 is there in another form .* drop it",
            init_db,
            self.database,
        )

    def test_index_of_another_s_is_not_changed(self):
        """The same name, other keys: a conflict, and its lifetime stays"""
        collection = Log(self.database).collection
        collection.create_index("ipv4", name="created_at_1", expireAfterSeconds=5)
        self.assertRaises(IndexConflict, init_db, self.database)
        self.assertEqual(self.lifetime(), 5)

    def test_many_at_once(self):
        """Eight threads, each with a client of its own: one author, no error"""
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
        self.assertEqual(MasterConfig(self.database).collection.count_documents({}), 1)


class DbInitCommandTestCase(DatabaseTestCase, ProcessTestCase):
    """flask db-init"""

    def settings(self):
        return {"MONGODB_URI": self.uri, "MONGODB_NAME": self.name}

    def test_command_says_what_it_did(self):
        """Twice, the setting changed between"""
        done = self.flask("db-init", **self.settings())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(
            [*lines[:3], lines[-1]],
            [
                f"[{APP_NAME}] Index MasterConfig.config_type_1 created.",
                f"[{APP_NAME}] Document MasterConfig(config_type='author') created.",
                f"[{APP_NAME}] Index Log.created_at_1 created.",
                f"[{APP_NAME}] MongoDB Initialization Completed.",
            ],
        )
        MasterConfig(self.database).change_author("NB")
        done = self.flask("db-init", LOG_RETENTION_DAYS="1", **self.settings())
        self.assertEqual(done.returncode, 0)
        self.assertIn("expires after 86400 s (was: 2592000).", done.stdout)
        self.assertEqual(MasterConfig(self.database).get_author()["value"], "NB")

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
        self.assertEqual(MasterConfig(self.database).collection.count_documents({}), 1)


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
            self.assertIn("Index Log.created_at_1 created.", init_db(database))
            self.kill_group(server)
            self.assertTrue(wait_until(lambda: server.poll() is not None, 10))
