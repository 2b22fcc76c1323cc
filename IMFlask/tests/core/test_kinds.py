"""The kinds of values: what is read, what is refused, in which words, and what comes back."""

import enum
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import flask_validation_extended as package
from bson import ObjectId
from flask_validation_extended import Email, In, InvalidAnnotation, Max, MaxLen, Min, MinLen

from core.web.response import response
from core.web.validation import parameter as declared
from core.web.validation.field import Object, StrictObject
from core.web.validation.kind import described
from core.web.validation.parameter import Changes, Dict, Form, Header, Json, List, Paging, Query
from core.web.validation.parameter import Route as Path
from core.web.validation.rule import Regex
from core.web.validation.validator import Validator
from core.web.validation.value import Wrong
from tests.case import AppTestCase

ID = "65a1f0c2b7e4d91234567890"
NUMBER = 'a decimal number (in JSON a string, like "19.90")'


class Status(enum.Enum):
    NEW = "new"
    PAID = "paid"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class KindTestCase(AppTestCase):
    def serve(self, parameter, method="POST"):
        """Serve a view that keeps what it gets of `parameter`, and answers it."""
        self.setUp()

        @Validator()
        def view(v=parameter):
            self.got = v
            return response([v])

        self.app.add_url_rule("/view", "view", view, methods=["GET", "POST", "PATCH"])
        self.method = method

    def ask(self, text, **kwargs):
        """Send a JSON text as the field v, or as the body of a PATCH."""
        body = text if self.method == "PATCH" else f'{{"v": {text}}}'
        return self.client.open(
            "/view", method=self.method, data=body, content_type="application/json", **kwargs
        )

    def assert_refused(self, text, words):
        self.assert_fails(self.ask(text), 400, f"JSON field '{words}")


