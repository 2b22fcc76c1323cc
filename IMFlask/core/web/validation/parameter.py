"""The parameters of a view: the package's, which take a rule derived from another rule as well."""

from typing import Any

import flask_validation_extended as package


class _TakesAnyRule:
    """Replaces the package's check, which refuses a rule derived from another rule."""

    annotation: Any

    def _rules_valid(self, rules: Any) -> list[package.ValidationRule]:
        for rule in rules:
            if not isinstance(rule, package.ValidationRule):
                raise package.InvalidRule(type(rule))
            types = rule.types if isinstance(rule.types, (list, tuple)) else (rule.types,)
            for kind in self.annotation:
                if package.All not in types and getattr(kind, "org_type", kind) not in types:
                    raise package.InvalidRuleAnnotation(type(rule).__name__, types)
        return list(rules)


class Route(_TakesAnyRule, package.Route):
    """A part of the path."""


class Query(_TakesAnyRule, package.Query):
    """A query parameter."""


class Form(_TakesAnyRule, package.Form):
    """A field of a form, urlencoded or multipart."""


class Header(_TakesAnyRule, package.Header):
    """A header, named by the first argument in any case."""


class Json(_TakesAnyRule, package.Json):
    """A field of the JSON object in the body."""


class File(_TakesAnyRule, package.File):
    """A field of a multipart form: a list of werkzeug's FileStorage."""

    def _annotation_valid(self, annotation: Any) -> list[type]:
        return [package.FileObj]
