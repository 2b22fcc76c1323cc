"""Files in a real database: what the model and the driver's own GridFSBucket make of each other."""

import hashlib
import os
from datetime import timedelta

from bson import ObjectId
from gridfs import GridFSBucket

from model import init_db
from model.mongodb import Chunk, File
from model.mongodb.base import utc_now
from model.mongodb.file import CHUNK_SIZE, MissingChunk
from tests.integration.case import DatabaseTestCase

SIZES = (0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 4 * CHUNK_SIZE, 5_000_000)


class GridFSTestCase(DatabaseTestCase):
    """The model and the driver's own GridFSBucket"""

    def setUp(self):
        super().setUp()
        init_db(self.database)
        self.files = File(self.database)
        self.bucket = GridFSBucket(self.database)

    def store(self, data, block=70_000, filename="a.txt", content_type="text/plain"):
        document = self.files.new_file(filename, content_type)
        blocks = (data[start : start + block] for start in range(0, len(data), block))
        self.files.write_chunks(document, blocks)
        self.files.insert_files([document])
        return document["_id"]

    def read(self, file_id, start=0, stop=None):
        document = self.files.get_file(file_id)
        stop = document["length"] if stop is None else stop
        return b"".join(self.files.read_chunks(document, start, stop))

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
                    self.assertTrue(self.files.delete_file(file_id))
                    self.files.delete_files([file_id])
        self.assertEqual(Chunk(self.database).collection.count_documents({}), 0)

    def test_ranges(self):
        """Within a chunk, over the ends of some, in several queries"""
        data = os.urandom(10 * CHUNK_SIZE + 10)
        file_id = self.store(data)
        size = CHUNK_SIZE
        for start, stop in (
            *((0, 0), (0, 1), (size - 1, size), (size, size + 1), (size - 1, size + 1)),
            *((3, 4 * size), (4 * size, 8 * size), (4 * size - 1, 8 * size + 1)),
            *((9 * size, len(data)), (len(data) - 1, len(data)), (0, len(data))),
        ):
            with self.subTest(start=start, stop=stop):
                self.assertEqual(self.read(file_id, start, stop), data[start:stop])

    def test_same_file_twice_is_two(self):
        """With the same SHA-256"""
        ids = [self.store(b"same"), self.store(b"same")]
        found = self.files.get_files()
        self.assertEqual([document["_id"] for document in found], ids[::-1])
        self.assertEqual(len({document["metadata"]["sha256"] for document in found}), 1)

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
        """All older than the given moment; a file's own and those of an upload at work are none"""
        now = utc_now()
        whole = self.store(bytes(CHUNK_SIZE + 1))
        ids = {name: ObjectId() for name in ("old", "at work", "rest")}
        chunks = Chunk(self.database).collection
        for name, numbers, minutes in (
            ("old", (0, 1, 2), (300, 200, 61)),
            ("at work", (0, 1), (299, 59)),
            ("rest", (7,), (90,)),  # of a deletion that was killed
        ):
            for n, age in zip(numbers, minutes, strict=True):
                moment = ObjectId.from_datetime(now - timedelta(minutes=age))
                chunks.insert_one({"_id": moment, "files_id": ids[name], "n": n, "data": b"x"})
        found = self.files.find_orphans(now - timedelta(hours=1))
        self.assertEqual(
            {orphan["_id"]: orphan["chunks"] for orphan in found},
            {ids["old"]: 3, ids["rest"]: 1},
        )
        newest = {orphan["_id"]: orphan["newest"] for orphan in found}[ids["old"]]
        self.assertLess(abs(now - timedelta(minutes=61) - newest), timedelta(seconds=2))
        self.files.delete_files([orphan["_id"] for orphan in found])
        self.assertEqual(self.files.find_orphans(now), [{**found[0], **self.at_work(ids, now)}])
        self.assertEqual(self.read(whole), bytes(CHUNK_SIZE + 1))

    def at_work(self, ids, now):
        newest = ObjectId.from_datetime(now - timedelta(minutes=59)).generation_time
        return {"_id": ids["at work"], "chunks": 2, "newest": newest}
