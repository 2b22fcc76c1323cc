"""What one view takes and answers, read off it: its parameters, its docstring, its marks."""

import inspect
import re
from collections.abc import Iterable
from http import HTTPStatus
from types import UnionType
from typing import Any, get_args

import flask_validation_extended as package
from flask import Flask
from werkzeug.routing import AnyConverter, BaseConverter, FloatConverter, Rule
from werkzeug.routing.converters import IntegerConverter, UUIDConverter
from werkzeug.routing.rules import parse_converter_args
from werkzeug.wrappers import Response

from core.web.openapi.answers import Answers, View
from core.web.openapi.schema import Schema, is_required, schema_of
from core.web.request import PROBES

_PLACES = {package.Route: "path", package.Query: "query", package.Header: "header"}
_BODIES = {
    package.Json: "application/json",
    package.Form: "application/x-www-form-urlencoded",
    package.File: "multipart/form-data",
}


# A variable of a route: `<id>`, `<int:id>`, `<any(a, b):kind>`.
_VARIABLE = re.compile(r"<(?:(?P<converter>[a-zA-Z_]\w*)(?:\((?P<args>.*?)\))?:)?(?P<name>\w+)>")


def path_of(rule: Rule) -> str:
    """Return the rule's path as OpenAPI writes it: `/file/{id}`."""
    return _VARIABLE.sub(r"{\g<name>}", rule.rule)


def operation_of(app: Flask, rule: Rule, method: str) -> Schema:
    """Return the OpenAPI operation of a method of a route."""
    view = app.view_functions[rule.endpoint]
    # Of a view that is a class, what the method says.
    function = getattr(getattr(view, "view_class", None), method.lower(), view)
    summary, _, description = (inspect.getdoc(function) or "").partition("\n")
    operation: Schema = {
        "operationId": f"{rule.endpoint}.{method.lower()}",
        "tags": [tag_of(rule)],
        "summary": summary,
        "description": description.strip(),
        "parameters": _parameters(rule, view),
        "requestBody": _body(view),
        "responses": _answers(app, rule, view, function),
    }
    if schemes := security_of(app, view):
        operation["security"] = [{name: []} for name in schemes]
    return {name: value for name, value in operation.items() if value}


def security_of(app: Flask, view: View) -> Schema:
    """Return the security schemes, by name, one of which the view asks for.

    A decorator that asks for one gives the view it returns an attribute `security`, a
    function of the app that returns them.
    """
    schemes: Schema = getattr(view, "security", lambda app: {})(app)
    return schemes


def tag_of(rule: Rule) -> str:
    """Return the name of the route's blueprint, nested ones with a dot between."""
    endpoint: str = rule.endpoint
    return endpoint.rpartition(".")[0] or endpoint


def phrase(status: int) -> str:
    """Return what a status is called."""
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else str(status)


def _declared(view: View) -> list[tuple[str, package.params.Parameter]]:
    """Return the view's parameters that say where they come from, each with its name there."""
    return [
        (getattr(argument.default, "header_name", name), argument.default)
        for name, argument in inspect.signature(view).parameters.items()
        if isinstance(argument.default, package.params.Parameter)
    ]


def _parameters(rule: Rule, view: View) -> list[Schema]:
    parameters: list[Schema] = []
    in_path = _converters(rule)  # a variable that is not in it has its value from `defaults`
    for name, parameter in _declared(view):
        for kind, place in _PLACES.items():
            if isinstance(parameter, kind) and (place != "path" or name in in_path):
                schema = schema_of(parameter)
                entry: Schema = {"name": name, "in": place}
                if place == "path" or is_required(parameter):
                    entry["required"] = True
                if "description" in schema:
                    entry["description"] = schema.pop("description")
                parameters.append(entry | {"schema": schema})
    declared = {entry["name"] for entry in parameters if entry["in"] == "path"}
    for name in sorted(in_path.keys() - declared):
        schema = _of_converter(in_path[name])
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    return parameters


