"""The stand-ins for what the models answer; tests/contract.py holds them to the truth."""

from datetime import UTC, datetime, timedelta

from bson import ObjectId

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
