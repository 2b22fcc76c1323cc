"""The sample API: a category of endpoints, grown into a package."""

from flask import Blueprint

from app.api.sample_api import (
    calculator,
    file,
    info,
    log,
)

blueprint = Blueprint("sample_api", __name__)
blueprint.register_blueprint(calculator.blueprint)
blueprint.register_blueprint(info.blueprint)
blueprint.register_blueprint(log.blueprint)
blueprint.register_blueprint(file.blueprint)
