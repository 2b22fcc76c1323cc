"""Files in a real database: what the model and the driver's own GridFSBucket make of each other."""

import hashlib
import os
import time
from datetime import timedelta

from bson import Decimal128, ObjectId
from gridfs import GridFSBucket
from pymongo import MongoClient, monitoring

from controller import file as controller
from core.database.chunk import BATCH, CHUNK_SIZE, MissingChunk
from core.database.value import utc_now
from model import init_db
from model.mongodb import Chunk, File
from tests.file_contract import FileContract
from tests.integration.case import DatabaseTestCase
from tests.integration.explain import Explain

SIZES = (0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 4 * CHUNK_SIZE, 5_000_000)


class GridFSTestCase(FileContract, Explain, DatabaseTestCase):
    """The model and the driver's own GridFSBucket"""

    def setUp(self):
        super().setUp()
        init_db(self.database)
        self.files = File(self.database)
        self.bucket = GridFSBucket(self.database)

    def store(self, data, block=70_000, filename="a.txt", content_type="text/plain"):
        blocks = (data[start : start + block] for start in range(0, len(data), block))
        uploads = [controller.Upload(filename, content_type, blocks)]
        return controller.upload(self.files, uploads, ())[0]["id"]

    def read(self, file_id, start=0, stop=None):
        document = self.files.get_file(file_id)
        stop = document["length"] if stop is None else stop
        return b"".join(self.files.chunks.read(document, start, int(stop)))

    def test_bucket_reads_what_the_model_stores(self):
        """Of all sizes around a chunk's; and the model itself"""
        for size in SIZES:
            with self.subTest(size):
                data = os.urandom(size)
                file_id = self.store(data)
                found = self.bucket.open_download_stream(file_id)
                self.assertEqual(found.read(), data)
                self.assertEqual((found.filename, found.length), ("a.txt", size))
                self.assertEqual(found.metadata["contentType"], "text/plain")
                self.assertEqual(found.metadata["sha256"], hashlib.sha256(data).hexdigest())
                self.assertEqual(found.upload_date, self.files.get_file(file_id)["uploadDate"])
                self.assertEqual(self.read(file_id), data)
                chunks = Chunk(self.database).collection.count_documents({"files_id": file_id})
                self.assertEqual(chunks, -(-size // CHUNK_SIZE))
                self.bucket.delete(file_id)

    def test_model_reads_what_the_bucket_stores(self):
        """With chunks of any size"""
        for size in SIZES:
            for chunk_size in (CHUNK_SIZE, 1000, 2_000_000):
                if size // chunk_size > 1000:
                    continue
                with self.subTest(size, chunk_size=chunk_size):
                    data = os.urandom(size)
                    file_id = self.bucket.upload_from_stream("b", data, chunk_size)
                    self.assertEqual(self.read(file_id), data)
                    controller.delete(self.files, file_id)
        self.assertEqual(self.files.get_files(), [])
        self.assertEqual(Chunk(self.database).collection.count_documents({}), 0)

    def test_second_try_of_the_driver_is_no_conflict(self):
        """What its first has done is there already"""
        document = self.files.new_file("a.txt", "text/plain")
        for _ in range(2):
            self.files.insert_files([document])
        self.assertEqual(self.files.get_files(), [document])

    def test_file_that_lost_bytes_is_not_passed_on(self):
        """A chunk that is missing, cut or too long"""
        chunks = Chunk(self.database).collection
        for change in (
            lambda query: chunks.delete_one(query),
            lambda query: chunks.update_one(query, {"$set": {"data": b"short"}}),
            lambda query: chunks.update_one(query, {"$set": {"data": bytes(CHUNK_SIZE + 1)}}),
        ):
            for n in (0, 1, 5):
                file_id = self.store(bytes(5 * CHUNK_SIZE + 10))
                change({"files_id": file_id, "n": n})
                self.assertRaises(MissingChunk, self.read, file_id)

    def test_orphans_are_chunks_without_a_file(self):
        """All of ids from before the given moment; a file's own and those of an upload are none"""
        now = utc_now()
        whole = self.store(bytes(CHUNK_SIZE + 1))
        chunks, ids = Chunk(self.database).collection, {}
        for numbers, minutes in (((0, 1, 2), 61), ((0, 1), 59), ((7,), 90)):
            ids[minutes] = ObjectId.from_datetime(now - timedelta(minutes=minutes))
            chunks.insert_many({"files_id": ids[minutes], "n": n, "data": b"x"} for n in numbers)
        found = self.files.find_orphans(now - timedelta(hours=1))
        self.assertEqual(
            sorted((one["_id"], one["chunks"]) for one in found), [(ids[90], 1), (ids[61], 3)]
        )
        self.files.chunks.delete([orphan["_id"] for orphan in found])
        self.assertEqual(self.files.find_orphans(now), [{"_id": ids[59], "chunks": 2}])
        self.assertEqual(self.read(whole), bytes(CHUNK_SIZE + 1))

    def get_files(self, skip, limit):
        self.store_six()
        return self.files.get_files(skip + limit)[skip:]

    def get_file(self):
        return self.files.get_file(self.store_six())

    def store_six(self):
        """Store six files, once; return the newest one's id."""
        if not self.files.get_files():
            for _ in range(6):
                self.store(b"hello")
                time.sleep(0.002)
        return self.files.get_files(1)[0]["_id"]

    def test_queries_use_their_index(self):
        """Listed, found, their bytes read, deleted, counted"""
        file_id = self.store(bytes(3 * CHUNK_SIZE))
        document = self.files.get_file(file_id)
        self.assert_uses("_id_", lambda database: File(database).get_files(10))
        self.assert_uses("_id_", lambda database: File(database).get_files(10, file_id))
        self.assert_uses("_id_", lambda database: File(database).get_file(file_id))
        chunks = "files_id_1_n_1"
        self.assert_uses(chunks, lambda database: list(Chunk(database).read(document, 0, 9)))
        for wanted in ({"$gte": file_id, "$lt": ObjectId("f" * 24)}, {"$in": [file_id]}):
            self.assert_uses(
                chunks, lambda database, one=wanted: Chunk(database).count_by_file(one)
            )
        self.assert_uses(chunks, lambda database: Chunk(database).delete([file_id]))
        self.assert_uses("_id_", lambda database: File(database).delete_files([file_id]))

    def test_documents_of_other_programs(self):
        """Floats for numbers are taken; what is no file, or has no id of ours, is passed over"""
        file_id = self.store(bytes(CHUNK_SIZE + 5))
        collection = self.files.collection
        change = {"$set": {"length": float(CHUNK_SIZE + 5), "chunkSize": float(CHUNK_SIZE)}}
        collection.update_one({"_id": file_id}, change)
        self.assertEqual(self.read(file_id), bytes(CHUNK_SIZE + 5))
        ours = self.files.get_file(file_id)
        odd = []
        for name, values in {
            "length": (None, -1, float("nan"), float("inf"), 1e300, True, Decimal128("5"), "5"),
            "chunkSize": (None, 0, -1, float("inf"), True, "5"),
            "uploadDate": (None, "2026", 5),
        }.items():
            for value in values:
                odd.append(ours | {"_id": ObjectId(), name: value})
            odd.append({key: ours[key] for key in ours if key not in ("_id", name)})
        collection.insert_many(odd)
        for strange in ("text", 5, None, True, b"bytes", {"a": 1}):
            collection.insert_one(ours | {"_id": strange})
        self.assertEqual(self.files.get_files(), [ours])
        self.assertEqual(self.files.delete_files([document["_id"] for document in odd]), 0)
        for document in odd:
            self.assertIsNone(self.files.get_file(document["_id"]))

    def test_file_that_lacks_bytes_is_found(self):
        """Of ours, from before the given moment; a whole one is none, nor one without a byte"""
        chunks = Chunk(self.database).collection
        self.store(b"")
        self.store(bytes(CHUNK_SIZE))
        self.store(bytes(CHUNK_SIZE + 1))
        empty, cut = self.store(b"x"), self.store(bytes(2 * CHUNK_SIZE + 1))
        other = self.bucket.upload_from_stream("other", b"x")
        chunks.delete_many({"files_id": {"$in": [empty, other]}})
        chunks.delete_one({"files_id": cut, "n": 2})
        self.assertEqual(self.files.find_incomplete(utc_now() - timedelta(hours=1)), [])
        later = utc_now() + timedelta(hours=2)
        found = self.files.find_incomplete(later)
        self.assertEqual([(one["_id"], one["chunks"]) for one in found], [(empty, 0), (cut, 2)])
        controller.sweep(self.files, True, later)
        self.assertIsNone(self.files.get_file(empty))
        self.assertEqual(chunks.count_documents({"files_id": cut}), 0)
        self.assertEqual(len(self.files.get_files()), 4)

    def test_database_that_was_not_initialised_can_be_swept(self):
        """Without the index; with chunks in it or without"""
        files = File(self.database.client[f"{self.name}_bare"])
        self.addCleanup(self.database.client.drop_database, f"{self.name}_bare")
        self.assertEqual(controller.sweep(files, True), [])
        files.chunks.collection.insert_one({"files_id": ObjectId(), "n": 0, "data": b"x"})
        self.assertEqual(len(files.find_orphans(utc_now() + timedelta(hours=1))), 1)

    def test_sweep_bears_with_chunks_of_other_programs(self):
        """Ids of other types: they are left alone"""
        chunks = Chunk(self.database).collection
        chunks.insert_one({"files_id": "\x1b[31m", "n": 0, "data": b"x"})
        self.assertEqual(self.files.find_orphans(utc_now() + timedelta(hours=9)), [])

    def test_queries_are_small_and_not_cut_off(self):
        """1 MB each way, whatever the chunks' size; the sweep has no time limit"""
        seen = []

        class Listener(monitoring.CommandListener):
            def started(self, event):
                seen.append(event)

            def succeeded(self, event):
                pass

            failed = succeeded

        data = bytes(10 * CHUNK_SIZE)
        big = self.bucket.upload_from_stream("big", bytes(5_000_000), chunk_size_bytes=2_000_000)
        with MongoClient(self.uri, event_listeners=[Listener()], timeoutMS=5000) as client:
            self.files = File(client[self.name])
            file_id = self.store(data)
            inserts = [event.command for event in seen if event.command_name == "insert"]
            sizes = [
                sum(len(chunk.get("data", b"")) for chunk in one["documents"]) for one in inserts
            ]
            self.assertEqual(sizes, [BATCH, BATCH, 2 * CHUNK_SIZE, 0])
            for one, queries in ((file_id, 3), (big, 3)):
                seen.clear()
                self.read(one)
                finds = [event for event in seen if event.command["find"] == "fs.chunks"]
                self.assertEqual(len(finds), queries)
                self.assertTrue(all("maxTimeMS" in event.command for event in finds))
            seen.clear()
            self.files.find_orphans(utc_now())
            self.assertFalse(any("maxTimeMS" in event.command for event in seen))

    def test_sweep_spares_an_upload_of_several_files(self):
        """However long its last one takes: those that it ends up with are whole"""

        def late():
            yield b"x" * 10
            later = utc_now() + timedelta(hours=1) - controller.UPLOAD_TIME
            controller.sweep(self.files, True, later)
            yield b"y" * 10

        uploads = [
            controller.Upload("1", None, iter([b"first"])),
            controller.Upload("2", None, late()),
        ]
        shown = controller.upload(self.files, uploads, ())
        self.assertEqual(self.read(shown[0]["id"]), b"first")
        self.assertEqual(self.read(shown[1]["id"]), b"x" * 10 + b"y" * 10)
