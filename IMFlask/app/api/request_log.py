"""The API log: one document a request, written behind the answer's back."""

from time import time

from flask import Flask

from app.api import on_answer
from app.api.decorator import is_unlogged
from app.database import get_db
from app.request import Request
from controller import log
from model.mongodb import Log


def init_app(app: Flask) -> None:
    """Log the requests of `app` where API_LOGGING is on."""
    if not app.config["API_LOGGING"]:
        return
    writer = app.extensions["request_log"] = log.writer(Log(get_db(app)))

    app.extensions.setdefault("health", {}).update(
        log_queue=lambda: len(writer),
        log_dropped=lambda: writer.dropped,
        log_lost=lambda: writer.lost,
    )

    def put_entry(request: Request, status: int, seconds: float) -> None:
        """Put the request into the queue, as raw as it is: the writer redacts and encodes it."""
        if is_unlogged(app, request):
            return
        writer.put(
            log.Entry(
                time(),
                request.id,
                request.remote_addr,
                request.method[:16],
                request.shown_path,
                request.shown_query,
                *request.raw_body,
                status,
                seconds,
            )
        )

    on_answer(app, put_entry)
