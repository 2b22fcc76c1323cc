"""The API's description of itself."""

import contextlib
import enum
import functools
import json
import re

import flask_validation_extended as package
from flask import Response
from flask.views import MethodView

from core.web.file.upload import Files
from core.web.openapi import describe, shape
from core.web.openapi.answers import answers
from core.web.openapi.operation import path_of
from core.web.openapi.schema import schema_of
from core.web.response import Created, Envelope
from core.web.validation import parameter as declared
from core.web.validation.field import Object, StrictObject
from core.web.validation.parameter import Changes, Form, Header, Json, List, Paging, Query, Route
from core.web.validation.rule import EMAIL, DatetimeRule, ObjectIdRule
from core.web.validation.validator import Validator
from tests.case import AppTestCase, UnitTestCase


class Color(enum.Enum):
    RED = "red"


MIN_LEN = package.MinLen(2)
ONE_OR_MANY = [{"type": "string"}, {"type": "array"}]


class SchemaTestCase(UnitTestCase):
    """A parameter's schema"""

    def test_types(self):
        """Those whose meaning tests/system/test_openapi.py does not try"""
        for parameter, schema in (
            (
                Json([str, list], rules=MIN_LEN),
                {"anyOf": ONE_OR_MANY, "minLength": 2, "minItems": 2},
            ),
            (Query(int, default=5), {"type": "integer", "default": 5}),
        ):
            found = schema_of(parameter)
            found.pop("description", None)
            self.assertEqual(found, schema)

    def test_rules(self):
        """Each as a keyword, where there is one, and in words"""
        for kind, rule, keywords in (
            (int, package.Min(1), {"minimum": 1}),
            (float, package.Max(2.5), {"maximum": 2.5}),
            (str, package.MinLen(1), {"minLength": 1}),
            (str, package.MaxLen(9), {"maxLength": 9}),
            (list, package.MinLen(1), {"minItems": 1}),
            (dict, package.MaxLen(9), {"maxProperties": 9}),
            (str, package.In(["a", "b"]), {"enum": ["a", "b"]}),
            (str, package.Regex("a|b"), {"pattern": "^(?:a|b)$"}),
            (str, package.Number(), {"pattern": "^[0-9]+$"}),
            (str, package.Email(), {"format": "email", "pattern": f"^{EMAIL}$"}),
            (str, package.IsoDatetime(), {}),
            (str, package.Datetime("%Y"), {}),
            (str, DatetimeRule("%Y"), {}),
            (str, DatetimeRule("%Y-%m-%d"), {"format": "date"}),
            (str, ObjectIdRule(), {"pattern": "^(?:[0-9a-fA-F]{24})$"}),
        ):
            with self.subTest(rule=rule):
                schema = schema_of(Json(kind, rules=rule))
                self.assertRegex(schema.pop("description"), r"^[A-Z].*\S$")
                schema.pop("type")
                self.assertEqual(schema, keywords)

    def test_two_rules_with_one_keyword_hold_both(self):
        """The second does not stand in for the first"""
        rules = [package.Min(5), package.Min(1), package.In([1, 9])]
        schema = schema_of(Query(int, rules=rules))
        self.assertEqual((schema["minimum"], schema["allOf"]), (5, [{"minimum": 1}]))
        self.assertEqual(schema["enum"], [1, 9])

    def test_patterns_that_are_python_s_alone(self):
        """Are said in words; those that JSON Schema has as well are in it"""
        for pattern in (
            *("(?i)a", "(?s).*", "(?x) a", "(?P<y>.)(?P=y)", r"\Aa\Z", "(?>a)b", "a++", "a{2}+"),
            *(r"[^a\d]", r"\S", r"\s", r"\b", r"(?!\d).", "a{,3}", "[]a]", "[^]a]"),
            *(r"\D", r"\W", r"\B", r"\N{DASH}", r"\a", r"\U0001F600", "(?#why)a", "(a)?(?(1)b)"),
        ):
            with self.subTest(pattern), contextlib.suppress(re.error):  # 3.11 knows some of them
                self.assertNotIn("pattern", schema_of(Query(str, rules=package.Regex(pattern))))
        for pattern in (
            *(r"\d{4}-\d\d", "[a-z]+?", r"a\.b\\", "(?:a|b)(?=c)(?<!d)", r"(.)\1", "[^/+*]"),
            *(r"\u1100", "한글", "", "a{1,}"),
        ):
            with self.subTest(pattern):
                schema = schema_of(Query(str, rules=package.Regex(pattern)))
                self.assertEqual(schema["pattern"], f"^(?:{pattern})$")

    def test_rule_of_ones_own(self):
        """Says it itself, or takes after the rule that it is derived from"""

        class Even(package.ValidationRule):
            schema = {"multipleOf": 2}

            def invalid_str(self):
                return "must be even."

            def is_valid(self, data):
                return data % 2 == 0

        class Positive(package.Min):
            def __init__(self):
                super().__init__(1)

            def invalid_str(self):
                return "must be positive."

        schema = schema_of(Query(int, rules=[Even(), Positive()]))
        self.assertEqual(
            schema,
            {
                "type": "integer",
                "multipleOf": 2,
                "minimum": 1,
                "description": "Must be even. Must be positive.",
            },
        )


