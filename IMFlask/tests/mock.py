"""The stand-ins for what the models answer; tests/contract.py holds them to the truth."""

from datetime import UTC, datetime, timedelta

from bson import Int64, ObjectId

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Mock:
    """Answers that need no database."""

    @staticmethod
    def get_log(_skip, _limit):
        """Return `_limit` entries of the API log after the `_skip` newest, newest first."""
        return [
            {
                "_id": ObjectId(f"{2**31 - number:08x}{0:016x}"),
                "request_id": f"{number:032x}",
                "ipv4": "127.0.0.1",
                "url": f"/sample/add?a={number}&b=1",
                "method": "GET",
                "params": "",
                "status_code": 200,
                "process_time": 0.001,
                "created_at": _NOW - timedelta(seconds=number),
                "__version__": 1,
            }
            for number in range(_skip, _skip + _limit)
        ]

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
        return Mock.get_files(0, 1)[0]

    @staticmethod
    def get_author():
        """Return the author's document."""
        return {
            "_id": ObjectId("0" * 24),
            "config_type": "author",
            "value": "IML",
            "created_at": _NOW,
            "updated_at": _NOW,
            "__version__": 1,
        }
