"""The API log: one document a request, written behind the answer's back."""

from time import time

from flask import Flask, current_app

from app.api import on_answer
from app.database import get_db
from app.request import Request
from controller import log
from controller.batch_writer import BatchWriter
from model.mongodb import Log

_KEY = "request_log"


def init_app(app: Flask) -> None:
    """Log the requests of `app` where API_LOGGING is on."""
    if not app.config["API_LOGGING"]:
        return
    writer = app.extensions[_KEY] = log.writer(Log(get_db(app)))

    def put_entry(request: Request, status: int, seconds: float) -> None:
        """Put the request into the queue, as raw as it is: the writer redacts and encodes it."""
        endpoint = request.endpoint or ""  # where there is no such address
        if endpoint == "static" or getattr(app.view_functions.get(endpoint), "unlogged", False):
            return
        writer.put(
            log.Entry(
                time(),
                request.id,
                request.remote_addr,
                request.method,
                request.shown_path,
                request.query_string,
                *request.raw_body,
                status,
                seconds,
            )
        )

    on_answer(app, put_entry)


def state() -> dict[str, int]:
    """Return how many entries of this process wait, were dropped and were lost."""
    writer: BatchWriter | None = current_app.extensions.get(_KEY)
    if writer is None:
        return {}
    return {"log_queue": len(writer), "log_dropped": writer.dropped, "log_lost": writer.lost}
