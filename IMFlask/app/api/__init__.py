"""The request's lifecycle: what happens around every request, whatever answers it."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from app.logging import log_request
from app.request import ENVIRON_KEY, Request
from controller.util import one_line

_logger = logging.getLogger("app")
_KEY = "on_answer"
_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
]
# A page may load what this app serves, and nothing else.
_HTML_POLICY = (
    "Content-Security-Policy",
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
)


# What is called once a request is answered: (the request, its status, the seconds it took).
Hook = Callable[[Request, int, float], None]


def init_app(app: Flask) -> None:
    """Wrap `app` in its lifecycle."""
    hooks: list[Hook] = app.extensions.setdefault(_KEY, [])
    app.wsgi_app = Lifecycle(app, hooks)  # type: ignore[method-assign]
    if app.config["LOG_REQUESTS"]:
        on_answer(app, log_request)

    def track_slow_request(request: Request, status: int, seconds: float) -> None:
        if seconds >= app.config["SLOW_API_TIME"]:
            warn_of_slow_request(request, status, seconds)

    on_answer(app, track_slow_request)


def on_answer(app: Flask, hook: Hook) -> None:
    """Have `hook` called after each answer; what it raises is logged and changes no answer."""
    app.extensions[_KEY].append(hook)


class Lifecycle:
    """WSGI middleware: the headers of every answer, and what is to happen once it is made.

    Flask's own hook for that, `after_request`, costs more than all that is done here.
    """

    def __init__(self, app: Flask, hooks: list[Hook]) -> None:
        self._next = app.wsgi_app
        self._hooks = hooks
        self._headers = list(_HEADERS)
        if age := app.config["HSTS_SECONDS"]:
            self._headers.append(("Strict-Transport-Security", f"max-age={age}"))
        self._names = {name.lower() for name, _ in self._headers}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        status = 500

        def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status
            status = int(line[:3])
            self._add_headers(headers, environ[ENVIRON_KEY].id)
            return start_response(line, headers, exc_info)

        body = self._next(environ, start)
        # Taken out again: the request and its environ would hold on to each other.
        request: Request = environ.pop(ENVIRON_KEY)
        seconds = request.elapsed()
        for hook in self._hooks:
            try:
                hook(request, status, seconds)
            except Exception:
                _logger.exception("a hook failed", extra={"request": request})
        return body

    def _add_headers(self, headers: list[tuple[str, str]], request_id: str) -> None:
        given = {name.lower(): value for name, value in headers}
        if self._names.isdisjoint(given):
            headers += self._headers
        else:
            headers += [pair for pair in self._headers if pair[0].lower() not in given]
        is_page = given.get("content-type", "").startswith("text/html")
        if is_page and "content-security-policy" not in given:
            headers.append(_HTML_POLICY)
        headers.append(("X-Request-ID", request_id))


def warn_of_slow_request(request: Request, status: int, seconds: float) -> None:
    """Log one WARNING, on one line whatever the client has sent."""
    _logger.warning(
        "slow API: %.3f s, ip %s, %s %s, body %s",
        seconds,
        request.remote_addr,
        one_line(request.method),
        one_line(request.shown_url),
        one_line(request.shown_body),
        extra={"request": request, "status": status, "milliseconds": round(seconds * 1000, 3)},
    )
