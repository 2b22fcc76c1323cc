"""The lifecycle: what happens before and after every request, whatever answers it."""

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import BytesIO
from itertools import chain
from typing import Any

from flask import Flask
from werkzeug.wsgi import ClosingIterator

from core.web.drain import drain
from core.web.request import Answer, Exchange, Request
from core.web.response import sentence

_logger = logging.getLogger(__name__)
DRAINED = 64 * 1024 * 1024  # bytes of a refused body that are still read, at least
_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
]
# A page may load what this app serves, and nothing else.
_HTML_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_NO_STORE = ("Cache-Control", "no-store")


# A function that is called once an answer has begun: (request, status, seconds until then).
Hook = Callable[[Request, int, float], None]


def on_answer(app: Flask, hook: Hook) -> None:
    """Call `hook` once an answer has begun; its errors are logged."""
    app.extensions["on_answer"].append(hook)


class Lifecycle:
    """WSGI middleware: the headers of every answer, and the hooks once it has begun.

    Flask's `after_request` costs a fifth of a small request more, and does not see errors that
    Flask does not handle, like one in `teardown_request`.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._next = app.wsgi_app
        self._hooks: list[Hook] = app.extensions.setdefault("on_answer", [])
        self._headers = list(_HEADERS)
        if age := app.config["HSTS_SECONDS"]:
            self._headers.append(("Strict-Transport-Security", f"max-age={age}"))
        policy = app.config.get("CONTENT_SECURITY_POLICY") or _HTML_POLICY
        self._json_headers = [*self._headers, _NO_STORE]  # a proxy would give it to others
        self._html_headers = [*self._headers, ("Content-Security-Policy", policy)]
        both = [*self._json_headers, *self._html_headers, ("X-Request-ID", "")]
        self._names = {name.lower() for name, _ in both}
        self._drained = max(DRAINED, app.config.get("MAX_UPLOAD_SIZE", 0))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        exchange = environ[Exchange.KEY] = Exchange(environ)
        body = self._answer(environ, exchange)
        try:
            start_response(*self._with_headers(exchange))
        except Exception as error:  # a server refuses a header
            _close(body)
            body = self._fail(error, exchange)
            start_response(*self._with_headers(exchange))
        del exchange.answer  # its traceback refers to the environ
        if request := exchange.request:
            # The request, its environ and its errors would hold on to each other.
            exchange.request = request.routing_exception = exchange.failure = None
            seconds = request.elapsed()
            # A stream may be made of the request's body while it is sent.
            if exchange.is_whole and not request.received.is_whole:
                drain(environ, self._drained)
            for hook in self._hooks:
                try:
                    hook(request, exchange.status, seconds)
                except Exception:
                    _logger.exception("a hook failed", extra={"request": request})
        return body

    def _answer(self, environ: dict[str, Any], exchange: Exchange) -> Iterable[bytes]:
        """Return the answer's body, its first block read.

        A failure before that is handled as if the view had raised it: Flask dispatches the
        request again and raises it there, for its handlers, signals and hooks.
        """
        body = None
        try:
            body = self._next(environ, exchange.start)
            if type(body) is environ.get("wsgi.file_wrapper"):
                return body  # which a server may send by itself
            return begun(body, exchange)
        except Exception as error:
            _close(body)
            # Without a body what comes after the answer has failed, like teardown_request.
            if body is None or exchange.failure is not None:
                return self._fail(error, exchange)
            exchange.failure = error
        kept = exchange.request.received.kept() if exchange.request else None
        if kept is not None:
            environ = environ | {"wsgi.input": BytesIO(kept), "CONTENT_LENGTH": str(len(kept))}
        return self._answer(environ, exchange)

    def _fail(self, error: Exception, exchange: Exchange) -> Iterable[bytes]:
        """Answer an error that Flask did not handle, in the envelope."""
        _logger.error("a request failed", exc_info=error, extra={"request": exchange.request})
        envelope = {"msg": "fail", "description": sentence(self._app, 500)}
        body = self._app.json.dumps({**envelope, "request_id": exchange.id}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        exc_info = (type(error), error, error.__traceback__)
        exchange.start("500 INTERNAL SERVER ERROR", headers, exc_info)
        exchange.is_whole = True
        return [body]

    def _with_headers(self, exchange: Exchange) -> Answer:
        """Return the answer with the headers that every answer has."""
        headers, given = exchange.answer[1], exchange.given
        kind = given.get("content-type", "").partition(";")[0].lower()
        wanted = self._headers
        if kind == "application/json" or kind.endswith("+json"):
            wanted = self._json_headers
        elif kind == "text/html":
            wanted = self._html_headers
        if given.keys().isdisjoint(self._names):  # as most are
            headers += wanted
            headers.append(("X-Request-ID", exchange.id))
        else:
            wanted = [*wanted, ("X-Request-ID", exchange.id)]
            headers += [pair for pair in wanted if pair[0].lower() not in given]
        return exchange.answer


class Whole(list[bytes]):
    """A body of one block, and the function that closes it."""

    close: Callable[[], None]


def begun(body: Iterable[bytes], exchange: Exchange) -> Iterable[bytes]:
    """Return the body of an answer, its first block read; what fails later is logged."""
    blocks = iter(body)
    first = next(blocks, None)  # none of a HEAD and the like
    exchange.is_whole = first is None or str(len(first)) == exchange.given.get("content-length")
    if first is not None and not exchange.is_whole:
        return ClosingIterator(_logged(first, blocks, exchange.request), partial(_close, body))
    whole = Whole((first or b"",))
    if hasattr(body, "close"):
        whole.close = body.close
    return whole


def _logged(first: bytes, blocks: Iterator[bytes], request: Request | None) -> Iterator[bytes]:
    """Yield the blocks of a body; an error is logged."""
    try:
        yield from chain([first], blocks)  # which does not close them
    except Exception as error:
        _logger.error("an answer broke off", exc_info=error, extra={"request": request})
        error.args = ()  # a server prints it, and a message can hold what a client has sent
        raise


def _close(body: Any) -> None:
    if hasattr(body, "close"):
        body.close()
