"""The request: Flask's, with an id and a body that is read safely."""

import os
import re
from time import perf_counter
from typing import Any, NoReturn, cast

from flask import Request as FlaskRequest
from flask import request
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType
from werkzeug.formparser import FormDataParser

from app.json_provider import NotJSON
from controller.util import is_secret, redact_body, redact_path, redact_query

# What is taken over from X-Request-ID: nothing that a log or a header could trip over.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_UNREADABLE = "The body ended early or could not be read: send it again, whole."

_KEPT_BODY = 8 * 1024  # bytes: thousands of bodies may wait to be logged

# Where a WSGI middleware finds the request, as long as it is at work.
ENVIRON_KEY = "app.request"


class Request(FlaskRequest):
    """A request with an id, whose body, however broken, raises a 400, 413 or 415 alone.

    `id` is the client's X-Request-ID, where that is one, else a new one. The
    word on the body holds for `data`, `get_data`, `get_json`, `form` and
    `files`. Who reads the bare `stream` has to expect what the server raises.

    Werkzeug, gunicorn and Granian each raise exceptions of their own in the
    middle of a body, and a body that ends early passes for a whole one with
    some of them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._started = perf_counter()
        super().__init__(*args, **kwargs)
        given = self.environ.get("HTTP_X_REQUEST_ID", "")
        self.id = given if _ID.fullmatch(given) else os.urandom(16).hex()
        self.environ[ENVIRON_KEY] = self

    def elapsed(self) -> float:
        """Return the seconds since the request came in."""
        return perf_counter() - self._started

    def get_data(
        self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
    ) -> Any:
        """Return the whole body, as Flask does; of a parsed multipart form there is none."""
        if parse_form_data:
            self._load_form_data()
        if not self._has_read():
            parsed = "form" in self.__dict__ and self.mimetype == "multipart/form-data"
            self._cached_data = b"" if parsed else self._read()
        return super().get_data(cache, as_text)

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
        """The path, secrets redacted."""
        if self.url_rule is not None:
            if not self.view_args:
                return self.path  # the rule's own words
            if any(map(is_secret, self.view_args)):
                return self.url_rule.rule  # a variable of it is a secret
        return redact_path(self.path)

    @property
    def shown_url(self) -> str:
        """Path and query, secrets redacted."""
        query = redact_query(self.query_string)
        return f"{self.shown_path}?{query}" if query else self.shown_path

    @property
    def shown_body(self) -> str:
        """The body as the view has read it, secrets redacted, at most 2 KB.

        Of a body that nobody has read there is only the length to tell.
        """
        if self._has_read():
            return redact_body(self._cached_data or b"", self.mimetype)
        return f"({self.content_length} bytes)" if self.content_length else ""

    @property
    def raw_body(self) -> tuple[bytes | str, str]:
        """The body as the view has read it, to be redacted later, and its type.

        A large one, and one that nobody has read, as `shown_body` has it.
        """
        if self._has_read() and len(self._cached_data) <= _KEPT_BODY:
            return self._cached_data, self.mimetype
        # Most requests have none, and `content_length` would take a while to say so.
        return self.shown_body if self.environ.get("CONTENT_LENGTH") else "", ""

    def _has_read(self) -> bool:
        return getattr(self, "_cached_data", None) is not None

    def _read(self) -> bytes:
        """Read to the end: a single read of a chunked body is cut at the limit, silently."""
        chunks = []
        try:
            while chunk := self.stream.read(64 * 1024):
                chunks.append(chunk)
        except HTTPException as error:
            raise error if error.code == 413 else BadRequest(_UNREADABLE) from error
        except Exception as error:
            raise BadRequest(_UNREADABLE) from error
        body = b"".join(chunks)
        if len(body) < (self.content_length or 0):
            raise BadRequest(_UNREADABLE)
        return body

    def _load_form_data(self) -> None:
        """Parse the form; a urlencoded one from the whole body, which is checked above."""
        if self.mimetype == "application/x-www-form-urlencoded":
            self.get_data()
        try:
            super()._load_form_data()
        except HTTPException:
            raise
        except Exception as error:
            raise BadRequest("The form is malformed or ended early: send it again.") from error


def current_request() -> Request:
    """Return the request at work itself: Flask's proxy costs at every use, and has no type."""
    return cast(Request, request._get_current_object())
