"""Where the log goes."""

import logging
from pathlib import Path

from flask import Flask


def configure_logging(app: Flask) -> None:
    """Log to stderr, and WARNING and above to the file ERROR_LOG_PATH, where it is set."""
    app.logger.setLevel(logging.DEBUG if app.debug else logging.INFO)
    path = app.config["ERROR_LOG_PATH"]
    # Apps share the logger: a second one must not have each line written twice.
    known = {getattr(handler, "baseFilename", None) for handler in app.logger.handlers}
    if path and str(Path(path).absolute()) not in known:
        handler = logging.FileHandler(path, encoding="utf-8", delay=True)
        handler.setLevel(logging.WARNING)
        handler.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)s: %(message)s"))
        app.logger.addHandler(handler)
