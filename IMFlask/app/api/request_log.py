"""The API log: one document a request, written behind the answer's back."""

from time import time

from flask import Flask, Response, current_app

from app.database import get_db
from app.request import current_request
from controller import log
from controller.batch_writer import BatchWriter
from model.mongodb import Log

_KEY = "request_log"


def init_app(app: Flask) -> None:
    """Log the requests of `app` where API_LOGGING is on."""
    if app.config["API_LOGGING"]:
        app.extensions[_KEY] = log.writer(Log(get_db(app)))
        app.after_request(put_entry)


def put_entry(response: Response) -> Response:
    """Put the request's entry into the queue, as raw as it is: the writer redacts and encodes."""
    app = current_app._get_current_object()
    request = current_request()
    view = app.view_functions.get(request.endpoint)  # None where there is no such address
    if request.endpoint != "static" and not getattr(view, "unlogged", False):
        app.extensions[_KEY].put(
            log.Entry(
                time(),
                request.id,
                request.remote_addr,
                request.method,
                request.shown_path,
                request.query_string,
                *request.raw_body,
                response.status_code,
                request.elapsed(),
            )
        )
    return response


def state() -> dict[str, int]:
    """Return how many entries of this process wait, were dropped and were lost."""
    writer: BatchWriter | None = current_app.extensions.get(_KEY)
    if writer is None:
        return {}
    return {"log_queue": len(writer), "log_dropped": writer.dropped, "log_lost": writer.lost}
