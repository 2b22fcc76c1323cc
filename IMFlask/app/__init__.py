"""The application factory."""

from flask import Flask

from app.api import (
    error_handler,
    file,
    health,
    log,
    sample_api,
    template,
)
from core import web
from core.web.api_log import log_requests
from core.web.database import set_db
from core.web.openapi import publish_description
from model import connect
from model.mongodb import Log

# Flask extensions are made here, and bound in `register_extensions`.


def create_app(config: object) -> Flask:
    """Return the application as `config` says: a class of config.py or one like it.

    Opens no file but the error log and no socket; the first query opens the database.
    """
    app = Flask(__name__, template_folder="asset", static_folder="asset/static")
    app.config.from_object(config)
    web.prepare(app)
    set_db(app, connect(app.config))
    register_extensions(app)
    web.surround(app)
    register_blueprints(app)
    error_handler.init_app(app)
    log_requests(app, Log)
    publish_description(app)  # after all that it describes
    return app


def register_extensions(app: Flask) -> None:
    """Bind the Flask extensions to the app."""


def register_blueprints(app: Flask) -> None:
    """Register the endpoints."""
    app.register_blueprint(template.blueprint)
    # Below /health/ the engine takes any Host header: core/web/request.py.
    app.register_blueprint(health.blueprint, url_prefix="/health")
    app.register_blueprint(sample_api.blueprint, url_prefix="/sample")
    app.register_blueprint(log.blueprint, url_prefix="/sample")
    app.register_blueprint(file.blueprint, url_prefix="/sample")
