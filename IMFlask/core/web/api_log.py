"""The API log: one document a request, written after the response."""

from collections.abc import Callable
from time import time
from typing import Any

from flask import Flask

from core.api_log import Entry, writer
from core.database import Database
from core.web.database import get_db
from core.web.lifecycle import on_answer
from core.web.mark import is_unlogged
from core.web.request import Request


def log_requests(app: Flask, model: Callable[[Database], Any]) -> None:
    """Log the requests of `app` into the collection of `model`, where API_LOGGING is on."""
    if not app.config["API_LOGGING"]:
        return
    entries = app.extensions["api_log"] = writer(model(get_db(app)))

    app.extensions.setdefault("health", {}).update(
        log_queue=lambda: len(entries),
        log_dropped=lambda: entries.dropped,
        log_lost=lambda: entries.lost,
    )

    def put_entry(request: Request, status: int, seconds: float) -> None:
        """Put the request into the queue, unprocessed: the writer redacts and encodes it."""
        if is_unlogged(app, request):
            return
        what = request.method[:16], request.shown_path, request.shown_query
        body = request.raw_body(app.config["LOG_BODIES"])
        entries.put(Entry(time(), request.id, request.remote_addr, *what, *body, status, seconds))

    on_answer(app, put_entry)
