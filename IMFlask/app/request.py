"""The request: Flask's, with an id and a body that is read safely."""

import os
import re
from collections.abc import Iterator
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
from werkzeug.formparser import FormDataParser
from werkzeug.local import LocalProxy
from werkzeug.wsgi import get_input_stream

from app.json_provider import NotJSON
from controller.util import is_secret, redact_body, redact_path, redact_query

# What is taken over from X-Request-ID: nothing that a log or a header could trip over.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_UNREADABLE = "The body ended early or could not be read: send it again, whole."
BROKEN_FORM = "The form is malformed or ended early: send it again."

_BLOCK = 64 * 1024  # bytes read at once

_KEPT_BODY = 16 * 1024  # bytes: thousands of bodies may wait to be logged

_SHOWN = 1024  # characters of a path and of a query

# A list in the environ, put there by a middleware that wants to know the request.
ENVIRON_KEY = "app.request"


class Request(FlaskRequest):
    """A request with an id, whose body, however broken, raises a 400, 413 or 415 alone.

    `id` is the client's X-Request-ID, where that is one, else a new one. The
    word on the body holds for `blocks`, `data`, `get_data`, `get_json`, `form`
    and `files`. Who reads the bare `stream` has to expect what the server raises.

    Werkzeug, gunicorn and Granian each raise exceptions of their own in the
    middle of a body, and a body that ends early passes for a whole one with
    some of them.
    """

    waited = 0.0  # seconds, for the body

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._started = perf_counter()
        super().__init__(*args, **kwargs)
        given = self.environ.get("HTTP_X_REQUEST_ID", "")
        self.id = given if _ID.fullmatch(given) else new_id()
        # The lifecycle's empty list, unless a request within this one is made anew.
        if self.environ.get(ENVIRON_KEY) == []:
            self.environ[ENVIRON_KEY].append(self)

    def elapsed(self) -> float:
        """Return the seconds since the request came in."""
        return perf_counter() - self._started

    def blocks(self) -> Iterator[bytes]:
        """Yield the body as it comes in, some 64 KiB at once: once, and nobody else reads it then.

        Raises a 413 when it is larger than `max_content_length`, a 400 when it
        ends before its Content-Length or cannot be read.
        """
        limit, length, count = self.max_content_length, self.content_length, 0
        if limit is not None and (length or 0) > limit:
            raise RequestEntityTooLarge
        # Werkzeug's stream would refuse the chunked body that just reaches its limit.
        stream = get_input_stream(
            self.environ, max_content_length=None if limit is None else limit + 1
        )
        try:
            while block := self._read(stream):
                count += len(block)
                if limit is not None and count > limit:
                    raise RequestEntityTooLarge
                yield block
        except HTTPException as error:
            raise error if error.code == 413 else BadRequest(_UNREADABLE) from error
        except Exception as error:
            raise BadRequest(_UNREADABLE) from error
        if count < (length or 0):
            raise BadRequest(_UNREADABLE)

    def get_data(
        self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
    ) -> Any:
        """Return the whole body, as Flask does; of a parsed multipart form there is none."""
        if parse_form_data:
            self._load_form_data()
        if not self._has_read():
            parsed = "form" in self.__dict__ and self.mimetype == "multipart/form-data"
            # Not in one read: that would cut a chunked body at the limit, silently.
            self._cached_data = b"" if parsed else b"".join(self.blocks())
        return super().get_data(cache, as_text)  # type: ignore[call-overload]

    def on_json_loading_failed(self, e: ValueError | None) -> NoReturn:
        """Raise 415 for what does not claim to be JSON, 400 for what is not."""
        if e is None:
            raise UnsupportedMediaType("Send JSON, with the Content-Type application/json.")
        reason = str(e) if isinstance(e, NotJSON) else "check its syntax"
        raise BadRequest(f"The body is malformed JSON: {reason}.")

    def make_form_data_parser(self) -> FormDataParser:
        """Return Werkzeug's parser, set to raise on a malformed form."""
        parser = super().make_form_data_parser()
        parser.silent = False
        return parser

    @property
    def shown_path(self) -> str:
        """The path, secrets redacted, at most 1,024 characters."""
        if self.url_rule is not None:
            if not self.view_args:
                return self.path  # the rule's own words
            if any(map(is_secret, self.view_args)):
                return self.url_rule.rule  # a variable of it is a secret
        return redact_path(self.path[:_SHOWN])

    @property
    def shown_url(self) -> str:
        """Path and query, secrets redacted, at most 1,024 characters of each."""
        query = redact_query(self.shown_query)
        return f"{self.shown_path}?{query}" if query else self.shown_path

    @property
    def shown_query(self) -> bytes:
        """As much of the query as is ever shown, its secrets still in it."""
        return self.query_string[:_SHOWN]

    @property
    def shown_body(self) -> str:
        """The body as the view has read it, secrets redacted, at most 2 KB.

        Of one that nobody has read, or over 16 KiB, there is only the length to
        tell: it would take too long to redact.
        """
        body, mimetype = self.raw_body
        return body if isinstance(body, str) else redact_body(body, mimetype)

    @property
    def raw_body(self) -> tuple[bytes | str, str]:
        """What `shown_body` shows, to be redacted later: bytes and their type, or a length."""
        if self._has_read():
            if len(self._cached_data) <= _KEPT_BODY:
                return self._cached_data, self.mimetype
            return f"({len(self._cached_data)} bytes)", ""
        # Most requests have none, and `content_length` would take a while to say so.
        length = self.environ.get("CONTENT_LENGTH") and self.content_length
        return f"({length} bytes)" if length else "", ""

    def _read(self, stream: IO[bytes]) -> bytes:
        start = perf_counter()
        block = stream.read(_BLOCK)
        self.waited += perf_counter() - start
        return block

    def _has_read(self) -> bool:
        return getattr(self, "_cached_data", None) is not None

    def _load_form_data(self) -> None:
        """Parse the form; a urlencoded one from the whole body, which is checked above."""
        if self.mimetype == "application/x-www-form-urlencoded":
            self.get_data()
        try:
            super()._load_form_data()
        except HTTPException:
            raise
        except Exception as error:
            raise BadRequest(BROKEN_FORM) from error


def new_id() -> str:
    """Return an id for a request: 32 hexadecimal digits."""
    return os.urandom(16).hex()


def current_request() -> Request:
    """Return the request at work itself: Flask's proxy costs at every use, and has no type."""
    return _current._get_current_object()


_current = cast("LocalProxy[Request]", request)
