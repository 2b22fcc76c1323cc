"""What one view reads, read off it: its parameters and its route."""

import inspect
import re

import flask_validation_extended as package
from werkzeug.routing import AnyConverter, BaseConverter, FloatConverter, Rule
from werkzeug.routing.converters import IntegerConverter, UUIDConverter
from werkzeug.routing.rules import parse_converter_args

from core.web.openapi.answers import View
from core.web.openapi.schema import Schema, is_required, schema_of

_PLACES = {package.Route: "path", package.Query: "query", package.Header: "header"}
BODIES = {
    package.Json: "application/json",
    package.Form: "application/x-www-form-urlencoded",
    package.File: "multipart/form-data",
}


# A variable of a route: `<id>`, `<int:id>`, `<any(a, b):kind>`.
VARIABLE = re.compile(r"<(?:(?P<converter>[a-zA-Z_]\w*)(?:\((?P<args>.*?)\))?:)?(?P<name>\w+)>")


def declared(view: View) -> list[tuple[str, package.params.Parameter]]:
    """Return the view's parameters that say where they come from, each with its name there."""
    return [
        (getattr(argument.default, "header_name", name), argument.default)
        for name, argument in inspect.signature(view).parameters.items()
        if isinstance(argument.default, package.params.Parameter)
    ]


def parameters_of(rule: Rule, view: View) -> list[Schema]:
    """Return what the view reads from the path, the query and the headers."""
    parameters: list[Schema] = []
    in_path = _converters(rule)  # a variable that is not in it has its value from `defaults`
    for name, parameter in declared(view):
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
        schema = _of_converter(in_path[name])
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    return parameters


def _converters(rule: Rule) -> dict[str, BaseConverter]:
    """Return the converter of each variable in the rule's path."""
    converters = {}
    for found in VARIABLE.finditer(rule.rule):
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


def body_of(view: View) -> Schema | None:
    """Return what the view reads from the body, or None."""
    given = declared(view)
    found = [kind for kind in BODIES if any(isinstance(one, kind) for _, one in given)]
    if not found:
        return None
    fields = {name: parameter for name, parameter in given if isinstance(parameter, tuple(found))}
    schema: Schema = {
        "type": "object",
        "properties": {name: schema_of(parameter) for name, parameter in fields.items()},
    }
    required = [name for name, parameter in fields.items() if is_required(parameter)]
    if required:
        schema["required"] = required
    # A file needs a multipart form, and with it come the other fields.
    content = {BODIES[found[-1]]: {"schema": schema}}
    return {"content": content} | ({"required": True} if required else {})
