"""The application factory."""

from flask import Flask

from app import api
from app.api import error_handler, request_log, sample_api, template
from app.converter import CONVERTERS
from app.database import connect_database
from app.json_provider import JSONProvider
from app.logging import configure_logging
from app.request import Request
from app.session import SessionInterface

# Flask extensions are made here, `jwt = JWTManager()`, and bound in
# `register_extensions`, `jwt.init_app(app)`.


def create_app(config: object) -> Flask:
    """Return the application as `config` says: a class of config.py or one like it.

    Opens no file but the error log and no socket; the first query opens the database.
    """
    app = Flask(__name__, template_folder="asset", static_folder="asset/static")
    app.config.from_object(config)
    configure_logging(app)
    configure_protocol(app)
    connect_database(app)
    register_extensions(app)
    register_lifecycle(app)
    register_blueprints(app)
    return app


def configure_protocol(app: Flask) -> None:
    """Replace what Flask does with requests, JSON, sessions and addresses by our own."""
    app.request_class = Request
    app.json = JSONProvider(app)
    app.session_interface = SessionInterface()
    app.url_map.converters.update(CONVERTERS)
    # No redirects in HTML: a slash at the end does not matter, a doubled one is a 404.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False


def register_extensions(app: Flask) -> None:
    """Bind the Flask extensions to the app; there are none yet."""


def register_lifecycle(app: Flask) -> None:
    """Register what runs around every request, and what answers when one fails."""
    # What runs after a request runs in the opposite order of its registration: the
    # time of writing the log does not make a request a slow one.
    request_log.init_app(app)
    api.init_app(app)
    error_handler.init_app(app)


def register_blueprints(app: Flask) -> None:
    """Register the endpoints."""
    app.register_blueprint(template.blueprint)
    app.register_blueprint(sample_api.blueprint, url_prefix="/sample")
