"""One operation of the description, read from a view: its docstring, types and marks."""

import inspect
from collections.abc import Iterable
from dataclasses import replace
from types import UnionType
from typing import Any, Union, get_args, get_origin

from flask import Flask
from flask_validation_extended import File
from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from core.web.openapi.answers import Answers, View
from core.web.openapi.parameter import BODIES, VARIABLE, body_of, parameters_of
from core.web.openapi.schema import Schema
from core.web.request import PROBES
from core.web.response import Created, phrase
from core.web.validation.parameter import inputs, method_of


def path_of(rule: Rule) -> str:
    """Return the rule's path as OpenAPI writes it: `/file/{id}`."""
    return VARIABLE.sub(r"{\g<name>}", rule.rule)


def operation_of(app: Flask, rule: Rule, method: str) -> Schema:
    """Return the OpenAPI operation of a method of a route."""
    view = app.view_functions[rule.endpoint]
    function = method_of(view, method)
    summary, _, description = (inspect.getdoc(function) or "").partition("\n")
    security = security_of(app, view, method)
    operation: Schema = {
        "operationId": f"{rule.endpoint}.{method.lower()}",
        "tags": [tag_of(rule)],
        "summary": summary,
        "description": description.strip(),
        "parameters": parameters_of(rule, function),
        "requestBody": body_of(function),
        "responses": _answers(rule, view, function, {401} if security else set()),
        "security": [{name: []} for name in security],
    }
    return {name: value for name, value in operation.items() if value}


def security_of(app: Flask, view: View, method: str) -> Schema:
    """Return the security schemes of a method of the view, by name; one is required.

    A decorator sets the attribute `security` of the view that it returns: a function that takes
    the app and returns them.
    """
    asked = (getattr(one, "security", None) for one in (view, method_of(view, method)))
    return {name: scheme for ask in asked if ask for name, scheme in ask(app).items()}


def tag_of(rule: Rule) -> str:
    """Return the name of the route's blueprint, nested ones with a dot between."""
    endpoint: str = rule.endpoint
    return endpoint.rpartition(".")[0] or endpoint


def _answers(rule: Rule, view: View, function: View, errors: set[int]) -> Schema:
    answers: Answers = getattr(function, "answers", getattr(view, "answers", Answers()))
    if Created in _returned(function):
        answers = replace(answers, status=201)
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
    if answers.status == 201:
        success["headers"] = {"Location": {"schema": {"type": "string"}}}
    responses: Schema = {str(answers.status): success}
    for status in sorted({*answers.errors, *errors, *_errors(rule, function)}):
        responses[str(status)] = {"$ref": f"#/components/responses/{status}"}
    for status, more in answers.more.items():
        responses[str(status)] = responses.get(str(status), {}) | more
    return dict(sorted(responses.items()))


def _returned(function: View) -> Iterable[Any]:
    """Return the types of a view's return annotation; None if it is not resolvable."""
    try:
        kind: Any = inspect.get_annotations(inspect.unwrap(function), eval_str=True)["return"]
        origin: Any = get_origin(kind)
    except Exception:  # there is none, or only a type checker knows
        return (None,)
    return get_args(kind) if origin in (Union, UnionType) else (kind,)


def _errors(rule: Rule, function: View) -> set[int]:
    """Return the statuses of failure that the view's definition implies."""
    errors = set()
    given = [one.parameter for one in inputs(function)]
    if given:
        errors.add(400)
    if any(isinstance(parameter, tuple(BODIES)) for parameter in given):
        errors |= {413, 415}
    if any(isinstance(parameter, File) for parameter in given):
        errors.add(403)  # to a page of another site
    if VARIABLE.search(rule.rule):
        errors.add(404)
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
