"""Endpoints that render HTML."""

from flask import Blueprint, current_app, render_template

from app.api import unlogged

blueprint = Blueprint("template", __name__)


@blueprint.get("/")
@unlogged
def index() -> str:
    """Show what runs here; in production only its name and health."""
    config = current_app.config
    return render_template("index.html", app_name=config["APP_NAME"], kind=config["KIND"])
