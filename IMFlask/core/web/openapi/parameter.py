"""The parameters of an operation, read from a view and its route."""

import re

import flask_validation_extended as package
from werkzeug.routing import Rule

from core.web.openapi.answers import View
from core.web.openapi.schema import Schema, is_required, of_fields, schema_of
from core.web.validation.parameter import Body, inputs

_PLACES = {package.Route: "path", package.Query: "query", package.Header: "header"}
BODIES = {
    package.Json: "application/json",
    package.Form: "application/x-www-form-urlencoded",
    package.File: "multipart/form-data",
}


# A variable of a route: `<id>`, `<int:id>`, `<any(a, b):kind>`.
VARIABLE = re.compile(r"<(?:(?P<converter>[a-zA-Z_]\w*)(?:\(.*?\))?:)?(?P<name>\w+)>")
_CONVERTERS: dict[str | None, Schema] = {
    "int": {"type": "integer", "minimum": 0},
    "float": {"type": "number", "minimum": 0},
    "uuid": {"type": "string", "format": "uuid"},
}


def parameters_of(rule: Rule, view: View) -> list[Schema]:
    """Return what the view reads from the path, the query and the headers."""
    parameters: list[Schema] = []
    # A variable that is not in it has its value from `defaults`.
    in_path = {found["name"]: found["converter"] for found in VARIABLE.finditer(rule.rule)}
    for _, _, name, parameter in inputs(view):
        for kind, place in _PLACES.items():
            if isinstance(parameter, kind) and (place != "path" or name in in_path):
                schema = schema_of(parameter)
                entry: Schema = {"name": name, "in": place}
                if place == "path" or is_required(parameter):
                    entry["required"] = True
                if "description" in schema:
                    entry["description"] = schema.pop("description")
                parameters.append(entry | {"schema": schema})
    described = {entry["name"] for entry in parameters if entry["in"] == "path"}
    for name in sorted(in_path.keys() - described):
        schema = _CONVERTERS.get(in_path[name], {"type": "string"})
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    return parameters


def body_of(view: View) -> Schema | None:
    """Return what the view reads from the body, or None."""
    given = inputs(view)
    found = [kind for kind in BODIES if any(isinstance(one.parameter, kind) for one in given)]
    if not found:
        return None
    fields = {one.part: one.parameter for one in given if isinstance(one.parameter, tuple(found))}
    (first, *others) = fields.values()
    schema = schema_of(first) if isinstance(first, Body) else of_fields(fields)
    # A file needs a multipart form, and with it come the other fields.
    types = getattr(first, "types", [BODIES[found[-1]]])
    body: Schema = {"content": {one: {"schema": schema} for one in types}}
    if package.File in found and others:
        body["description"] = "The fields of the form come before its files."
    return body | ({"required": True} if schema.get("required") else {})
