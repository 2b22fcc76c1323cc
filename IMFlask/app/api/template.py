"""Endpoints that render HTML."""

from flask import Blueprint, current_app, render_template

from app.api.decorator import unlogged

blueprint = Blueprint("template", __name__)


@blueprint.get("/")
@unlogged
def index() -> str:
    """Show what runs here."""
    return render_template("index.html", app_name=current_app.config["APP_NAME"])