class OperationTestCase(AppTestCase):
    """A view's operation"""

    def describe(self, view, rule="/view", **options):
        self.app.add_url_rule(rule, "view", view, **options)
        (path,) = (path for path in describe(self.app)["paths"] if path.startswith("/view"))
        operations = describe(self.app)["paths"][path]
        self.path = path
        return operations[options.get("methods", ["GET"])[0].lower()]

    def test_docstring_and_parameters(self):
        """Summary, description, and where each parameter comes from"""

        @Validator()
        def view(
            number: int = Route(int),
            a: int = Query(int),
            b: int = Query(int, default=1, rules=package.Min(0)),
            c: str = Header("X-C", str, optional=True),
        ) -> Envelope:
            """Do it.

            In two
            lines.
            """

        operation = self.describe(view, "/view/<int:number>/<path:rest>")
        self.assertEqual(self.path, "/view/{number}/{rest}")
        self.assertEqual(operation["summary"], "Do it.")
        self.assertEqual(operation["description"], "In two\nlines.")
        self.assertEqual(
            operation["parameters"],
            [
                {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}},
                {"name": "a", "in": "query", "required": True, "schema": {"type": "integer"}},
                {
                    "name": "b",
                    "in": "query",
                    "description": "Must be 0 or more.",
                    "schema": {"type": "integer", "minimum": 0, "default": 1},
                },
                {"name": "X-C", "in": "header", "schema": {"type": "string"}},
                {"name": "rest", "in": "path", "required": True, "schema": {"type": "string"}},
            ],
        )
        self.assertEqual(list(operation["responses"]), ["200", "400", "404", "503"])
        self.assertNotIn("requestBody", operation)

    def test_bodies(self):
        """JSON, a form, a form with files; what they can be refused with"""
        for parameter, kind, schema in (
            (Json(str), "application/json", {"type": "string"}),
            (Form(int), "application/x-www-form-urlencoded", {"type": "integer"}),
        ):
            with self.subTest(kind):
                self.setUp()

                @Validator()
                def view(a=parameter) -> Envelope:
                    """Do it."""

                operation = self.describe(view, methods=["POST"])
                ((found, content),) = operation["requestBody"]["content"].items()
                self.assertEqual(found, kind)
                self.assertEqual(content["schema"]["required"], ["a"])
                self.assertEqual(content["schema"]["properties"], {"a": schema})
                found = list(operation["responses"])
                self.assertEqual(found, ["200", "400", "413", "415", "503"])

    def test_what_is_answered(self):
        """The envelope, a page, bytes; marks of the view"""

        @answers({"type": "integer"}, status=201, errors=(409,), example={"result": 1})
        def view() -> Envelope:
            """Do it."""

        responses = self.describe(view, methods=["POST"])["responses"]
        self.assertEqual(list(responses), ["201", "409", "503"])
        schema = responses["201"]["content"]["application/json"]["schema"]
        self.assertEqual(schema["properties"]["msg"], {"const": "created"})
        self.assertEqual(schema["properties"]["result"], {"type": "integer"})
        self.assertEqual(schema["required"], ["msg", "result"])
        self.assertEqual(schema["examples"], [{"msg": "created", "result": 1}])

    def test_objects_and_changes(self):
        """Their fields, which are required, and whether there may be others"""
        fields = {"a": Json(int), "b": Json(str, optional=True)}
        text = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        properties = {"a": {"type": "integer"}, "b": text}

        @Validator()
        def post(items=Json(List(Object(**fields))), color=Json(Color, default=Color.RED)):
            """Do it."""

        strict = StrictObject(**fields)

        @Validator()
        def put(whole=declared.Body(strict)):
            """Do it."""

        @Validator()
        def patch(changes=Changes(**fields)):
            """Do it."""

        body = self.describe(post, methods=["POST"])["requestBody"]
        found = body["content"]["application/json"]["schema"]["properties"]
        an_object = {"type": "object", "properties": properties}
        items = {"type": "array", "items": an_object | {"required": ["a"]}}
        self.assertEqual(found["items"], items)
        self.assertEqual(json.loads(self.app.json.dumps(found["color"]))["default"], "red")
        self.setUp()
        body = self.describe(put, methods=["PUT"])["requestBody"]
        self.assertTrue(body["required"])
        ((kind, content),) = body["content"].items()
        self.assertEqual((kind, content["schema"]), ("application/json", shape.of(strict)))
        closed = {"required": ["a"], "additionalProperties": False}
        self.assertEqual(shape.of(strict), an_object | closed)
        names = ["_id", "a", "b", "c", "created_at", "updated_at", "__version__"]
        self.assertEqual(shape.stored(strict, c={})["required"], names)
        self.setUp()
        body = self.describe(patch, methods=["PATCH"])["requestBody"]
        self.assertNotIn("required", body)
        for kind in ("application/json", "application/merge-patch+json"):
            schema = an_object | {"additionalProperties": False}
            self.assertEqual(body["content"][kind]["schema"], schema)

    def test_parts_of_a_page_are_parameters_of_their_own(self):
        """limit and before"""

        @Validator()
        def view(page=Paging(default=5, most=20)):
            """Do it."""

        limit, before = self.describe(view)["parameters"]
        schema = {"type": "integer", "minimum": 1, "maximum": 20, "default": 5}
        self.assertEqual(limit["schema"], schema)
        self.assertEqual((before["name"], before["schema"]["type"]), ("before", "string"))

    def test_page(self):
        """HTML, where the view says that it returns text"""

        def view() -> str:
            """Show it."""

        responses = self.describe(view)["responses"]
        self.assertEqual(list(responses["200"]["content"]), ["text/html"])

    def test_bytes(self):
        """Of any type; other answers with what is said of them"""

        @answers(errors=(416,), more={206: {"description": "A part."}})
        def view(name) -> Response:
            """Do it."""

        responses = self.describe(view, "/view/<name>")["responses"]
        self.assertEqual(list(responses["200"]["content"]), ["*/*"])
        self.assertEqual(list(responses), ["200", "206", "404", "416", "503"])
        self.assertEqual(responses["206"]["description"], "A part.")

    def test_two_routes_of_a_view(self):
        """One has a default for what is in the other's path; each has an id of its own"""

        @Validator()
        def view(page: int = Route(int, default=1), size: int = Query(int)) -> Envelope:
            """Do it."""

        self.app.add_url_rule("/two/<int:page>", "two", view)
        self.app.add_url_rule("/two", "two", view, defaults={"page": 1})
        self.app.add_url_rule("/plain/<int:page>", "plain", lambda page: {})
        self.app.add_url_rule("/plain", "plain", defaults={"page": 1})
        paths = describe(self.app)["paths"]
        names = {
            path: [one["name"] for one in operations["get"].get("parameters", [])]
            for path, operations in paths.items()
            if path.startswith(("/two", "/plain"))
        }
        two = {"/two/{page}": ["page", "size"], "/two": ["size"]}
        self.assertEqual(names, two | {"/plain/{page}": ["page"], "/plain": []})
        self.assertNotIn("404", paths["/two"]["get"]["responses"])
        ids = [paths[path]["get"]["operationId"] for path in ("/two/{page}", "/two")]
        self.assertEqual(set(ids), {"two.get", "two.get.2"})

    def test_converters(self):
        """Their arguments are no part of the path"""

        def view(kind, number, key) -> Envelope:
            """Do it."""

        rule = "/view/<any(a,'b:c'):kind>/<int(min=1):number>/<uuid:key>"
        parameters = self.describe(view, rule)["parameters"]
        self.assertEqual(self.path, "/view/{kind}/{number}/{key}")
        key, number = {"type": "string", "format": "uuid"}, {"type": "integer", "minimum": 0}
        self.assertEqual([one["schema"] for one in parameters], [key, {"type": "string"}, number])

    def test_whatever_flask_takes_for_a_view(self):
        """None of it stops the start"""

        class Callable:
            def __call__(self):
                return {}

        class Shown(MethodView):
            """Not this one."""

            def get(self):
                """Show it."""

        @Validator()
        def choose(color=Query(str, rules=package.In(list(Color)))) -> "json.Nothing":
            """Choose it."""

        def plugin():
            """Do it."""

        plugin.__module__ = "not.imported"
        self.app.add_url_rule("/plugin", "plugin", plugin)
        self.app.add_url_rule("/partial", "partial", functools.partial(lambda: {}))
        self.app.add_url_rule("/callable", "callable", Callable())
        self.app.add_url_rule("/built", "built", build_only=True)
        self.app.add_url_rule("/shown", "shown", Shown.as_view("shown"))
        self.app.add_url_rule("/choose", "choose", choose)
        paths = describe(self.app)["paths"]
        self.assertLessEqual({"/partial", "/callable", "/choose", "/plugin"}, paths.keys())
        self.assertNotIn("/built", paths)
        self.assertEqual(paths["/shown"]["get"]["summary"], "Show it.")
        printed = self.app.test_cli_runner().invoke(args=("openapi",)).output
        self.assertIn("/choose", json.loads(printed)["paths"])

    def test_methods_of_a_class_are_described_each(self):
        """Their parameters, answers and security; those of its decorators"""

        class Both(MethodView):
            decorators = (Validator(),)

            def get(self, a=Query(int)) -> Envelope:
                """Get it."""

            @answers(errors=(409,))
            def post(self, b=Json(str)) -> Envelope:
                """Make it."""

        Both.post.security = lambda app: {"key": {"type": "apiKey", "in": "header", "name": "X"}}
        self.app.add_url_rule("/both", "both", Both.as_view("both"))
        description = describe(self.app)
        got, posted = (description["paths"]["/both"][method] for method in ("get", "post"))
        self.assertEqual([one["name"] for one in got["parameters"]], ["a"])
        self.assertNotIn("requestBody", got)
        self.assertIn("b", str(posted["requestBody"]))
        self.assertNotIn("parameters", posted)
        self.assertEqual(("409" in got["responses"], "409" in posted["responses"]), (False, True))
        self.assertEqual(("security" in got, posted["security"]), (False, [{"key": []}]))
        self.assertEqual(("401" in got["responses"], "401" in posted["responses"]), (False, True))
        self.assertIn("key", description["components"]["securitySchemes"])

    def test_what_was_created_may_have_an_address(self):
        """201, which the type says as well: Location"""

        def make() -> Created:
            """Make it."""

        responses = self.describe(make, methods=["POST"])["responses"]
        self.assertIn("Location", responses["201"]["headers"])
        self.assertIn("application/json", responses["201"]["content"])

    def test_any_view_of_the_api_may_be_503(self):
        """A page and a probe may not, unless they say so"""

        def page() -> str:
            """Show it."""

        self.app.add_url_rule("/shown", "shown", page)
        self.app.add_url_rule("/other", "other", lambda: {})
        paths = describe(self.app)["paths"]
        answers = {path: paths[path]["get"]["responses"] for path in paths if "get" in paths[path]}
        may_be = {path for path in answers if "503" in answers[path]}
        self.assertLessEqual({"/other", "/health/ready"}, may_be)
        self.assertTrue(may_be.isdisjoint({"/shown", "/health/live"}))


