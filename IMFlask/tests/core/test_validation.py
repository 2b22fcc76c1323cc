"""Our Validator: what it reads, what it refuses, and in which words."""

import functools
import io

import flask_validation_extended as package
from flask import request
from flask.views import MethodView, View
from flask_validation_extended import In, Max, Min, MinLen, ValidationRule

from app.api.decorator import timer
from core.web.validation.parameter import Dict, Form, Header, Json, List, Query, Route
from core.web.validation.validator import Validator
from tests.case import AppTestCase

EARLY = "The body ended early or could not be read: send it again, whole."


class ValidatorTestCase(AppTestCase):
    """Validator"""

    def view(self, view, path="/view", **kwargs):
        """Serve a decorated view at /view, by all methods."""
        self.app.add_url_rule(path, view_func=view, methods=["GET", "POST"], **kwargs)

    def serve(self, **parameters):
        """Serve a view at /view with these parameters, that returns what it got."""
        names = ", ".join(f"{name}={name}" for name in parameters)
        scope = {"Validator": Validator(), **parameters}
        code = f"def view({names}):\n  return {{n: v for n, v in locals().items()}}"
        exec(code, scope)
        self.view(Validator()(scope["view"]))

    def assert_reads(self, response, **values):
        self.assertEqual((response.status_code, response.json), (200, values))

    def post_json(self, body, content_type="application/json", **kwargs):
        return self.client.post("/view", data=body, content_type=content_type, **kwargs)

    def test_every_source(self):
        """Query, Header, Form and Route come from where they say"""

        @Validator()
        def view(i=Route(int), q=Query(str), h=Header("X-Number", int), f=Form(float)):
            return [i, q, h, f]

        self.view(view, "/view/<i>")
        response = self.client.post(
            "/view/3?q=a%20b",
            headers={"x-number": "-5"},
            data={"f": "1.5e3"},
        )
        self.assertEqual(response.json, [3, "a b", -5, 1500.0])

    def test_package_parameters_and_rules_are_taken_as_they_are(self):
        """A drop-in for the package's Validator"""

        @Validator()
        def view(a=package.Query(int, rules=[package.Min(1)]), b=package.Json(str, optional=True)):
            return [a, b]

        self.view(view)
        self.assertEqual(self.client.get("/view?a=1").json, [1, None])
        self.assertEqual(self.post_json('{"b": "x"}').status_code, 400)
        response = self.client.post("/view?a=2", json={"b": "x"})
        self.assertEqual(response.json, [2, "x"])
        self.assert_fails(
            self.client.get("/view?a=0"), 400, "Query parameter 'a' must be 1 or more."
        )

    def test_error_function_makes_the_answer(self):
        """Whatever it returns is answered"""
        self.view(Validator(lambda words: ([words], 422))(lambda a=Query(int): {}), endpoint="v")
        response = self.client.get("/view")
        self.assertEqual(response.status_code, 422)
        self.assertEqual(response.json, ["Query parameter 'a' is missing."])

    def test_only_declared_sources_are_parsed(self):
        """A broken body does not matter to a view without one"""
        self.serve(a=Query(int, default=1))
        self.assert_reads(self.post_json("{"), a=1)

    def test_parameter_without_source_is_another_s_to_give(self):
        """The route's, or that of a decorator around or within"""

        def logged_in(view):
            @functools.wraps(view)
            def wrapper(*args, **kwargs):
                return view(*args, user="NB", **kwargs)

            return wrapper

        def view(user, i, a=Query(int), b=5):
            return [user, i, a, b]

        self.view(logged_in(Validator()(view)), "/around/<i>", endpoint="around")
        self.view(Validator()(logged_in(view)), "/within/<i>", endpoint="within")
        for path in ("/around/x?a=1", "/within/x?a=1"):
            self.assertEqual(self.client.get(path).json, ["NB", "x", 1, 5])

    def test_methods_of_a_class(self):
        """Decorated one by one, by the class's `decorators`, static ones"""

        class Both(MethodView):
            decorators = (Validator(), timer)

            def get(self, a=Query(int)):
                return [a, type(self).__name__]

            def post(self, i, b=Json(str)):
                return [i, b]

        class Static:
            @Validator()
            @staticmethod
            def outer(a=Query(int)):
                return [a]

            @staticmethod
            @Validator()
            def inner(a=Query(int)):
                return [a]

        for path, view in (
            ("/both/<i>", Both.as_view("both")),
            ("/outer", Static.outer),
            ("/inner", Static().inner),
        ):
            self.app.add_url_rule(path, path, view)
        self.assertEqual(self.client.get("/both/1?a=1").status_code, 500)  # get() takes no `i`
        self.assertEqual(self.client.post("/both/1", json={"b": "x"}).json, ["1", "x"])
        self.assertEqual(self.client.post("/both/1", json={}).status_code, 400)
        self.assertEqual(self.client.get("/outer?a=1").json, [1])
        self.assertEqual(self.client.get("/inner?a=1").json, [1])

    def test_view_that_is_a_class(self):
        """With its one function"""

        class Shown(View):
            decorators = (Validator(),)

            def dispatch_request(self, a=Query(int)):
                return [a]

        self.view(Shown.as_view("shown"))
        self.assertEqual(self.client.get("/view?a=1").json, [1])
        self.assertEqual(self.client.get("/view?a=x").status_code, 400)

    def test_function_that_is_no_view_has_no_parameters_of_one(self):
        """A hook, a helper"""
        self.app.before_request(Validator()(lambda: None))
        helper = Validator()(lambda: 5)
        self.view(Validator()(lambda a=Query(int): [a, helper()]))
        self.assertEqual(self.client.get("/view?a=1").json, [1, 5])
        self.assertEqual(self.client.get("/nowhere").status_code, 404)

    def test_missing_default_and_optional(self):
        """What is not there"""
        self.serve(a=Query(int, default=5), b=Query(int, optional=True), c=Query(str))
        self.assert_reads(self.client.get("/view?c="), a=5, b=None, c="")
        self.assert_fails(self.client.get("/view"), 400, "Query parameter 'c' is missing.")

    def test_defaults_are_not_shared(self):
        """A view may change its default"""

        @Validator()
        def view(a=Json(list, default=[1])):
            a.append(2)
            return a

        self.view(view)
        for _ in range(2):
            self.assertEqual(self.client.post("/view").json, [1, 2])

    def test_duplicates_are_refused(self):
        """Query and form"""
        self.serve(a=Query(int))
        self.assert_fails(
            self.client.get("/view?a=1&a=1"),
            400,
            "Query parameter 'a' is given 2 times: give it once.",
        )

    def test_duplicate_form_fields_are_refused(self):
        """Urlencoded and multipart"""
        self.serve(a=Form(str))
        for content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            response = self.client.post("/view", data={"a": ["1", "2"]}, content_type=content_type)
            self.assert_fails(response, 400, "Form field 'a' is given 2 times: give it once.")

    def test_integers_are_ascii_digits(self):
        """What int() takes and nobody means"""
        self.serve(a=Query(int))
        for text in ("1_000", " 1 ", "+1", "٣", "１", "", "-", "1.0", "0x1", "1e3", "9" * 4301):
            with self.subTest(text):
                self.assert_fails(
                    self.client.get("/view", query_string={"a": text}),
                    400,
                    "Query parameter 'a' is malformed: it must be an integer.",
                )
        self.assert_reads(self.client.get("/view?a=-0012"), a=-12)

    def test_numbers_are_finite(self):
        """nan, inf and what overflows"""
        self.serve(a=Query(float))
        for text in ("nan", "inf", "-inf", "Infinity", "1e999", "1_0.0", "+1.0", " 1.0", "١.٥", ""):
            with self.subTest(text):
                self.assert_fails(
                    self.client.get("/view", query_string={"a": text}),
                    400,
                    "Query parameter 'a' is malformed: it must be a number.",
                )
        self.assert_reads(self.client.get("/view?a=-1.5e-3"), a=-0.0015)

    def test_booleans_are_true_or_false(self):
        """In a query"""
        self.serve(a=Query(bool))
        self.assert_reads(self.client.get("/view?a=TRUE"), a=True)
        self.assert_reads(self.client.get("/view?a=false"), a=False)
        self.assert_fails(
            self.client.get("/view?a=1"),
            400,
            "Query parameter 'a' is malformed: it must be true or false.",
        )

    def test_several_types_are_tried_in_turn(self):
        """Query((int, str))"""
        self.serve(a=Query((int, bool, str)))
        for text, value in (("12", 12), ("true", True), ("x", "x"), ("9" * 5000, "9" * 5000)):
            self.assert_reads(self.client.get(f"/view?a={text}"), a=value)

    def test_json_types_are_kept_apart(self):
        """true is no integer, an integer is a number, text is never converted"""
        words = {int: "an integer", float: "a number", str: "a string", bool: "true or false"}
        right = {int: "5", float: "5", str: '"5"', bool: "true"}
        kinds = {
            '"5"': "a string",
            "5": "an integer",
            "5.5": "a number",
            "true": "true or false",
            "[]": "an array",
            "{}": "an object",
        }
        for wanted, word in words.items():
            self.setUp()
            self.serve(a=Json(wanted))
            self.assertEqual(self.post_json(f'{{"a": {right[wanted]}}}').status_code, 200)
            for text, kind in kinds.items():
                if text == right[wanted] or (wanted is float and text == "5.5"):
                    continue
                self.assert_fails(
                    self.post_json(f'{{"a": {text}}}'),
                    400,
                    f"JSON field 'a' must be {word}, not {kind}.",
                )

    def test_nested_types(self):
        """List and Dict, their items too"""
        self.serve(a=Json(List(Dict(int))))
        self.assert_reads(self.post_json('{"a": [{"x": 1}]}'), a=[{"x": 1}])
        for body, words in (
            ('{"a": [{"x": true}]}', "[0].x' must be an integer, not true or false."),
            ('{"a": [{}, 1]}', "[1]' must be an object of values each an integer, not an integer."),
            (
                '{"a": {}}',
                "' must be an array of items each an object of values each an integer,"
                " not an object.",
            ),
        ):
            self.assert_fails(self.post_json(body), 400, f"JSON field 'a{words}")

    def test_number_that_no_float_holds_is_refused(self):
        """An integer of 400 digits, alone or among others"""
        self.serve(a=Json((float, List(float))))
        for body in (b"1" + b"0" * 400, b"[1, -1" + b"0" * 400 + b"]"):
            response = self.post_json(b'{"a": ' + body + b"}")
            self.assertEqual(response.status_code, 400)
        self.assert_reads(self.post_json(b'{"a": 1' + b"0" * 300 + b"}"), a=1e300)

    def test_null_is_told_from_missing(self):
        """null"""
        self.serve(a=Json((int, str)), b=Json(int, optional=True), c=Json(int, default=3))
        self.assert_fails(
            self.post_json('{"a": null}'),
            400,
            "JSON field 'a' is null: it must be an integer or a string.",
        )
        self.assert_reads(self.post_json('{"a": 1, "b": null, "c": null}'), a=1, b=None, c=3)

    def test_body_must_be_json(self):
        """415 for another type, 400 for a broken or empty text"""
        self.serve(a=Json(str, optional=True))
        for content_type in ("text/plain", "application/jsonp", "application/vnd.api+json", None):
            with self.subTest(content_type):
                self.assert_fails(
                    self.post_json('{"a": "x"}', content_type),
                    415,
                    "Send JSON, with the Content-Type application/json.",
                )
        self.assert_reads(self.post_json('{"a": "x"}', "Application/JSON; charset=utf-8"), a="x")
        self.assert_reads(self.client.post("/view"), a=None)
        for body in (b"{", b'{"a": 1,}', b"nul", b'{"a": NaN}', b'{"a": 1e999}', b"{}x"):
            with self.subTest(body):
                response = self.post_json(body)
                self.assertEqual(response.status_code, 400)
                self.assertIn("malformed JSON", response.json["description"])

    def test_json_as_clients_send_it(self):
        """With a byte order mark, with no body; a compressed one is not taken"""
        self.serve(a=Json(str, optional=True))
        self.assert_reads(self.post_json(b'\xef\xbb\xbf{"a": "x"}'), a="x")
        self.assert_reads(self.post_json(b""), a=None)
        identity = {"headers": {"Content-Encoding": "Identity"}}
        self.assert_reads(self.post_json(b'{"a": "x"}', **identity), a="x")
        words = "Send the body uncompressed, without a Content-Encoding."
        gzip = {"headers": {"Content-Encoding": "gzip"}}
        self.assert_fails(self.post_json(b"\x1f\x8b", **gzip), 415, words)
        self.setUp()
        self.serve(a=Form(str, optional=True))
        self.assert_fails(self.client.post("/view", data={"a": "x"}, **gzip), 415, words)
        words = "Send a form, with the Content-Type application/x-www-form-urlencoded."
        self.assert_fails(self.client.post("/view", json={"a": "x"}), 415, words)
        self.assert_fails(self.client.post("/view", data=b"a=x"), 415, words)
        self.assertEqual(self.client.post("/view").status_code, 200)
        self.assertRaises(TypeError, Validator(), lambda a=package.File(): {})

    def test_body_must_be_an_object(self):
        """Any other JSON value"""
        self.serve(a=Json(str))
        for body, kind in (
            ("[]", "an array"),
            ("1", "an integer"),
            ('"a"', "a string"),
            ("null", "null"),
            ("false", "true or false"),
        ):
            self.assert_fails(
                self.post_json(body), 400, f"The JSON body must be an object, not {kind}."
            )

    def test_hostile_json_is_400(self):
        """Depth, surrogates, digits, encodings"""
        self.serve(a=Json(package.All))
        for body, reason in (
            (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "it is nested too deeply"),
            (b'{"a":' + b"[" * 101 + b"]" * 101 + b"}", "it is nested too deeply"),
            (b'{"a": "\\ud800"}', "it holds half of a surrogate pair"),
            (b'{"a": {"\\udfff": 1}}', "it holds half of a surrogate pair"),
            (b'{"a": "\xff"}', "it is not UTF-8"),
            ('{"a": 1}'.encode("utf-16"), "it is not UTF-8"),
            (b'{"a": ' + b"9" * 5000 + b"}", "a number has too many digits"),
            (b'{"a": NaN}', "NaN is not JSON"),
            (b'{"a": 1e999}', "a number is too large"),
            (b'{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)"),
        ):
            with self.subTest(body[:20]):
                self.assert_fails(
                    self.post_json(body), 400, f"The body is malformed JSON: {reason}."
                )
        self.assert_reads(self.post_json(b'{"a": "\\ud83d\\ude00"}'), a="\U0001f600")
        self.assertEqual(self.post_json(b'{"a":' + b"[" * 100 + b"]" * 100 + b"}").status_code, 200)

    def test_text_that_is_not_utf8_is_400(self):
        """Query, path, urlencoded and multipart form"""

        @Validator()
        def view(i=Route(str), a=Query(str, optional=True), f=Form(str, optional=True)):
            return [i, a, f]

        self.view(view, "/view/<i>")
        # U+FFFD itself is text like any other.
        self.assertEqual(self.client.get("/view/x?a=%EF%BF%BD").json, ["x", "\ufffd", None])
        urlencoded = {"content_type": "application/x-www-form-urlencoded"}
        multipart = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n\xff\r\n--x--\r\n'
        for response, what in (
            (self.client.get("/view/x?a=%ff"), "query"),
            (self.client.get("/view/x?b=%c3%28"), "query"),
            (self.send("/view/\xff", io.BytesIO(), None), "path"),
            (self.client.post("/view/x", data="f=%ff", **urlencoded), "form"),
            (self.client.post("/view/x", data=b"f=\xff", **urlencoded), "form"),
            (
                self.client.post(
                    "/view/x", data=multipart, content_type="multipart/form-data; boundary=x"
                ),
                "form",
            ),
        ):
            self.assert_fails(response, 400, f"The {what} is not valid UTF-8.")

    def test_body_over_the_limit_is_413(self):
        """JSON and forms, with and without a Content-Length"""
        self.serve(a=Json(str, optional=True))
        frame = len(b'{"a": ""}')
        right = b'{"a": "' + b"x" * (1024 * 1024 - frame) + b'"}'
        self.assertEqual(self.post_json(right).status_code, 200)
        big = right[:-2] + b'x"}'
        sentence = "The body is too large: send less."
        self.assert_fails(self.post_json(big), 413, sentence)
        for length in ({}, {"CONTENT_LENGTH": str(len(big))}):
            response = self.send(
                "/view", io.BytesIO(big), "application/json", wsgi_input_terminated=True, **length
            )
            self.assert_fails(response, 413, sentence)

    def test_body_that_ends_early_is_400(self):
        """A clean end of file, a cut one, and whatever a server raises"""
        self.view(lambda: {"got": request.get_data(as_text=True)})

        class Broken(io.RawIOBase):
            def __init__(self, error):
                self.error = error

            def read(self, size=-1):
                raise self.error

            readinto = read

        class OwnError(Exception):
            """Like gunicorn's, neither an OSError nor a ValueError."""

        for stream, environ in (
            (io.BytesIO(b'{"a"'), {}),
            (io.BytesIO(b'{"a":"b"}'), {"wsgi_input_terminated": True}),
            (Broken(OSError("reset")), {}),
            (Broken(OwnError("chunk")), {}),
            (Broken(OwnError("chunk")), {"wsgi_input_terminated": True}),
        ):
            for content_type in ("application/json", "application/x-www-form-urlencoded"):
                with self.subTest(stream=stream, environ=environ, content_type=content_type):
                    response = self.send(
                        "/view", stream, content_type, CONTENT_LENGTH="100", **environ
                    )
                    self.assert_fails(response, 400, EARLY)

    def test_form_without_its_boundary_says_so(self):
        """None is named, or another one than the body has"""
        self.serve(a=Form(str))
        body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
        for content_type in ("multipart/form-data", "multipart/form-data; boundary=y"):
            self.assert_fails(
                self.client.post("/view", data=body, content_type=content_type),
                400,
                "The form's boundary is missing, or is not the one in its Content-Type:"
                " let your client set that header.",
            )

    def test_form_of_a_view_that_reads_for_itself(self):
        """Fields and files in any order, and not a byte more than was sent"""

        def view():
            file = request.files["f"]
            return [request.form.to_dict(), file.filename, file.mimetype, len(file.read())]

        self.app.config["MAX_CONTENT_LENGTH"] = 2**20
        self.view(view)
        head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="C:\\a\\b.txt"'
        for length in (0, 1, *range(65360, 65440), 600_000):
            body = (
                b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
                + (head + b"\r\nContent-Type: text/plain\r\n\r\n" + b"\r" * length + b"\r\n")
                + b'--x\r\nContent-Disposition: form-data; name="b"\r\n\r\n2\r\n--x--\r\n'
            )
            response = self.client.post(
                "/view", data=body, content_type="multipart/form-data; boundary=x"
            )
            self.assertEqual(
                response.json, [{"a": "1", "b": "2"}, "C:\\a\\b.txt", "text/plain", length]
            )

    def test_fields_of_a_form_are_bounded(self):
        """In a multipart form; data is not what the form was made of"""
        self.view(lambda: [list(request.form), request.data.decode()])
        self.app.config |= {"MAX_FORM_MEMORY_SIZE": 100, "MAX_FORM_PARTS": 3}
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
            response = self.client.post("/view", data={"a": "x" * 90}, content_type=kind)
            self.assertEqual(response.json, [["a"], ""])
        some = {"a": "x" * 60, "b": "x" * 60}
        for data in ({"a": "x" * 101}, some, dict.fromkeys("abcd", "1")):
            response = self.client.post("/view", data=data, content_type=kind)
            self.assertEqual(response.status_code, 413)
        head = "--x\r\nContent-Disposition: form-data; name="
        fields = "".join(f"{head}{name}\r\n\r\n{text}\r\n" for name, text in some.items())
        behind = f"{head}f; filename=f\r\n\r\n\r\n{fields}--x--"
        response = self.client.post("/view", data=behind, content_type=f"{kind}; boundary=x")
        self.assertEqual(response.status_code, 413)

    def test_rules_are_asked_in_order(self):
        """The first that fails speaks"""
        self.serve(a=Query(int, rules=[Min(1), Max(5), In([1, 2])]))
        self.assert_fails(
            self.client.get("/view?a=6"), 400, "Query parameter 'a' must be 5 or less."
        )
        self.assertEqual(self.client.get("/view?a=3").status_code, 400)
        self.assert_reads(self.client.get("/view?a=2"), a=2)

    def test_rules_that_do_not_fit_are_an_error_at_once(self):
        """At import"""
        self.assertRaises(package.InvalidRule, Query, int, rules=[lambda value: True])
        self.assertRaises(package.InvalidRuleAnnotation, Query, int, rules=MinLen(1))
        self.assertRaises(package.InvalidRuleAnnotation, Query, (str, int), rules=MinLen(1))
        self.assertIsInstance(Json(List(int), rules=MinLen(1)).rules[0], ValidationRule)

    def test_view_that_reads_data_is_as_safe(self):
        """request.data: early end, limit, and a form before it"""
        self.view(lambda: {"got": len(request.data)})
        self.view(lambda: [request.form["a"], request.get_data(as_text=True)], "/f", endpoint="f")
        kind, chunked = "application/octet-stream", {"wsgi_input_terminated": True}
        for stream, environ, status in (
            (io.BytesIO(b"x" * 7), {"CONTENT_LENGTH": "7"}, 200),
            (io.BytesIO(b"x" * 7), {"CONTENT_LENGTH": "100"}, 400),
            (io.BytesIO(b"x" * 7), {"CONTENT_LENGTH": "100", **chunked}, 400),
            (io.BytesIO(b"x" * 2**21), chunked, 413),
        ):
            response = self.send("/view", stream, kind, **environ)
            self.assertEqual(response.status_code, status)
        response = self.client.post("/f", data={"a": "1"}, content_type="multipart/form-data")
        self.assertEqual(response.json, ["1", ""])

    def test_view_that_reads_for_itself_is_as_safe(self):
        """request.get_json() and request.form, without the Validator"""
        self.view(lambda: {"got": request.get_json()}, endpoint="json")
        self.assertEqual(self.post_json("{}", "text/plain").status_code, 415)
