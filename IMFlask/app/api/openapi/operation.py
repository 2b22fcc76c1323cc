"""What one view takes and answers, read off it: its parameters, its docstring, its marks."""

import inspect
import re
from http import HTTPStatus
from typing import get_type_hints

import flask_validation_extended as package
from flask import Flask, Response
from werkzeug.routing import FloatConverter, IntegerConverter, Rule

from app.api.decorator import Answers, View
from app.api.openapi.schema import Schema, is_required, schema_of

_PLACES = {package.Route: "path", package.Query: "query", package.Header: "header"}
_BODIES = {
    package.Json: "application/json",
    package.Form: "application/x-www-form-urlencoded",
    package.File: "multipart/form-data",
}


def path_of(rule: Rule) -> str:
    """Return the rule's path as OpenAPI writes it: `/file/{id}`."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


def operation_of(app: Flask, rule: Rule, method: str) -> Schema:
    """Return the OpenAPI operation of a method of a route."""
    view = app.view_functions[rule.endpoint]
    summary, _, description = (inspect.getdoc(view) or "").partition("\n")
    operation: Schema = {
        "operationId": f"{rule.endpoint}.{method.lower()}",
        "tags": [tag_of(rule)],
        "summary": summary,
        "description": description.strip(),
        "parameters": _parameters(rule, view),
        "requestBody": _body(view),
        "responses": _answers(app, rule, view),
    }
    if schemes := security_of(app, view):
        operation["security"] = [{name: []} for name in schemes]
    return {name: value for name, value in operation.items() if value}


def security_of(app: Flask, view: View) -> Schema:
    """Return the security schemes by name one of which the view asks for; see app/api/admin.py."""
    schemes: Schema = getattr(view, "security", lambda app: {})(app)
    return schemes


def tag_of(rule: Rule) -> str:
    """Return the name of the route's blueprint, nested ones with a dot between."""
    endpoint: str = rule.endpoint
    return endpoint.rpartition(".")[0] or endpoint


def _taken(view: View) -> dict[str, package.params.Parameter]:
    """Return the view's parameters that say where they come from."""
    return {
        getattr(argument.default, "header_name", name): argument.default
        for name, argument in inspect.signature(view).parameters.items()
        if isinstance(argument.default, package.params.Parameter)
    }


def _parameters(rule: Rule, view: View) -> list[Schema]:
    parameters: list[Schema] = []
    declared = _taken(view)
    for name, parameter in declared.items():
        for kind, place in _PLACES.items():
            if isinstance(parameter, kind):
                schema = schema_of(parameter)
                entry: Schema = {"name": name, "in": place}
                if place == "path" or is_required(parameter):
                    entry["required"] = True
                if "description" in schema:
                    entry["description"] = schema.pop("description")
                parameters.append(entry | {"schema": schema})
    for name in sorted(rule.arguments - declared.keys()):
        converter = rule._converters[name]
        number = {IntegerConverter: "integer", FloatConverter: "number"}
        kinds = [number[kind] for kind in number if isinstance(converter, kind)]
        schema = {"type": (kinds or ["string"])[0]}
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    return parameters


def _body(view: View) -> Schema | None:
    declared = _taken(view)
    found = [kind for kind in _BODIES if any(isinstance(one, kind) for one in declared.values())]
    if not found:
        return None
    fields = {
        name: parameter
        for name, parameter in declared.items()
        if isinstance(parameter, tuple(found))
    }
    schema: Schema = {
        "type": "object",
        "properties": {name: schema_of(parameter) for name, parameter in fields.items()},
    }
    required = [name for name, parameter in fields.items() if is_required(parameter)]
    if required:
        schema["required"] = required
    # A file needs a multipart form, and with it come the other fields.
    content = {_BODIES[found[-1]]: {"schema": schema}}
    return {"content": content} | ({"required": True} if required else {})


def _answers(app: Flask, rule: Rule, view: View) -> Schema:
    answers: Answers = getattr(view, "answers", Answers())
    try:
        kind = get_type_hints(inspect.unwrap(view)).get("return")
    except NameError:  # of a type that is only imported for a type checker
        kind = None
    if kind is str:
        content: Schema = {"text/html": {"schema": {"type": "string"}}}
    elif inspect.isclass(kind) and issubclass(kind, Response):
        content = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    else:
        content = {"application/json": {"schema": _envelope(answers)}}
    success = {"description": HTTPStatus(answers.status).phrase, "content": content}
    responses: Schema = {str(answers.status): success | _headers()}
    for status in sorted({*answers.errors, *_errors(app, rule, view)}):
        responses[str(status)] = {"$ref": f"#/components/responses/{status}"}
    for status, more in answers.more.items():
        responses[str(status)] = responses.get(str(status), _headers()) | more
    return dict(sorted(responses.items()))


def _errors(app: Flask, rule: Rule, view: View) -> set[int]:
    """Return the statuses of failure that can be told from how the view is made."""
    errors = set()
    declared = _taken(view).values()
    if declared:
        errors.add(400)
    if any(isinstance(parameter, package.Json | package.File) for parameter in declared):
        errors.add(415)
    if any(isinstance(parameter, tuple(_BODIES)) for parameter in declared):
        errors.add(413)
    if rule.arguments:
        errors.add(404)
    if security_of(app, view):
        errors.add(401)
    # There is one way to get at the database.
    code = getattr(inspect.unwrap(view), "__code__", None)
    if code is not None and "get_db" in code.co_names:
        errors.add(503)
    return errors


def _envelope(answers: Answers) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {
            "msg": {"const": "created" if answers.status == 201 else "success"},
            "result": answers.result or {},
            **answers.fields,
            "process_time": {"type": "number", "description": "Seconds; in debug mode."},
        },
        "required": ["msg", *(["result"] if answers.result else []), *answers.fields],
        "additionalProperties": False,
    }
    if answers.example is not None:
        schema["examples"] = [{"msg": schema["properties"]["msg"]["const"], **answers.example}]
    return schema


def _headers() -> Schema:
    return {"headers": {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}}}
