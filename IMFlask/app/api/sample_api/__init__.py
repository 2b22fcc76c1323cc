"""The sample API: the endpoints of one subject, as a package."""

from flask import Blueprint

from app.api.sample_api import calculator, info

blueprint = Blueprint("sample_api", __name__)
blueprint.register_blueprint(calculator.blueprint)
blueprint.register_blueprint(info.blueprint)