class KindsTestCase(KindTestCase):
    """Json, Query, Form, Header and Route of every kind"""

    RIGHT = (
        (ObjectId, ID, ObjectId(ID), ID),
        (datetime, "2026-01-31T09:30:00Z", datetime(2026, 1, 31, 9, 30, tzinfo=UTC), None),
        (
            datetime,
            "2026-01-31T09:30:00.123999+09:00",
            datetime(2026, 1, 31, 0, 30, 0, 123000, UTC),
            "2026-01-31T00:30:00.123Z",
        ),
        (date, "2024-02-29", date(2024, 2, 29), "2024-02-29"),
        (Decimal, "19.90", Decimal("19.90"), "19.90"),
        (Decimal, "-0.001", Decimal("-0.001"), "-0.001"),
        (Decimal, "9" * 34, Decimal("9" * 34), "9" * 34),
        (UUID, f"12345678{'-1234' * 3}-1234567890AB", UUID(f"12345678{'1234' * 4}567890ab"), ...),
        (Status, "paid", Status.PAID, "paid"),
    )

    def test_json(self):
        """The view gets the value itself, and `response` writes it in the same form"""
        for kind, text, value, back in self.RIGHT:
            with self.subTest(text):
                self.serve(Json(kind))
                answer = self.ask(json.dumps(text))
                self.assertEqual((answer.status_code, self.got), (200, value), answer.json)
                if back is ...:
                    back = text.lower()
                self.assertEqual(answer.json["result"], [back or text.replace("Z", ".000Z")])

    def test_text(self):
        """Of a query, a form, a header, a path"""
        for kind, text, value, _ in self.RIGHT:
            with self.subTest(text):
                self.setUp()

                @Validator()
                def view(q=Query(kind), f=Form(kind), h=Header("X-H", kind), p=Path(kind)):
                    self.got = [q, f, h, p]
                    return {}

                self.app.add_url_rule("/view/<p>", "view", view, methods=["POST"])
                self.client.post(
                    f"/view/{text}",
                    query_string={"q": text},
                    data={"f": text},
                    headers={"X-H": text},
                )
                self.assertEqual(self.got, [value] * 4)

    def test_what_is_none_is_refused(self):
        """In words that say how to write it"""
        moment = "a date and time with its offset, like 2026-01-31T09:30:00Z"
        for kind, words, texts in (
            (ObjectId, "an id of 24 hexadecimal digits", ("x", ID + "0", "٣" * 24)),
            (
                datetime,
                moment,
                (
                    *("2026-01-31", "2026-01-31T09:30:00", "2026-02-30T09:30:00Z"),
                    *("20260131T093000Z", "2026-01-31T24:00:00Z", "2026-01-31T09:30:60Z"),
                    *("9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"),
                ),
            ),
            (date, "a date like 2026-01-31", ("2026-02-30", "0000-01-01", "20260131", "26-1-1")),
            (
                Decimal,
                NUMBER,
                (
                    *("", "NaN", "1e5", "+1", ".5", "5.", " 1", "1_0", "-0", "-0.00", "١"),
                    *("9" * 35, "0." + "1" * 34),
                ),
            ),
            (UUID, "a UUID", ("1", "{12345678-1234-1234-1234-1234567890ab}", "1" * 32)),
            (Status, "one of these: new, paid", ("NEW", "", "Status.NEW")),
        ):
            for text in texts:
                with self.subTest(text):
                    self.serve(Json(kind))
                    self.assert_refused(json.dumps(text), f"v' must be {words}.")
                    self.serve(Query(kind))
                    self.assert_fails(
                        self.client.get("/view", query_string={"v": text}),
                        400,
                        f"Query parameter 'v' is malformed: it must be {words}.",
                    )

    def test_other_json_is_refused(self):
        """A decimal number never comes from a float; true is no 1"""
        for kind, text, words in (
            (ObjectId, "5", "an id of 24 hexadecimal digits, not an integer"),
            (Decimal, "19.9", f"{NUMBER}, not a number"),
            (Decimal, "true", f"{NUMBER}, not true or false"),
            (Decimal, "1" + "0" * 34, f"{NUMBER}, not an integer"),
            (date, "{}", "a date like 2026-01-31, not an object"),
            (Status, '["new"]', "one of these: new, paid"),
            (Level, "{}", "one of these: 1, 2"),
            (Status, "1", "one of these: new, paid"),
            (Level, "true", "one of these: 1, 2"),
            (Level, '"1"', "one of these: 1, 2"),
        ):
            self.serve(Json(kind))
            self.assert_refused(text, f"v' must be {words}.")
        for kind, text, value in ((Decimal, "5", Decimal(5)), (Decimal, "1e2", Decimal(100))):
            self.serve(Json(kind))
            self.ask(text)
            self.assertEqual(self.got, value)
        self.serve(Json(Level))
        for text in ("2", "2.0"):
            self.assertEqual(self.ask(text).json["result"], [2])
            self.assertIs(self.got, Level.HIGH)

    def test_integers_are_json_schema_s(self):
        """1.0 and 1e2 are some; from 2**53 on only digits alone are exact"""
        self.serve(Json(int))
        for text, value in (("1.0", 1), ("1e2", 100), ("-0.0", 0), (f"{2**53 - 1}.0", 2**53 - 1)):
            self.assertEqual(self.ask(text).json["result"], [value])
            self.assertIs(type(self.got), int)
        self.assertEqual(self.ask("9007199254740993").json["result"], [9007199254740993])
        self.assert_refused("1.5", "v' must be an integer, not a number.")
        for text in ("9007199254740993.0", "1e20", "-1e300"):
            self.assert_refused(text, "v' is too large to be exact: write it in digits alone.")

    def test_bounds_of_decimals_are_exact(self):
        """Min(0.1) is a tenth, not its float"""
        self.serve(Json(Decimal, rules=[Min(0.1), Max(99)]))
        self.assertEqual(self.ask('"0.1"').status_code, 200)
        self.assert_refused('"0.0999"', "v' must be 0.1 or more.")
        self.assert_refused("100", "v' must be 99 or less.")

    def test_several_kinds(self):
        """The first that fits; of lists the sentence of the last"""
        self.serve(Json([List(int), ObjectId, List(str)]))
        for text, value in (("[1]", [1]), ('["a"]', ["a"]), (f'"{ID}"', ObjectId(ID))):
            self.ask(text)
            self.assertEqual(self.got, value)
        self.assert_refused("[null]", "v[0]' must be a string, not null.")
        self.serve(Json([int, ObjectId]))
        self.assert_refused('"x"', "v' must be an integer or an id of 24 hexadecimal digits.")
        self.assert_refused(
            "{}", "v' must be an integer or an id of 24 hexadecimal digits, not an object."
        )

    def test_converters_of_flask_may_have_made_the_value(self):
        """<int:n>, <uuid:n>, and what `defaults` give"""
        for rule, kind, text, value in (
            ("/view/<int:n>", int, "5", 5),
            ("/view/<uuid:n>", UUID, str(UUID(int=1)), UUID(int=1)),
        ):
            self.setUp()

            @Validator()
            def view(n=Path(kind), m=Path(int)):
                self.got = n, m
                return {}

            self.app.add_url_rule(rule, "view", view, defaults={"m": 7})
            self.assertEqual(self.client.get(f"/view/{text}").status_code, 200)
            self.assertEqual(self.got, (value, 7))

    def test_kinds_that_are_none_are_an_error_at_once(self):
        """At import; a text source takes no list"""
        for declare in (
            lambda: Json(set),
            lambda: Json(List(set)),
            lambda: Query(list),
            lambda: Query(List(int)),
            lambda: Form(Object()),
        ):
            self.assertRaises(InvalidAnnotation, declare)
        self.assertRaises(TypeError, lambda: Object(a=Query(int)))
        for values in ({"A": True}, {"A": 1, "B": "1"}, {"A": Decimal(1)}, {}):
            self.assertRaises(TypeError, Json, enum.Enum("Odd", values))

    def test_member_may_have_any_name(self):
        """Also that of a method of ours"""
        self.serve(Json(enum.Enum("Access", {"read": "r", "org_type": "o"})))
        self.assert_refused("{}", "v' must be one of these: r, o.")
        self.assertEqual(self.ask('"r"').status_code, 200)

    def test_rule_shows_its_values_as_json_has_them(self):
        """And not as Python does"""
        self.serve(Json(Decimal, rules=In([Decimal("1.50"), Decimal(2)])))
        self.assertEqual(self.ask('"1.5"').status_code, 200)
        self.assert_refused('"1"', """v' must be one of these: "1.50", "2".""")

    def test_default_is_a_value(self):
        """Of the kind"""
        self.serve(Json(Status, default=Status.NEW))
        self.assertEqual(self.client.post("/view").json["result"], ["new"])