class FilesTestCase(AppTestCase):
    """A form with files"""

    describe = OperationTestCase.describe

    def test_fields_beside_files_come_in_the_same_form(self):
        """Before them, which the description says"""

        @Validator()
        def view(a=Form(str, optional=True), b=Files()) -> Envelope:
            """Do it."""

        operation = self.describe(view, methods=["POST"])
        body = operation["requestBody"]
        self.assertEqual(list(body["content"]), ["multipart/form-data"])
        schema = body["content"]["multipart/form-data"]["schema"]
        self.assertEqual((list(schema["properties"]), schema["required"]), (["a", "b"], ["b"]))
        self.assertEqual(schema["properties"]["b"]["items"]["format"], "binary")
        self.assertEqual(body["description"], "The fields of the form come before its files.")
        self.assertEqual(list(operation["responses"]), ["200", "400", "403", "413", "415", "503"])


class DescriptionTestCase(AppTestCase):
    """GET /openapi.json, where OPENAPI is on"""

    settings = {"OPENAPI": True}

    def test_it_is_made_once(self):
        """And answered as it is"""
        first, second = self.client.get("/openapi.json"), self.client.get("/openapi.json")
        self.assertEqual((first.status_code, first.content_type), (200, "application/json"))
        self.assertEqual(first.data, second.data)
        self.assertEqual(first.json, describe(self.app))

    def test_it_names_where_a_proxy_has_the_app(self):
        """A prefix or a mount; a base path is none otherwise"""
        environ = {"SCRIPT_NAME": "/shop"}
        served = self.client.get("/openapi.json", environ_overrides=environ).json
        self.assertEqual(served, describe(self.app) | {"servers": [{"url": "/shop"}]})

    def test_every_route_is_in_it(self):
        """With a summary, a tag and one id each"""
        paths = self.client.get("/openapi.json").json["paths"]
        described = {(path, method) for path in paths for method in paths[path]}
        routes = {
            (path_of(rule), method.lower())
            for rule in self.app.url_map.iter_rules()
            for method in rule.methods - {"HEAD", "OPTIONS"}
            if rule.endpoint not in ("static", "openapi")
        }
        self.assertEqual(described, routes)
        operations = [operation for path in paths.values() for operation in path.values()]
        for operation in operations:
            self.assertRegex(operation.get("summary", ""), r"^[A-Z].*\.$")
        ids = [operation["operationId"] for operation in operations]
        self.assertEqual(len(set(ids)), len(ids))
        tags = {tag for operation in operations for tag in operation["tags"]}
        self.assertEqual(tags, {tag["name"] for tag in describe(self.app)["tags"]})

    def test_references_lead_somewhere(self):
        """All of them"""
        text = self.client.get("/openapi.json").text
        description = json.loads(text)
        for part in text.split('"$ref":"#/')[1:]:
            found = description
            for name in part.partition('"')[0].split("/"):
                self.assertIn(name, found)
                found = found[name]

    def test_command_prints_it(self):
        """flask openapi, in ASCII: whatever it is redirected to can hold it"""
        result = self.app.test_cli_runner().invoke(args=("openapi",))
        self.assertTrue(result.output.isascii())
        self.assertEqual(json.loads(result.output), describe(self.app))


class OffTestCase(AppTestCase):
    """Where OPENAPI is off, as in production by default"""

    def test_there_is_none(self):
        """404; the command prints it all the same"""
        self.assertEqual(self.client.get("/openapi.json").status_code, 404)
        self.assertEqual(self.app.test_cli_runner().invoke(args=("openapi",)).exit_code, 0)
