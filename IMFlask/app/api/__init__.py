"""The request's lifecycle: what happens around every request, whatever answers it."""

from collections.abc import Iterable
from typing import Any

from flask import Flask

from app.logging import log_request
from app.request import ENVIRON_KEY, Request
from controller.util import one_line

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


def init_app(app: Flask) -> None:
    """Wrap `app` in its lifecycle."""
    app.wsgi_app = Lifecycle(app)  # type: ignore[method-assign]


class Lifecycle:
    """WSGI middleware: headers of every answer, a line in the log, a warning if it was slow.

    A middleware, because Flask's `after_request` costs more than all that is
    done here. A header that the view has set itself is left as it is.
    """

    def __init__(self, app: Flask) -> None:
        self._next = app.wsgi_app
        self._logger = app.logger
        self._config = app.config
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
        if self._config["LOG_REQUESTS"]:
            log_request(request, status, seconds)
        if seconds >= self._config["SLOW_API_TIME"]:
            self._warn_of_slow_request(request, status, seconds)
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

    def _warn_of_slow_request(self, request: Request, status: int, seconds: float) -> None:
        """Log one WARNING, on one line whatever the client has sent."""
        self._logger.warning(
            "slow API: %.3f s, ip %s, %s %s, body %s",
            seconds,
            request.remote_addr,
            one_line(request.method),
            one_line(request.shown_url),
            one_line(request.shown_body),
            extra={
                "request": request,
                "status": status,
                "milliseconds": round(seconds * 1000, 3),
            },
        )
