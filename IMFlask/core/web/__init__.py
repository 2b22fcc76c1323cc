"""The engine on Flask: requests, JSON, errors, the log, validation, the description, files."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from core.web import lifecycle
from core.web.json_provider import JSONProvider
from core.web.logging import configure_logging
from core.web.request import Request
from core.web.session import SessionInterface


def init_app(app: Flask) -> None:
    """Give `app` our request, JSON, sessions, log and lifecycle, where Flask lets one set them."""
    app.request_class = Request
    app.json = JSONProvider(app)
    app.session_interface = SessionInterface()
    # No redirects in HTML: a slash at the end does not matter, a doubled one is a 404.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    configure_logging(app)
    lifecycle.init_app(app)
    if hops := app.config["PROXY_HOPS"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, **hops)  # type: ignore[method-assign]
