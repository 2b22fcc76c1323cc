"""The queue and its thread."""

import os
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from core import batch_writer
from core.batch_writer import BatchWriter
from tests.case import UnitTestCase
from tests.core.process import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent


class BatchWriterTestCase(UnitTestCase):
    """BatchWriter"""

    def setUp(self):
        super().setUp()
        self.batches = []
        self.writer = self.make(lambda batch: self.batches.append(list(batch)) or 0)

    def make(self, write, encode=str):
        writer = BatchWriter("items", encode, write)
        self.addCleanup(writer.close)
        return writer

    def written(self):
        return [item for batch in self.batches for item in batch]

    def test_items_are_written_in_order_and_encoded(self):
        """In batches of at most 500"""
        for number in range(1200):
            self.writer.put(number)
        self.writer.close()
        self.assertEqual(self.written(), [str(number) for number in range(1200)])
        self.assertLessEqual(max(map(len, self.batches)), batch_writer.BATCH)
        self.assertEqual(len(self.writer), 0)

    def test_thread_is_started_by_the_first_item(self):
        """Not before"""
        self.assertNotIn("items", [thread.name for thread in threading.enumerate()])
        self.writer.put(1)
        self.assertIn("items", [thread.name for thread in threading.enumerate()])
        self.writer.close()
        self.assertNotIn("items", [thread.name for thread in threading.enumerate()])
        self.writer.put(2)  # and again after its end
        self.writer.close()
        self.assertEqual(self.written(), ["1", "2"])

    def test_first_item_waits_until_the_writer_is_open(self):
        """In the writer's thread; not for long, nor for one that fails, and once a process"""
        steps = []

        def open():
            time.sleep(0.05)
            steps.append(threading.current_thread().name)

        writer = BatchWriter("items", str, lambda batch: steps.append(batch[:]) or 0, open)
        self.addCleanup(writer.close)
        writer.put(1)
        self.assertEqual(steps[:1], ["items"])
        writer.put(2)
        writer.close()
        self.assertEqual(steps.count("items"), 1)
        self.assertEqual([item for batch in steps[1:] for item in batch], ["1", "2"])
        never = threading.Event()
        for open in (lambda: 1 / 0, never.wait):
            writer = BatchWriter("items", str, lambda batch: 0, open)
            self.addCleanup(writer.close)
            start = time.monotonic()
            writer.put(1)
            self.assertLess(time.monotonic() - start, 3)
        never.set()

    def test_item_waits_half_a_second_at_most(self):
        """Without a full batch, and without a close"""
        done = threading.Event()
        writer = self.make(lambda batch: done.set() or 0)
        writer.put(1)
        self.assertTrue(done.wait(5))

    def test_item_that_cannot_be_encoded_loses_itself_only(self):
        """It is counted"""
        writer = self.make(lambda batch: self.batches.append(list(batch)) or 0, encode=int)
        with self.assertLogs("core", "WARNING") as logs:
            for item in ("1", "x", "3"):
                writer.put(item)
            writer.close()
        self.assertEqual((self.written(), writer.lost), ([1, 3], 1))
        self.assertEqual(
            logs.output,
            ["WARNING:core.batch_writer:items: 0 entries wait, 0 dropped, 1 lost so far"],
        )

    def test_failed_batch_is_tried_again_as_it_was(self):
        """And what came in the meantime is written after it"""
        tries, began = [], threading.Event()

        def write(batch):
            tries.append(list(batch))
            began.set()
            if len(tries) < 3:
                raise ConnectionError("away")
            return 0

        writer = self.make(write)
        with self.assertLogs("core", "WARNING") as logs:
            writer.put(1)
            self.assertTrue(began.wait(10))
            writer.put(2)
            writer.close()
        self.assertEqual(tries, [["1"]] * 3 + [["2"]])
        self.assertEqual(len(logs.output), 1)  # of two failures within ten seconds
        self.assertIn("(ConnectionError: away)", logs.output[0])

    def test_queue_is_bounded_in_bytes(self):
        """What comes then is dropped; there is room again when some is written"""
        goes_on = threading.Event()
        writer = BatchWriter(
            "items", lambda item: item, lambda batch: not goes_on.wait(10), size=len
        )
        self.addCleanup(writer.close)
        with self.assertLogs("core", "WARNING"):  # of those that are dropped
            for _ in range(200):
                writer.put(b"x" * 1024 * 1024)
            self.assertLessEqual(len(writer), 2 * batch_writer.BYTES // 1024**2)
            self.assertEqual(len(writer) + writer.dropped, 200)
            goes_on.set()
            self.assertTrue(wait_until(lambda: not len(writer), 10))
            writer.put(b"x" * batch_writer.BYTES)
            writer.close()
        self.assertEqual((len(writer), writer.lost), (0, 0))

    def test_refused_items_are_counted(self):
        """What write returns"""
        writer = self.make(lambda batch: 2)
        with self.assertLogs("core", "WARNING"):
            writer.put(1)
            writer.close()
        self.assertEqual(writer.lost, 2)

    def test_full_queue_drops_and_counts(self):
        """Nobody waits; what waits is written later"""
        writes = threading.Event()
        writer = self.make(lambda batch: (writes.wait(60) and self.batches.append(batch)) or 0)
        with mock.patch.object(batch_writer, "LIMIT", 1000), self.assertLogs("core") as logs:
            for number in range(2000):
                writer.put(number)
            self.assertLessEqual(len(writer), 1000 + batch_writer.BATCH)
            self.assertGreaterEqual(writer.dropped, 500)
            writes.set()
            writer.close()
        self.assertEqual(len(self.written()) + writer.dropped, 2000)
        self.assertIn(f"0 entries wait, {writer.dropped} dropped, 0 lost so far", logs.output[0])

    def test_close_goes_on_while_batches_are_written(self):
        """Longer than it waits for a single one; it ends at last, and counts the rest"""
        writer = self.make(lambda batch: time.sleep(0.2) or 0)
        limits = {"BATCH": 1, "STALL": 1, "STOP": 60}
        with mock.patch.multiple(batch_writer, **limits), self.assertNoLogs("core"):
            for number in range(10):  # 2 s
                writer.put(number)
            writer.close()
        with mock.patch.multiple(batch_writer, **limits | {"STOP": 0.5}):
            for number in range(100):
                writer.put(number)
            with self.assertLogs("core", "ERROR"):
                writer.close()
        self.assertTrue(0 < writer.lost < 100, writer.lost)
        writer._write = mock.Mock(return_value=0)  # ends the thread

    def test_close_gives_up_and_says_how_many_are_lost(self):
        """When no batch is written for a while"""
        writer = self.make(mock.Mock(side_effect=ConnectionError))
        with mock.patch.object(batch_writer, "STALL", 0.2), self.assertLogs("core") as logs:
            writer.put(1)
            writer.put(2)
            writer.close()
        self.assertEqual(writer.lost, 2)
        self.assertEqual(
            logs.output[-1],
            "ERROR:core.batch_writer:items: 2 entries are lost: they could not be written",
        )
        writer._write = mock.Mock(return_value=0)  # ends the thread that still tries

    def test_process_that_just_ends_has_written_all(self):
        """Without a call of close, and before the database's client is closed"""
        code = (
            "from core.batch_writer import BatchWriter\n"
            "from core.database.client import get_client\n"
            "writer = BatchWriter('items', str, lambda batch: print(batch, flush=True) or 0)\n"
            "writer.put(1)\n"
            "client = get_client('mongodb://127.0.0.1:1', 'tests')\n"
            "client.close = lambda: print('closed', flush=True)"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
        self.assertEqual((done.stdout.split(), done.stderr), ([b"['1']", b"closed"], b""))

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
    def test_fork_writes_its_own_items_alone(self):
        """The parent's stay the parent's"""
        code = (
            "import os, sys, threading\n"
            "from core.batch_writer import BatchWriter\n"
            "go = threading.Event()\n"
            "def write(batch):\n"
            "    go.wait()\n"
            "    os.write(1, f'{name} {batch}\\n'.encode())\n"
            "    return 0\n"
            "name, writer = 'parent', BatchWriter('items', str, write)\n"
            "writer.put(1)\n"
            "child = os.fork()\n"
            "go.set()\n"
            "if not child:\n"
            "    name = 'child'\n"
            "    writer.put(2)\n"
            "    writer.close()\n"
            "    os._exit(0)\n"
            "os.waitpid(child, 0)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
        self.assertEqual(
            sorted(done.stdout.decode().splitlines()), ["child ['2']", "parent ['1']"], done.stderr
        )
