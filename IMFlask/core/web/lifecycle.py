"""The request's lifecycle: what happens around every request, whatever answers it."""

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from flask import Flask, Response
from werkzeug.wsgi import ClosingIterator

from core.web.drain import drain
from core.web.request import Exchange, Request
from core.web.response import sentence

_logger = logging.getLogger(__name__)
DRAINED = 64 * 1024 * 1024  # bytes of a refused body that are read all the same, at least
_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
]
_NO_STORE = ("Cache-Control", "no-store")


# What is called once an answer has begun: (the request, its status, the seconds until then).
Hook = Callable[[Request, int, float], None]


def init_app(app: Flask) -> None:
    """Wrap `app` in its lifecycle."""
    hooks: list[Hook] = app.extensions.setdefault("on_answer", [])
    app.wsgi_app = Lifecycle(app, hooks)  # type: ignore[method-assign]


def on_answer(app: Flask, hook: Hook) -> None:
    """Have `hook` called once an answer has begun; what it raises is logged."""
    app.extensions["on_answer"].append(hook)


class Lifecycle:
    """WSGI middleware: the headers of every answer, and the hooks once it has begun.

    Flask's own place for that, `after_request`, costs a fifth of a small request more,
    and does not see what Flask lets through: a failure in `teardown_request`, for one.
    """

    def __init__(self, app: Flask, hooks: list[Hook]) -> None:
        self._app = app
        self._next = app.wsgi_app
        self._hooks = hooks
        headers = list(_HEADERS)
        if age := app.config["HSTS_SECONDS"]:
            headers.append(("Strict-Transport-Security", f"max-age={age}"))
        self._headers = [(pair[0].lower(), pair) for pair in headers]
        self._policy = ("Content-Security-Policy", app.config["CONTENT_SECURITY_POLICY"])
        self._drained = max(DRAINED, app.config.get("MAX_UPLOAD_SIZE", 0))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        exchange = environ[Exchange.KEY] = Exchange(environ, self._app.config["LOG_BODIES"])
        status, is_whole = 500, False
        begin: Callable[[], Any] | None = None

        def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status, is_whole, begin
            status = int(line[:3])
            is_whole = self._add_headers(headers, exchange.id)
            if is_whole:
                return start_response(line, headers, exc_info)
            begin = partial(start_response, line, headers, exc_info)
            return None

        try:
            body = self._next(environ, start)
        except Exception as error:  # of what comes after the answer, like teardown_request
            body = self._fail(error, exchange, start)
        request = exchange.request
        if begin:
            try:
                body = stream(body, request)
                begin()
            except Exception as error:
                body = self._answer(error, environ)(environ, start)
        if request:
            # The request, its environ and its routing error would hold on to each other.
            exchange.request = request.routing_exception = None
            seconds = request.elapsed()
            # An answer without a length may be made of the body while it is sent.
            if is_whole and not request.is_read:
                drain(environ, self._drained)
            for hook in self._hooks:
                try:
                    hook(request, status, seconds)
                except Exception:
                    _logger.exception("a hook failed", extra={"request": request})
        return body

    def _answer(self, error: Exception, environ: dict[str, Any]) -> Response:
        """Return the answer to what went wrong before a stream's first block."""
        with self._app.request_context(environ):
            try:
                return self._app.make_response(self._app.handle_user_exception(error))
            except Exception as error:
                return self._app.handle_exception(error)

    def _fail(self, error: Exception, exchange: Exchange, start: Any) -> Iterable[bytes]:
        """Answer in the envelope what Flask has let through."""
        _logger.error("a request failed", exc_info=error, extra={"request": exchange.request})
        envelope = {"msg": "fail", "description": sentence(self._app, 500)}
        body = self._app.json.dumps({**envelope, "request_id": exchange.id}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start("500 INTERNAL SERVER ERROR", headers, (type(error), error, error.__traceback__))
        return [body]

    def _add_headers(self, headers: list[tuple[str, str]], request_id: str) -> bool:
        """Add what each answer has; return whether it is whole: no stream, no file."""
        given = {name.lower(): value for name, value in headers}
        headers += [pair for name, pair in self._headers if name not in given]
        kind = given.get("content-type", "").partition(";")[0].lower()
        if kind == "text/html" and "content-security-policy" not in given:
            headers.append(self._policy)
        is_json = kind == "application/json" or kind.endswith("+json")
        if is_json and "cache-control" not in given:
            headers.append(_NO_STORE)  # a proxy would give it to others
        if "x-request-id" not in given:
            headers.append(("X-Request-ID", request_id))
        return "content-length" in given and "accept-ranges" not in given


def stream(body: Iterable[bytes], request: Request | None) -> Iterable[bytes]:
    """Return the body of an answer, its first block read: what fails then can still be said.

    Raises what the first block does, once `body` is closed. What fails later is logged.
    """
    close = getattr(body, "close", lambda: None)
    try:
        blocks = iter(body)
        first = next(blocks, b"")
    except BaseException:
        close()
        raise

    def rest() -> Iterator[bytes]:
        yield first
        try:
            yield from blocks
        except Exception as error:
            _logger.error("an answer broke off", exc_info=error, extra={"request": request})
            raise

    return ClosingIterator(rest(), close)
