"""The API log's entries, from the request to the document.

>>> entry = Entry(0.0, "id", None, "GET", "/", b"token=x", "", "", 200, 0.001)
>>> document(entry)["url"]
'/?token=***'
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from core.batch_writer import BatchWriter
from core.database.outage import responds
from core.redaction import redact_body, redact_query


class Entry(NamedTuple):
    """A request, unprocessed."""

    time: float  # seconds since the epoch
    request_id: str
    ip: str | None
    method: str
    path: str  # its secrets redacted
    query: bytes
    body: bytes | str  # as text: fit to be stored as it is
    mimetype: str
    status_code: int
    process_time: float  # seconds


def writer(log: Any) -> BatchWriter:
    """Return the writer to put entries into: it redacts, encodes and stores them.

    log: a model. `encode(document)` returns what `insert_logs(list)` takes. The latter stores
    each once, returns how many it can never store, and raises if a retry may help.
    """
    return BatchWriter(
        "API log",
        lambda entry: log.encode(document(entry)),
        lambda entries: log.insert_logs(entries),  # looked up when called: tests patch it
        lambda: responds(log.database),  # the first query starts the client's threads
        _size,
    )


def _size(entry: Entry) -> int:
    """Return an entry's size: 500 bytes and its variable fields."""
    return 500 + len(entry.path) + len(entry.query) + len(entry.body)


def document(entry: Entry) -> dict[str, Any]:
    """Return the entry's fields as they are stored, its secrets redacted."""
    query = redact_query(entry.query) if entry.query else ""
    milliseconds = int(entry.time * 1000)
    return {
        "request_id": entry.request_id,
        "ipv4": entry.ip,
        "url": f"{entry.path}?{query}" if query else entry.path,
        "method": entry.method,
        "params": redact_body(entry.body, entry.mimetype),
        "status_code": entry.status_code,
        "process_time": entry.process_time,
        "created_at": datetime.fromtimestamp(milliseconds / 1000, UTC),
    }
