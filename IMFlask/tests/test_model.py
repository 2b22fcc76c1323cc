"""The interface of the models, without a database."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from unittest import mock
from uuid import uuid4

from bson import ObjectId
from pymongo.errors import BulkWriteError, DuplicateKeyError

from model.mongodb import MODELS, Log, MasterConfig, Model
from model.mongodb.base import Unstorable, storable, utc_now
from model.mongodb.object_id import new_id
from tests.case import UnitTestCase

ROOT = Path(__file__).resolve().parent.parent


class ModelTestCase(UnitTestCase):
    """Model"""

    def test_part_of_the_interface_is_no_model(self):
        """A subclass without index, schema or VERSION cannot be made"""
        parts = {"VERSION": 1, "index": property(lambda self: []), "schema": property(dict)}
        self.assertIsInstance(type("Whole", (Model,), parts)(None), Model)
        for missing in parts:
            some = {name: part for name, part in parts.items() if name != missing}
            self.assertRaisesRegex(TypeError, missing, type("Part", (Model,), some), None)

    def test_models_do_not_touch_the_database_when_made(self):
        """Not even its collection"""

        class Untouchable:
            def __getattribute__(self, name):
                raise AssertionError(name)

            __getitem__ = __getattribute__

        for model in MODELS:
            self.assertRaises(AssertionError, getattr, model(Untouchable()), "collection")

    def test_collection_is_named_as_the_class(self):
        """In the database that was handed in"""
        self.assertEqual(Log({"Log": 1}).collection, 1)

    def test_schemize_completes_a_document(self):
        """From the schema; what is given wins"""
        document = Log(None).schemize({"url": "/"})
        self.assertEqual(document.keys(), Log(None).schema.keys())
        self.assertEqual(document["url"], "/")
        self.assertIsNone(document["method"])
        self.assertEqual(document["__version__"], 1)

    def test_what_bson_cannot_hold_is_refused_where_it_comes_in(self):
        """Before any query; what it can hold passes"""
        model = MasterConfig(mock.MagicMock())
        for value in (2**63, "\ud800", {"a\0b": 1}, {1: 2}, {1, 2}, date(2026, 1, 1)):
            for write in (model.change_author, model.insert_author):
                self.assertRaises(Unstorable, write, value)
        model.collection.update_one.assert_not_called()
        for value in (2**63 - 1, "한국어", {"a": [None]}, uuid4(), utc_now(), b"x", 0.5):
            self.assertIs(storable(value), value)

    def test_projection(self):
        """To the fields named, else to the schema's"""
        model = MasterConfig(None)
        self.assertEqual(model.projection("value", "_id"), {"value": 1, "_id": 1})
        self.assertEqual(list(model.projection()), list(model.schema))

    def test_dates_are_aware_and_cut_to_milliseconds(self):
        """What BSON keeps"""
        now = utc_now()
        self.assertEqual(now.tzinfo, UTC)
        self.assertEqual(now.microsecond % 1000, 0)
        self.assertLess(abs(datetime.now(UTC) - now).total_seconds(), 60)

    def test_log_expires_by_the_setting(self):
        """LOG_RETENTION_DAYS; 0 is for ever"""
        for config, seconds in (
            (None, 30 * 86400),
            ({"LOG_RETENTION_DAYS": 1}, 86400),
            ({"LOG_RETENTION_DAYS": 0}, 2147483647),
            ({"LOG_RETENTION_DAYS": 24855}, 24855 * 86400),
        ):
            (index,) = Log(None, config).index
            self.assertEqual(index.document["expireAfterSeconds"], seconds)
            self.assertLessEqual(seconds, 2147483647)

    def test_entries_that_are_there_already_are_passed_over(self):
        """Others that are refused are counted; where it is not known, it is raised"""
        collection = mock.MagicMock()
        log = Log({"Log": collection})
        self.assertEqual(log.insert_logs([1, 2, 3]), 0)
        collection.insert_many.assert_called_once_with([1, 2, 3], ordered=False)
        failures = [{"code": code} for code in (11000, 121, 11000)]
        details = {"writeErrors": failures, "writeConcernErrors": []}
        collection.insert_many.side_effect = BulkWriteError(details)
        self.assertEqual(log.insert_logs([1, 2, 3]), 1)
        details["writeConcernErrors"] = [{"code": 64}]
        self.assertRaises(BulkWriteError, log.insert_logs, [1, 2, 3])

    def test_ids_of_entries_sort_by_time(self):
        """To the millisecond, then in the order they were made; no two are the same"""
        early, late = (
            datetime(2026, 1, 1, 0, 0, 0, 1000, UTC),
            datetime(2026, 1, 1, 0, 0, 0, 2000, UTC),
        )
        ids = [new_id(late) for _ in range(1000)]
        self.assertLess(new_id(early), min(ids))
        self.assertEqual((ids, len(set(ids))), (sorted(ids), 1000))
        self.assertEqual(ids[0].generation_time, late.replace(microsecond=0))

    def test_ids_of_a_forked_process_are_others(self):
        """Even those of the same millisecond and count"""
        code = (
            "import os\n"
            "from model.mongodb.base import utc_now\n"
            "from model.mongodb.object_id import new_id\n"
            "child = os.fork()\n"
            "child and os.waitpid(child, 0)\n"  # or what they print could be mixed up
            "print(str(new_id(utc_now()))[16:], flush=True)"
        )
        if hasattr(os, "fork"):
            done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
            self.assertEqual(len(set(done.stdout.split())), 2, done.stderr)

    def test_lost_upsert_race_is_tried_again(self):
        """Two processes insert the first document at once"""
        collection = mock.MagicMock()
        collection.update_one.side_effect = [
            DuplicateKeyError("E11000"),
            mock.Mock(upserted_id=None),
        ]
        self.assertFalse(MasterConfig({"MasterConfig": collection}).insert_author("IML"))
        self.assertEqual(collection.update_one.call_count, 2)

    def test_queries_are_one_call_each(self):
        """And bounded"""
        collection = mock.MagicMock()
        models = {"Log": collection, "MasterConfig": collection}
        Log(models).get_log(5, ObjectId("0" * 24))
        collection.find.assert_called_once_with({"_id": {"$lt": ObjectId("0" * 24)}})
        self.assertRaises(ValueError, Log(models).get_log, 0)
        Log(models).insert_log({"url": "/"})
        self.assertEqual(collection.insert_one.call_args.args[0]["url"], "/")
        MasterConfig(models).get_author()
        collection.find_one.assert_called_once_with({"config_type": "author"})
        collection.update_one.return_value.matched_count = 0
        self.assertFalse(MasterConfig(models).change_author("NB"))
        collection.update_one.assert_called_once()
