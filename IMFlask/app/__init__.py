"""The application factory."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import api
from app.api import (
    error_handler,
    health,
    openapi,
    request_log,
    sample_api,
    template,
)
from app.application import Application
from app.database import connect_database
from app.logging import configure_logging

# Flask extensions are made here, `jwt = JWTManager()`, and bound in
# `register_extensions`, `jwt.init_app(app)`.


def create_app(config: object) -> Flask:
    """Return the application as `config` says: a class of config.py or one like it.

    Opens no file but the error log and no socket; the first query opens the database.
    """
    app = Application(__name__, template_folder="asset", static_folder="asset/static")
    app.config.from_object(config)
    configure_logging(app)
    connect_database(app)
    register_extensions(app)
    register_lifecycle(app)
    register_blueprints(app)
    return app


def register_extensions(app: Flask) -> None:
    """Bind the Flask extensions to the app; there are none yet."""


def register_lifecycle(app: Flask) -> None:
    """Register what runs around every request, and what answers when one fails."""
    api.init_app(app)
    error_handler.init_app(app)
    request_log.init_app(app)
    if hops := app.config["PROXY_HOPS"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, **hops)  # type: ignore[method-assign]


def register_blueprints(app: Flask) -> None:
    """Register the endpoints."""
    app.register_blueprint(template.blueprint)
    app.register_blueprint(health.blueprint, url_prefix="/health")
    app.register_blueprint(sample_api.blueprint, url_prefix="/sample")
    openapi.init_app(app)  # after all that it describes
