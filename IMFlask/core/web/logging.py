"""Logging: the log's destination and its format.

Development: readable lines on stderr. Production: JSON lines on stderr, and
WARNING and above in ERROR_LOG_PATH too. Testing: as Flask does by itself.
"""

import contextlib
import json
import logging
import sys
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from typing import Any

from flask import Flask, has_request_context

from core.redaction import one_line
from core.web.request import Request, current_request

_encode = json.JSONEncoder(separators=(",", ":"), default=repr).encode
_PIPE = 4000  # bytes, a little less than Linux's PIPE_BUF


def configure_logging(app: Flask) -> None:
    """Send the log where the config says: LOG_FORMAT (readable, json or None), ERROR_LOG_PATH.

    As JSON every library's log is included, as readable lines only the application's.
    """
    form, path = app.config["LOG_FORMAT"], app.config["ERROR_LOG_PATH"]
    # Before `app.logger` is used, which would add Flask's own handler.
    names = [None] if form == "json" else ["app", "controller", "model", "core"]
    formatter = JSONFormatter() if form == "json" else ReadableFormatter()
    if form == "readable":
        # Else there would be two lines for each request.
        logging.getLogger("werkzeug").addFilter(
            lambda record: not str(record.msg).rstrip().endswith('"%s" %s %s')
        )
    if form:
        _add_handler(names, "stderr", logging.StreamHandler(), formatter)
    if path:
        handler = ErrorFile(path, encoding="utf-8", delay=True)
        handler.setLevel(logging.WARNING)
        _add_handler(names, handler.baseFilename, handler, formatter)
    app.logger.setLevel(logging.DEBUG if app.debug else logging.INFO)
    logging.getLogger("core").setLevel(logging.INFO)


class JSONFormatter(logging.Formatter):
    """A record as one line of JSON: what it says, and of which request.

    time (UTC), level, logger, message; within a request, request_id, method
    and path (without its query, secrets redacted); status and milliseconds
    once they are known; exception, a traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": f"{moment[:-6]}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := _request_of(record):
            line["request_id"] = request.id
            line["method"] = request.method[:16]
            line["path"] = request.shown_path
        for name in ("status", "milliseconds"):
            if hasattr(record, name):
                line[name] = getattr(record, name)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        text = _encode(line)
        # Longer lines of several processes on one pipe are mixed up. The
        # message can hold what clients send; a traceback is worth the risk.
        limit = 2048
        while len(text) > _PIPE and (limit := limit // 2) > 64:
            line |= {name: line[name][:limit] for name in ("message", "path") if name in line}
            text = _encode(line)
        return text


class ReadableFormatter(logging.Formatter):
    """A record for a person: the time, the level, the message, the request's id.

    A message is one line, whatever a client has sent; a traceback is indented.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it."""
        moment = self.formatTime(record, "%H:%M:%S")
        line = f"{moment} {record.levelname}: {one_line(record.getMessage())}"
        if request := _request_of(record):
            line += f" ({request.id})"
        if record.exc_info:
            for part in self.formatException(record.exc_info).splitlines():
                line += f"\n  {one_line(part)}"
        return line


class ErrorFile(WatchedFileHandler):
    """The file of warnings and errors: opened anew when logrotate has moved it.

    Each line is one write at its end, so that several processes may share it.
    """

    _failures = 0  # in a row

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; a file that cannot be written does not fail the request."""
        before = self._failures
        try:
            super().emit(record)
        except OSError:  # it cannot be opened
            self.handleError(record)
        if self._failures == before:
            self._failures = 0

    def handleError(self, record: logging.LogRecord) -> None:
        """Report the first of several failures, in one line, and close the file.

        The next record opens it anew. An open file keeps its disk space even when it is deleted.
        """
        if not isinstance(sys.exc_info()[1], OSError):  # the record's own fault
            super().handleError(record)
            return
        self._failures += 1
        stream, self.stream = self.stream, None
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()
        if self._failures == 1 and sys.stderr:
            words, error = "the file of errors cannot be written: %s", sys.exc_info()[1]
            notice = logging.LogRecord(__name__, logging.ERROR, "", 0, words, (error,), None)
            with contextlib.suppress(OSError, ValueError):
                print(self.format(notice), file=sys.stderr, flush=True)


def _add_handler(
    names: list[Any], key: str, handler: logging.Handler, formatter: logging.Formatter
) -> None:
    """Add a handler to loggers, once: apps share them, and no line is to be written twice."""
    handler.name = key
    handler.setFormatter(formatter)
    for logger in map(logging.getLogger, names):
        if key not in [known.name for known in logger.handlers]:
            logger.addHandler(handler)


def _request_of(record: logging.LogRecord) -> Request | None:
    """Return a record's request: the given one, else the current one."""
    given = getattr(record, "request", None)
    if isinstance(given, Request):
        return given
    return current_request() if has_request_context() else None
