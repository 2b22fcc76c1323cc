"""The API's description, OpenAPI 3.1, made from the routes and their views."""

import json
import sys
from collections import Counter
from typing import Any

import click
from flask import Flask, request

from core.web.json_provider import to_json
from core.web.mark import is_static, unlogged
from core.web.openapi import shape
from core.web.openapi.operation import operation_of, path_of, security_of, tag_of
from core.web.response import phrase

_FAILURE = shape.an_object(msg={"const": "fail"}, description=shape.TEXT, request_id=shape.TEXT)
_FAILURE["properties"]["process_time"] = shape.NUMBER  # in debug mode
_HEADERS = {401: "WWW-Authenticate", 416: "Content-Range", 429: "Retry-After", 503: "Retry-After"}


def publish_description(app: Flask) -> None:
    """Add `flask openapi`, and GET /openapi.json where OPENAPI is on.

    Call it when all other routes are there: the description is made here, once.
    """

    @app.cli.command("openapi")
    def print_description() -> None:
        """Print the API's description, OpenAPI 3.1."""
        click.echo(json.dumps(describe(app), indent=2))

    if app.config["OPENAPI"]:
        description = describe(app)

        @app.get("/openapi.json", endpoint="openapi")
        @unlogged
        def openapi_api() -> dict[str, Any]:
            """Describe the API."""
            root = request.script_root  # below which a proxy or a mount has the app
            return {**description, "servers": [{"url": root}]} if root else description


def describe(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI description of the app's routes."""
    paths: dict[str, dict[str, Any]] = {}
    tags: dict[str, str] = {}
    statuses: set[str] = set()
    schemes: dict[str, Any] = {}
    ids: Counter[str] = Counter()
    for rule in app.url_map.iter_rules():
        view = app.view_functions.get(rule.endpoint)
        if view is None or rule.endpoint == "openapi" or is_static(rule.endpoint):
            continue
        module = sys.modules.get(view.__module__)  # a plugin's may not be there
        tags[tag_of(rule)] = (getattr(module, "__doc__", None) or "").partition("\n")[0]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            operation = operation_of(app, rule, method)
            schemes |= security_of(app, view, method)
            ids[name := operation["operationId"]] += 1
            if ids[name] > 1:  # a view may have several routes
                operation["operationId"] = f"{name}.{ids[name]}"
            responses = operation["responses"].items()
            statuses |= {status for status, answer in responses if "$ref" in answer}
            paths.setdefault(path_of(rule), {})[method.lower()] = operation
    description = {
        "openapi": "3.1.0",
        "info": {"title": app.config["APP_NAME"], "version": "1.0.0"},
        "tags": [{"name": name, "description": text} for name, text in tags.items()],
        "paths": paths,
        "components": {
            "schemas": {"Failure": _FAILURE},
            "responses": {status: _failure(int(status)) for status in sorted(statuses)},
            "securitySchemes": schemes,
        },
    }
    plain: dict[str, Any] = json.loads(json.dumps(description, default=to_json))
    return plain


def _failure(status: int) -> dict[str, Any]:
    failure: dict[str, Any] = {
        "description": phrase(status),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}},
    }
    if status in _HEADERS:
        failure["headers"] = {_HEADERS[status]: {"schema": shape.TEXT}}
    return failure
