"""What is asked of the models' answers, of the stand-ins' and the real ones alike."""

from datetime import UTC, datetime

from bson import ObjectId


class Types:
    """Assertions on documents; mixed into a TestCase."""

    def assert_types(self, document, types):
        """Assert a document's fields, no more and no less, and their types."""
        self.assertEqual({name: type(value) for name, value in document.items()}, types)

    def assert_date(self, date):
        """Assert an aware date in UTC, in whole milliseconds."""
        self.assertEqual(date.utcoffset(), datetime.now(UTC).utcoffset())
        self.assertEqual(date.microsecond % 1000, 0)


class LogContract(Types):
    """Mixed into a TestCase that has the method get_log of tests.mock.Mock."""

    def test_log_entries_have_the_fields_of_the_api_log(self):
        """An entry of the API log: fields and types"""
        entries = self.get_log(0, 3)
        self.assertEqual(len(entries), 3)
        for entry in entries:
            self.assert_types(
                entry,
                {
                    "_id": ObjectId,
                    "request_id": str,
                    "ipv4": str,
                    "url": str,
                    "method": str,
                    "params": str,
                    "status_code": int,
                    "process_time": float,
                    "created_at": datetime,
                    "__version__": int,
                },
            )
            self.assert_date(entry["created_at"])

    def test_log_entries_come_newest_first(self):
        """The order of the API log"""
        entries = self.get_log(0, 4)
        for key in ("_id", "created_at"):
            values = [entry[key] for entry in entries]
            self.assertEqual(values, sorted(values, reverse=True))
        self.assertEqual(self.get_log(1, 2), entries[1:3])


class AuthorContract(Types):
    """Mixed into a TestCase that has the method get_author of tests.mock.Mock."""

    def test_author_is_one_whole_document(self):
        """The author's document: fields and types"""
        author = self.get_author()
        self.assert_types(
            author,
            {
                "_id": ObjectId,
                "config_type": str,
                "value": str,
                "created_at": datetime,
                "updated_at": datetime,
                "__version__": int,
            },
        )
        self.assertEqual((author["config_type"], author["value"]), ("author", "IML"))
        self.assert_date(author["created_at"])
        self.assert_date(author["updated_at"])
