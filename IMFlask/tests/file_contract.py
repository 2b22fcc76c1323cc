"""Stand-ins for the files' documents, and what is asked of them and of the real ones alike."""

from datetime import UTC, datetime, timedelta

from bson import Int64, ObjectId

from tests.contract import Types

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


class FileMock:
    """Answers of the model File that need no database."""

    @staticmethod
    def get_files(_skip, _limit):
        """Return the documents of `_limit` files after the `_skip` newest, newest first."""
        return [
            {
                "_id": ObjectId(f"{2**31 - number:08x}{0:016x}"),
                "filename": f"{number}.txt",
                "length": Int64(5),
                "chunkSize": 255 * 1024,
                "uploadDate": _NOW - timedelta(seconds=number),
                "metadata": {
                    "contentType": "text/plain",
                    "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                    "__version__": 1,
                },
            }
            for number in range(_skip, _skip + _limit)
        ]

    @staticmethod
    def get_file():
        """Return the document of a file."""
        return FileMock.get_files(0, 1)[0]


class FileContract(Types):
    """Mixed into a TestCase that has the methods of FileMock."""

    def test_files_have_the_fields_of_gridfs(self):
        """A file's document: fields and types"""
        documents = self.get_files(0, 3)
        self.assertEqual(len(documents), 3)
        for document in [*documents, self.get_file()]:
            self.assert_types(
                document,
                {
                    "_id": ObjectId,
                    "filename": str,
                    "length": Int64,
                    "chunkSize": int,
                    "uploadDate": datetime,
                    "metadata": dict,
                },
            )
            self.assert_types(
                document["metadata"], {"contentType": str, "sha256": str, "__version__": int}
            )
            self.assert_date(document["uploadDate"])

    def test_files_come_newest_first(self):
        """By their `_id`, which sorts as their dates do"""
        documents = self.get_files(0, 4)
        for key in ("_id", "uploadDate"):
            values = [document[key] for document in documents]
            self.assertEqual(values, sorted(values, reverse=True))
        self.assertEqual(self.get_files(1, 2), documents[1:3])
        self.assertEqual(self.get_file(), documents[0])
