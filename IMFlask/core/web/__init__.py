"""The engine on Flask: requests, JSON, errors, the log, validation, the description, files."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from core.web import access_log
from core.web.json_provider import JSONProvider
from core.web.lifecycle import Lifecycle
from core.web.logging import configure_logging
from core.web.request import Request
from core.web.session import SessionInterface

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def prepare(app: Flask) -> None:
    """Give `app` our request, JSON, sessions and log, in the places that Flask has for them."""
    if app.config["KIND"] == "development":
        # Else a page whose name resolves to this machine could read and write (DNS rebinding).
        app.config["TRUSTED_HOSTS"] = [*LOCAL_HOSTS, *(app.config["TRUSTED_HOSTS"] or ())]
    app.request_class = Request
    app.json = JSONProvider(app)
    app.session_interface = SessionInterface()
    # No redirects in HTML: a slash at the end does not matter, a doubled one is a 404.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    configure_logging(app)


def surround(app: Flask) -> None:
    """Wrap `app`, and what extensions have wrapped it in, in its lifecycle."""
    app.wsgi_app = Lifecycle(app)  # type: ignore[method-assign]
    access_log.init_app(app)
    if hops := app.config["PROXY_HOPS"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, **hops)  # type: ignore[method-assign]
