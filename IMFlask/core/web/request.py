"""The request: Flask's, with an id and a safely read body."""

import contextlib
import ipaddress
import re
from collections.abc import Iterator
from random import getrandbits
from time import perf_counter
from typing import IO, Any, NoReturn, cast

from flask import Request as FlaskRequest
from flask import request
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from werkzeug.utils import cached_property
from werkzeug.wsgi import get_input_stream

from core.redaction import MASK, is_secret, redact_path, redact_query
from core.web.body import BLOCK, BodyStream, FormParser
from core.web.json_provider import NotJSON

# Accepted ids: characters that are safe in logs and headers.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_IPV6 = re.compile(r"(\[[0-9a-f:.]+\])(:[0-9]{1,5})?")  # a Host header
_WITH_PORT = re.compile(r"([0-9.]+):[0-9]{1,5}|\[([0-9a-fA-F:.]+)\](?::[0-9]{1,5})?")
_SHOWN = 1024  # characters of a path and of a query

PROBES = "/health/"  # where an orchestrator asks


Answer = tuple[str, list[tuple[str, str]], Any]  # the arguments of start_response


class Exchange:
    """The state shared by the lifecycle and its request; it is in the environ under KEY."""

    KEY = "core.exchange"

    request: "Request | None" = None  # once it is made
    failure: Exception | None = None  # the error that ended a stream before its first block
    status: int
    answer: Answer
    given: dict[str, str]  # the answer's headers, their names in lower case
    is_whole = False  # whether the first block of the answer's body is all of it

    def __init__(self, environ: dict[str, Any]) -> None:
        given = environ.get("HTTP_X_REQUEST_ID")
        self.id = given if given and _ID.fullmatch(given) else f"{getrandbits(128):032x}"
        self.started = perf_counter()

    def start(self, line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """Keep the answer, as the start_response of what is inside, until its first block."""
        self.status = int(line[:3])
        self.answer = (line, headers, exc_info)
        self.given = {name.lower(): value for name, value in headers}


class Request(FlaskRequest):
    """A request with an id; a broken body raises only a 400, 413 or 415.

    `id` is the client's X-Request-ID if it is valid, else a new one. The body is equally safe in
    `stream`, `blocks`, `data`, `get_data`, `get_json`, `form` and `files`.
    """

    form_data_parser_class = FormParser

    # The body, as far as it was read. All requests share the first one, which nobody can read.
    received = BodyStream(cast(IO[bytes], None), None, None)
    _trusted_hosts: list[str] | None = None

    def __init__(self, environ: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(environ, *args, **kwargs)
        exchange: Exchange = environ.get(Exchange.KEY) or Exchange(environ)
        if exchange.request is None:  # a view may make another one
            exchange.request = self
        elif exchange.failure is not None:
            if exchange.request.received.kept() is None:  # its body cannot be read again
                self.__dict__ = vars(exchange.request) | vars(self)
            self.routing_exception = cast(HTTPException, exchange.failure)  # Flask raises it
            exchange.request = self
        self.id = exchange.id
        self._started = exchange.started
        if "werkzeug.proxy_fix.orig" in environ and self.remote_addr:
            # None: the client has bypassed the proxy.
            self.remote_addr = _address(self.remote_addr)

    @property
    def trusted_hosts(self) -> list[str] | None:
        """The allowed hosts; a probe may name any, a pod's address for example."""
        hosts = self._trusted_hosts
        if hosts is None or self.path.startswith(PROBES):
            return None
        # Werkzeug cannot be given an IPv6 address to trust.
        match = _IPV6.fullmatch(self.environ.get("HTTP_HOST", ""))
        return None if match and match[1] in hosts else hosts

    @trusted_hosts.setter
    def trusted_hosts(self, hosts: list[str] | None) -> None:
        self._trusted_hosts = hosts
        if host := self.environ.get("HTTP_HOST"):
            self.environ["HTTP_HOST"] = host.lower()  # which Werkzeug compares as it is

    def itself(self) -> "Request":
        """Return the request behind Flask's proxy."""
        return self

    def elapsed(self) -> float:
        """Return the seconds since the request came in."""
        return perf_counter() - self._started

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body as it comes in; raises a 413 at once when its length is over the limit."""
        limit, length = self.max_content_length, self.content_length
        if limit is not None and (length or 0) > limit:
            raise RequestEntityTooLarge
        self.received = BodyStream(get_input_stream(self.environ), length, limit)
        return cast(IO[bytes], self.received)

    def blocks(self) -> Iterator[bytes]:
        """Yield the body as it comes in, some 64 KiB at once."""
        return iter(lambda: self.stream.read(BLOCK), b"")

    def on_json_loading_failed(self, e: ValueError | None) -> NoReturn:
        """Raise a 415 for another Content-Type, a 400 for malformed JSON."""
        if e is None:
            raise UnsupportedMediaType("Send JSON, with the Content-Type application/json.")
        reason = str(e) if isinstance(e, NotJSON) else "check its syntax"
        raise BadRequest(f"The body is malformed JSON: {reason}.")

    @property
    def shown_path(self) -> str:
        """The path, secrets redacted, at most 1,024 characters."""
        if self.url_rule is not None:
            if not self.view_args:
                return self.path  # the rule's own words
            if any(map(is_secret, self.view_args)):
                return self.url_rule.rule  # a variable of it is a secret
        path = self.path
        if len(path) > _SHOWN:  # the end may be half of a secret, which no redaction recognises
            path = path[:_SHOWN].rpartition("/")[0] + f"/{MASK}"
        return redact_path(path)

    @property
    def shown_url(self) -> str:
        """Path and query, secrets redacted, at most 1,024 characters of each."""
        query = redact_query(self.shown_query)
        return f"{self.shown_path}?{query}" if query else self.shown_path

    @property
    def shown_query(self) -> bytes:
        """The part of the query that may be shown, still with its secrets, in whole parameters."""
        query = self.query_string
        return query if len(query) <= _SHOWN else query[:_SHOWN].rpartition(b"&")[0]

    def raw_body(self, is_logged: bool) -> tuple[bytes | str, str]:
        """Return the body as the view has read it, to be redacted: bytes and their type.

        A body that is unread, over 16 KiB or not to be logged is a text: its length.
        """
        if is_logged and (kept := self.received.kept()):
            return kept, self.mimetype[:64]
        # Most requests have none, and `content_length` would take a while to say so.
        length = self.environ.get("CONTENT_LENGTH") and self.content_length
        length = length or self.received.count
        return f"({length} bytes)" if length else "", ""


def _address(text: str) -> str | None:
    """Return a client's address as a proxy names it, without a port; None if it is invalid."""
    if match := _WITH_PORT.fullmatch(text):
        text = match[1] or match[2]
    with contextlib.suppress(ValueError):
        # An IPv6 address may have a zone behind `%`, of any letters.
        if "%" not in text and ipaddress.ip_address(text):
            return text
    return None


def current_request() -> Request:
    """Return the request at work itself: Flask's proxy has no type, and ends with the request."""
    return cast(Request, request).itself()