class ObjectTestCase(KindTestCase):
    """Objects in objects"""

    ITEMS = Json(
        List(
            Object(
                product_id=Json(ObjectId),
                quantity=Json(int, rules=[Min(1), Max(99)]),
                note=Json(str, optional=True),
                tags=Json(Dict(List(Object(n=Json(int)))), default={}),
            )
        ),
        rules=[MinLen(1), MaxLen(2)],
    )

    def test_fields_are_read(self):
        """With their kinds and defaults; what else there is is passed over"""
        self.serve(self.ITEMS)
        self.ask(
            f'[{{"product_id": "{ID}", "quantity": 2.0, "x": 1, "tags": {{"a": [{{"n": 1}}]}}}}]'
        )
        self.assertEqual(
            self.got,
            [{"product_id": ObjectId(ID), "quantity": 2, "note": None, "tags": {"a": [{"n": 1}]}}],
        )

    def test_sentence_names_the_place(self):
        """At any depth"""
        self.serve(self.ITEMS)
        right = f'"product_id": "{ID}"'
        for text, words in (
            ("[1]", "v[0]' must be an object, not an integer."),
            ("[{}]", "v[0].product_id' is missing."),
            ('[{"product_id": null}]', "v[0].product_id' is null: it must be an id of 24"),
            (
                f'[{{{right}, "quantity": 1}}, {{{right}, "quantity": 0}}]',
                "v[1].quantity' must be 1",
            ),
            (f'[{{{right}, "quantity": "1"}}]', "v[0].quantity' must be an integer, not a string"),
            (
                f'[{{{right}, "quantity": 1, "tags": {{"a": [{{"n": 1}}, {{}}]}}}}]',
                "v[0].tags.a[1].n' is missing.",
            ),
        ):
            with self.subTest(text):
                answer = self.ask(text)
                self.assertEqual(answer.status_code, 400)
                self.assertIn(f"JSON field '{words}", answer.json["description"])

    def test_default_of_an_object_is_read(self):
        """Its own fields' defaults are in it"""
        self.serve(Json(Object(a=Json(int, default=1), b=Json(list, default=[2])), default={}))
        for _ in range(2):
            self.client.post("/view")
            self.assertEqual(self.got, {"a": 1, "b": [2]})
            self.got["b"].append(3)  # of this request alone

    def test_length_is_checked_before_the_items(self):
        """A long list is refused at once"""
        self.serve(self.ITEMS)
        self.assert_refused("[1, 2, 3]", "v' must have a length of 2 or less.")
        self.assert_refused("[]", "v' must have a length of 1 or more.")
        self.assert_refused("{}", f"v' must be {described(self.ITEMS.annotation)}, not an object.")
        self.serve(Json(package.Dict(int), rules=MaxLen(1)))
        self.assert_refused('{"a": "x", "b": 1}', "v' must have a length of 1 or less.")
        self.serve(Json(Object(a=Json(str), b=Json(str, optional=True)), rules=MaxLen(1)))
        self.assertEqual(self.ask('{"a": "x"}').json["result"], [{"a": "x", "b": None}])

    def test_unknown_fields_can_be_refused(self):
        """By a StrictObject; a long name is cut"""
        self.serve(Json(StrictObject(a=Json(int, optional=True))))
        self.assertEqual(self.ask("{}").json["result"], [{"a": None}])
        self.assert_refused('{"b": 1}', "v.b' is unknown: leave it out.")
        self.assert_refused(f'{{"{"x" * 999}": 1}}', f"v.{'x' * 64}' is unknown: leave it out.")