def _converters(rule: Rule) -> dict[str, BaseConverter]:
    """Return the converter of each variable in the rule's path."""
    converters = {}
    for found in _VARIABLE.finditer(rule.rule):
        args, options = parse_converter_args(found["args"] or "")
        converter = rule.get_converter(
            found["name"], found["converter"] or "default", args, options
        )
        converters[found["name"]] = converter
    return converters


def _of_converter(converter: BaseConverter) -> Schema:
    if isinstance(converter, AnyConverter):
        return {"type": "string", "enum": sorted(converter.items)}
    if isinstance(converter, UUIDConverter):
        return {"type": "string", "format": "uuid"}
    if isinstance(converter, IntegerConverter | FloatConverter):
        bounds = {"minimum": converter.min, "maximum": converter.max}
        kind = "integer" if isinstance(converter, IntegerConverter) else "number"
        given = {name: value for name, value in bounds.items() if value is not None}
        return {"type": kind} | given
    return {"type": "string"}


def _body(view: View) -> Schema | None:
    declared = _declared(view)
    found = [kind for kind in _BODIES if any(isinstance(one, kind) for _, one in declared)]
    if not found:
        return None
    fields = {
        name: parameter for name, parameter in declared if isinstance(parameter, tuple(found))
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


def _answers(app: Flask, rule: Rule, view: View, function: View) -> Schema:
    answers: Answers = getattr(view, "answers", Answers())
    content: Schema = {}
    for kind in _returned(function):
        if kind is str:
            content["text/html"] = {"schema": {"type": "string"}}
        elif inspect.isclass(kind) and issubclass(kind, Response):
            content["*/*"] = {"schema": {"type": "string", "format": "binary"}}
        else:
            content["application/json"] = {"schema": _envelope(answers)}
    success: Schema = {"description": phrase(answers.status)}
    if answers.status != 204:
        success["content"] = content
    responses: Schema = {str(answers.status): success | _headers()}
    for status in sorted({*answers.errors, *_errors(app, rule, view, function)}):
        responses[str(status)] = {"$ref": f"#/components/responses/{status}"}
    for status, more in answers.more.items():
        if "links" in more:
            links = more["links"].items()
            more = more | {"links": {name: _resolved(link, rule) for name, link in links}}
        responses[str(status)] = responses.get(str(status), _headers()) | more
    return dict(sorted(responses.items()))


def _resolved(link: Schema, rule: Rule) -> Schema:
    """Return a link whose operation, when it begins with a dot, is one of the same blueprint.

    As url_for has it, so that a blueprint may be nested elsewhere.
    """
    name: str = link.get("operationId", "")
    return link | {"operationId": tag_of(rule) + name} if name.startswith(".") else link


def _returned(function: View) -> Iterable[Any]:
    """Return the types that a view says it returns; of what cannot be resolved, None."""
    function = inspect.unwrap(function)
    try:
        kind = inspect.get_annotations(function)["return"]
        if isinstance(kind, str):
            kind = eval(kind, function.__globals__)
    except Exception:  # there is none, or only a type checker knows
        return (None,)
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _errors(app: Flask, rule: Rule, view: View, function: View) -> set[int]:
    """Return the statuses of failure that can be told from how the view is made."""
    errors = set()
    declared = [parameter for _, parameter in _declared(view)]
    if declared:
        errors.add(400)
    if any(isinstance(parameter, package.Json | package.File) for parameter in declared):
        errors.add(415)
    if any(isinstance(parameter, tuple(_BODIES)) for parameter in declared):
        errors.add(413)
    if _VARIABLE.search(rule.rule):
        errors.add(404)
    if security_of(app, view):
        errors.add(401)
    # Any view of the API may ask the database; a page or a probe says so itself.
    if str not in _returned(function) and not rule.rule.startswith(PROBES):
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
