"""The line of each request, and the warning of a slow one."""

import logging
from typing import Any

from flask import Flask

from core.redaction import one_line, redact_body
from core.web.lifecycle import on_answer
from core.web.mark import is_unlogged
from core.web.request import Request

_logger = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Log each request of `app` if LOG_REQUESTS is on, and slow ones (SLOW_API_TIME) always."""
    config = app.config
    has_query = config["LOG_FORMAT"] != "json"  # on a developer's terminal

    def log_answer(request: Request, status: int, seconds: float) -> None:
        # An orchestrator's probes and an open page would bury the rest.
        if config["LOG_REQUESTS"] and (status >= 400 or not is_unlogged(app, request)):
            shown = request.shown_url if has_query else request.shown_path
            extra = _extra(request, status, seconds)
            line = "%s %s %d %.1f ms"
            _logger.info(line, request.method[:16], shown, status, seconds * 1000, extra=extra)
        # The API is not responsible for the time that the client took to send.
        if seconds - request.received.waited >= config["SLOW_API_TIME"]:
            # One line, whatever the client has sent.
            body = redact_body(*request.raw_body(config["LOG_BODIES"]))
            texts = (request.method, request.shown_url, body)
            line = "slow API: %.3f s, ip %s, %s %s, body %s"
            extra = _extra(request, status, seconds)
            _logger.warning(line, seconds, request.remote_addr, *map(one_line, texts), extra=extra)

    on_answer(app, log_answer)


def _extra(request: Request, status: int, seconds: float) -> dict[str, Any]:
    return {"request": request, "status": status, "milliseconds": round(seconds * 1000, 3)}