class BodyTestCase(KindTestCase):
    """The whole body"""

    def test_body_is_one_dict(self):
        """With kinds and defaults; what is unknown is refused as its object says"""
        for kind in (Object, StrictObject):
            self.serve(declared.Body(kind(a=Json(date), b=Json(int, default=1))), "PATCH")
            self.ask('{"a": "2026-01-31"}')
            self.assertEqual(self.got, {"a": date(2026, 1, 31), "b": 1})
            self.assert_refused('{"b": 2}', "a' is missing.")
        self.assert_refused('{"a": "2026-01-31", "c": 2}', "c' is unknown: leave it out.")


class ChangesTestCase(KindTestCase):
    """PATCH"""

    def setUp(self):
        super().setUp()
        self.changes = Changes(
            name=Json(str, rules=MinLen(1)), born=Json(date, optional=True), mail=Json(str)
        )

    def test_what_was_not_sent_is_left_out(self):
        """And null is kept where the declaration lets it"""
        self.serve(self.changes, "PATCH")
        for text, got in (
            ("{}", {}),
            ('{"name": "x"}', {"name": "x"}),
            ('{"born": null}', {"born": None}),
            ('{"born": "2026-01-31"}', {"born": date(2026, 1, 31)}),
        ):
            self.assertEqual(self.ask(text).status_code, 200)
            self.assertEqual(self.got, got)
        self.assert_refused('{"name": null}', "name' is null: it must be a string.")
        self.assert_refused('{"name": ""}', "name' must have a length of 1 or more.")
        self.assert_refused('{"nmae": "x"}', "nmae' is unknown: leave it out.")

    def test_merge_patch_is_taken(self):
        """Unless it would merge an object; other types of JSON are not, nor is it elsewhere"""
        self.serve(self.changes, "PATCH")
        kind = {"content_type": "application/merge-patch+json"}
        self.assertEqual(self.client.patch("/view", data='{"name": "x"}', **kind).status_code, 200)
        words = "Send JSON, with the Content-Type application/json."
        for other in ("application/json-patch+json", "application/vnd.api+json"):
            self.assert_fails(self.client.patch("/view", data="{}", content_type=other), 415, words)
        objects = [Json(Object(b=Json(int))), Json(dict), Json(Dict(int)), Json(package.All)]
        for parameter in (Json(str), *(Changes(a=one) for one in objects)):
            self.serve(parameter, "PATCH")
            self.assert_fails(self.client.patch("/view", data="{}", **kind), 415, words)

    def test_nothing_of_the_body_is_left_to_others(self):
        """A view that would have more of it cannot be defined"""
        self.assertRaises(TypeError, Validator(), lambda a=self.changes, b=Json(str): {})
        self.assertRaises(TypeError, declared.Body, List(int))

    def test_field_has_no_default(self):
        """What was not sent is left as it is"""
        self.assertRaises(TypeError, lambda: Changes(a=Json(int, default=1)))


