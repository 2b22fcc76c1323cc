"""Documents that are inserted each once, whatever the server says of some."""

import itertools

from bson import ObjectId
from pymongo.errors import PyMongoError

from core.database.bulk import insert_each_once
from tests.core.proxy import COMMAND, CONCERN, PASSING, WRITES, ProxyTestCase, failure

NEVER = (
    2,
    8,
    9,
    14,
    15,
    22,
    52,
    53,
    55,
    56,
    57,
    61,
    116,
    121,
    171,
    201,
    378,
    10334,
    17419,
    17420,
    999_999,
)


class InsertTestCase(ProxyTestCase):
    """insert_each_once"""

    def insert(self, documents, answer):
        """Insert into the log as the API log does, where the server answers so."""
        self.proxy.answer = lambda one: answer if "insert" in one else None
        return insert_each_once(self.connect()["Log"], documents)

    def test_entry_that_passes_is_inserted_once_and_not_given_up(self):
        """Each of three, of which the last fails"""
        for code, shape in itertools.product(PASSING, (COMMAND, WRITES, CONCERN)):
            with self.subTest(code=code, shape=shape):
                documents = [{"_id": ObjectId()} for _ in range(3)]
                if shape != COMMAND:
                    self.database["Log"].insert_many(documents[:2])
                with self.assertRaises(PyMongoError):
                    self.insert(documents, failure(shape, code, (), 3))
                self.assertEqual(self.insert(documents, None), 0)
                ids = {"_id": {"$in": [document["_id"] for document in documents]}}
                self.assertEqual(self.database["Log"].count_documents(ids), 3)

    def test_document_that_never_fits_is_given_up(self):
        """It alone; one that is there already is passed over, one that passes is not"""
        for code in NEVER:
            answer = failure(WRITES, code, (), 3)
            answer["writeErrors"].insert(0, {"index": 0, "code": 11000, "errmsg": "dup"})
            self.assertEqual(self.insert([{}, {}, {}], answer), 1, code)
            answer["writeErrors"][0]["code"] = 6
            with self.assertRaises(PyMongoError):
                self.insert([{"_id": 1}, {}, {}], answer)
