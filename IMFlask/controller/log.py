"""The API log: how its entries are written, and read page by page.

>>> entry = Entry(0.0, "id", None, "GET", "/", b"token=x", "", "", 200, 0.001)
>>> document(entry)["url"]
'/?token=***'
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from controller import page
from controller.batch_writer import BatchWriter
from controller.util import redact_body, redact_query
from model.mongodb import Log
from model.mongodb.client import open_client


class Entry(NamedTuple):
    """A request, as raw as it came."""

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


def writer(log: Log) -> BatchWriter:
    """Return the writer to put entries into: it redacts, encodes and stores them."""
    return BatchWriter(
        "API log",
        lambda entry: log.encode(document(entry)),
        lambda entries: log.insert_logs(entries),  # looked up when called: tests patch it
        lambda: open_client(log.database),
    )


def document(entry: Entry) -> dict[str, Any]:
    """Return the entry as it is stored, its secrets redacted."""
    query = redact_query(entry.query) if entry.query else ""
    body = entry.body
    milliseconds = int(entry.time * 1000)
    return {
        "request_id": entry.request_id,
        "ipv4": entry.ip,
        "url": f"{entry.path}?{query}" if query else entry.path,
        "method": entry.method,
        "params": body if isinstance(body, str) else redact_body(body, entry.mimetype),
        "status_code": entry.status_code,
        "process_time": entry.process_time,
        "created_at": datetime.fromtimestamp(milliseconds / 1000, UTC),
        "__version__": Log.VERSION,
    }


def newest(log: Log, limit: int, before: str | None = None) -> tuple[page.Documents, Any]:
    """Return a page of the log, newest first, and the cursor of the next page."""
    return page.newest(log.get_log, limit, before)
