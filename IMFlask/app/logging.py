"""Where the log goes."""

import logging

from flask import Flask


def configure_logging(app: Flask) -> None:
    """Log to stderr, and WARNING and above to the file ERROR_LOG_PATH, where it is set."""
    app.logger.setLevel(logging.DEBUG if app.debug else logging.INFO)
    path = app.config["ERROR_LOG_PATH"]
    # Apps of one name share a logger: a second one adds no second handler.
    if path and not any(isinstance(one, logging.FileHandler) for one in app.logger.handlers):
        handler = logging.FileHandler(path, encoding="utf-8", delay=True)
        handler.setLevel(logging.WARNING)
        handler.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)s: %(message)s"))
        app.logger.addHandler(handler)
