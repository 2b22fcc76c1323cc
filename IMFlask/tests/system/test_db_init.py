"""flask db-init: repeated, two at once, with the database away."""

import tempfile
from pathlib import Path
from unittest import mock

from pymongo.errors import PyMongoError

from core.database.client import get_client
from model import connect, init_db
from tests.core.probe import Probe
from tests.core.process import free_port, needs_secantus, wait_until
from tests.system.case import ProcessTestCase


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