class PagingTestCase(KindTestCase):
    """Lists"""

    def test_limit_and_before_are_one_declaration(self):
        """A Page; each is checked as a parameter of its own"""
        self.serve(Paging(default=5, most=20), "GET")
        self.client.get("/view")
        self.assertEqual(self.got, (5, None))
        self.client.get(f"/view?limit=20&before={ID}")
        self.assertEqual((self.got.limit, self.got.before), (20, ObjectId(ID)))
        for wrong in ({"default": 0}, {"default": 9, "most": 8}):
            self.assertRaises(ValueError, lambda wrong=wrong: Paging(**wrong))
        twice = lambda limit=Query(int), page=Paging(): {}  # noqa: E731
        self.assertRaises(TypeError, Validator(), twice)
        self.assert_fails(
            self.client.get("/view?limit=21"), 400, "Query parameter 'limit' must be 20 or less."
        )


class RuleTestCase(KindTestCase):
    """Rules of one's own"""

    def test_rule_says_which_item_is_wrong(self):
        """And shapes its sentence from the value"""

        class Unique(MinLen):
            def __init__(self):
                super().__init__(0)

            def is_valid(self, data):
                for index, item in enumerate(data):
                    if item in data[:index]:
                        raise Wrong(f"must not repeat {item!r}.", f"[{index}]")
                return True

        self.serve(Json(List(str), rules=Unique()))
        self.assertEqual(self.ask('["a", "b"]').status_code, 200)
        self.assert_refused('["a", "b", "a"]', "v[2]' must not repeat 'a'.")

    def test_true_is_no_1(self):
        """To In"""
        self.serve(Json([int, bool], rules=In([1, False])))
        self.assertEqual([self.ask(one).status_code for one in ("1", "false")], [200, 200])
        self.assert_refused("true", "v' must be one of these: 1, false.")
        self.assert_refused("0", "v' must be one of these: 1, false.")

    def test_regex_has_a_sentence_of_one_s_own(self):
        """Else the pattern's"""
        self.serve(Json(str, rules=Regex("[A-Z]{3}-[0-9]+", "must be like ABC-12.")))
        self.assert_refused('"x"', "v' must be like ABC-12.")
        self.serve(Json(str, rules=Regex("[a-z]+")))
        self.assert_refused('"1"', "v' must match the pattern [a-z]+ as a whole.")

    def test_email(self):
        """What browsers take, with a dot in the domain and none at the ends of the name"""
        self.serve(Json(str, rules=Email()))
        for text in ("nb@example.com", "a.b+c@x-y.co", "a@b.c", "o'neil@a.io", f"{'a' * 64}@b.c"):
            self.assertEqual(self.ask(json.dumps(text)).status_code, 200, text)
        for text in (
            *(".=*fu@0", "a..b@c.d", "a@b", ".a@b.c", "a.@b.c", "a@b..c", "a@-b.c", "a@b-.c"),
            *("a b@c.d", "a@b.c\n", "é@b.c", f"{'a' * 65}@b.c", f"a@{'b.' * 130}c", "@b.c", ""),
        ):
            self.assert_refused(json.dumps(text), "v' must be an e-mail address.")
