"""The interface of the models, without a database."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from unittest import mock
from uuid import uuid4

from bson.errors import InvalidDocument
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, ServerSelectionTimeoutError

from core.database.model import Model
from core.database.object_id import new_id
from core.database.value import LEVELS, Unstorable, storable, utc_now
from model.mongodb import MODELS, ModelInitializer
from tests.case import UnitTestCase
from tests.core.probe import Probe

ROOT = Path(__file__).resolve().parent.parent.parent


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

    def test_changes_are_set_and_null_is_removed(self):
        """Or set to the schema's default, in one query that returns the document"""
        collection = mock.MagicMock()
        for schema, changes, update in (
            ({}, {"a": 1, "b": None}, {"$set": {"a": 1}, "$unset": {"b": ""}}),
            ({}, {"a": 0}, {"$set": {"a": 0}}),
            ({}, {"b": None}, {"$unset": {"b": ""}}),
            ({"b": 5}, {"b": None}, {"$set": {"b": 5}}),
            ({"updated_at": 0}, {}, {"$set": {"updated_at": mock.ANY}}),
        ):
            with mock.patch.object(Probe, "schema", schema):
                model = Probe({"Probe": collection})
                found = model.change({"_id": 1}, changes, "_id_")
            self.assertIs(found, collection.find_one_and_update.return_value)
            collection.find_one_and_update.assert_called_with(
                {"_id": 1}, update, return_document=ReturnDocument.AFTER, hint="_id_"
            )
        with mock.patch.object(Probe, "schema", {}):
            self.assertIs(
                Probe({"Probe": collection}).change({"_id": 1}, {}),
                collection.find_one.return_value,
            )
        self.assertRaises(Unstorable, Probe({}).change, {}, {"a": 2**70})

    def test_what_bson_cannot_hold_is_refused_where_it_comes_in(self):
        """Before any query; what it can hold passes"""
        deep = [[{"a": 0}]]
        for _ in range((LEVELS - 3) // 2):
            deep = {"a": [deep]}
        exact = Decimal("9" * 34)
        ref = [{"a": {"$ref": "x", "$id": 1}}]  # which would come back as a DBRef
        for value in (2**63, "\ud800", {"a\0b": 1}, {1: 2}, [[deep]], Decimal("9" * 35), ref):
            self.assertRaises(Unstorable, storable, value)
        for value in (2**63 - 1, "한국어", deep, exact, uuid4(), utc_now(), b"x", 0.5):
            self.assertIs(storable(value), value)

    def test_type_that_no_client_can_send_is_a_bug(self):
        """No client's mistake, and no 400"""
        for value in ({1, 2}, [{"a": object()}]):
            self.assertRaises(InvalidDocument, storable, value)

    def test_newest_are_found_by_the_index_that_fits(self):
        """That of `_id`; with a query it is the server that chooses"""
        for query, is_held in ((None, True), ({"kind": "a"}, False)):
            collection = mock.MagicMock()
            with mock.patch.object(Probe, "collection", collection):
                Probe(None).find_newest(5, None, query)
            cursor = collection.find.return_value.sort.return_value.limit.return_value
            self.assertEqual(cursor.hint.called, is_held)

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
            "from core.database.value import utc_now\n"
            "from core.database.object_id import new_id\n"
            "child = os.fork()\n"
            "child and os.waitpid(child, 0)\n"  # or what they print could be mixed up
            "print(str(new_id(utc_now()))[16:], flush=True)"
        )
        if hasattr(os, "fork"):
            done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
            self.assertEqual(len(set(done.stdout.split())), 2, done.stderr)

    def test_database_is_asked_where_there_is_nothing_to_create(self):
        """So that db-init says of any app that its database is away"""
        database = mock.MagicMock()
        database.command.side_effect = ServerSelectionTimeoutError("away")
        with mock.patch("model.mongodb.MODELS", ()):
            self.assertRaises(ServerSelectionTimeoutError, ModelInitializer(database).run)

    def test_lost_upsert_race_is_tried_again(self):
        """Two processes insert the first document at once"""
        collection = mock.MagicMock()
        collection.update_one.side_effect = [
            DuplicateKeyError("E11000"),
            mock.Mock(upserted_id=None),
        ]
        probe = Probe({"Probe": collection})
        self.assertFalse(probe.insert_missing({"kind": "name"}, {"name": "IML"}))
        self.assertEqual(collection.update_one.call_count, 2)
