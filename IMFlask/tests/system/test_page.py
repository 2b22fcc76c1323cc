"""The page, as a person uses it: in a browser, on a server, with a database."""

import json
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.request import urlopen

from model import init_db
from tests.core.probe import init_probe
from tests.core.process import free_port, needs_secantus
from tests.system.browser import BrowserTestCase, needs_browser
from tests.system.case import TOKEN, ProcessTestCase
from tests.system.fault import Mongo

# What is put into the fields that have these names; those of new endpoints belong here too.
VALUES = {"a": "6", "b": "3", "name": "NB", "limit": "5", "number": "1", "count": "7", "kind": "x"}

# Goes into the copy of the app that is tested, so that its description has it: the
# tests' own views, and fields of all kinds.
MORE_VIEWS = '''
from flask_validation_extended import In, List, MaxLen, Regex
from core.web.response import Envelope, response
from decimal import Decimal
from core.web.validation.parameter import Changes, Form, Header, Json, Query, Route
from core.web.validation.validator import Validator
from tests.core import probe

blueprint.register_blueprint(probe.blueprint)

@blueprint.put("/more/<int:number>")
@Validator()
def more_api(
    number: int = Route(int),
    count: int = Json(int),
    items: list = Json(List(int), optional=True),
    either: object = Json([int, str], optional=True),
    flag: bool = Query(bool, optional=True),
    kind: str = Query(str, rules=In(["x", "y z"]), optional=True),
    tag: str = Header("X-Tag", str, optional=True),
) -> Envelope:
    """Answer what was sent."""
    return response([number, count, items, either, flag, kind, tag])

@blueprint.patch("/changed")
@Validator()
def changed_api(changes: dict = Changes(price=Json(Decimal), note=Json(str))) -> Envelope:
    """Answer what was sent."""
    return response(changes)

@blueprint.get("/odd/<any(x,'y:z'):kind>")
@blueprint.get("/odd")
@Validator()
def odd_api(
    kind: str = Route(str, default="x"),
    spaces: str = Query(str, rules=In(["a  b", " c"]), optional=True),
    long: str = Query(str, rules=Regex("a" * 120), optional=True),
    size: int = Query(int, default=0),
    body: str = Json(str, rules=MaxLen(9), optional=True),
) -> Envelope:
    return response([kind, spaces, "x" * size]), 200, {"Content-Type": "Application/JSON"}

@blueprint.post("/form")
@Validator()
def form_api(count: int = Form(int), name: str = Form(str, default="none")) -> Envelope:
    """Answer what was sent."""
    return response([count, name])
'''


def in_path(operation):
    """Return the names of an operation's variables in the path."""
    parameters = operation.get("parameters", [])
    return {parameter["name"] for parameter in parameters if parameter["in"] == "path"}


def required(operation):
    """Return the names of all that an operation cannot do without."""
    parameters = operation.get("parameters", [])
    names = {parameter["name"] for parameter in parameters if parameter.get("required")}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        names |= set(content["schema"].get("required", ()))
    return names


@needs_browser
@needs_secantus
@unittest.skipIf(sys.platform == "win32", "the database is frozen and killed by signals")
class PageTestCase(BrowserTestCase, ProcessTestCase):
    """In development, under `flask run`"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(cls.root / "app/api/template.py", "a") as file:
            file.write(MORE_VIEWS)
        cls.mongo = Mongo()
        cls.addClassCleanup(cls.mongo.close)
        cls.mongo.start()
        cls.settings = {"MONGODB_URI": f"{cls.mongo.uri}page"}
        database = cls.mongo.client["page"]
        init_db(database)
        init_probe(database)
        cls.url = cls.run_app()
        with urlopen(f"{cls.url}/openapi.json") as answer:
            cls.description = json.load(answer)

    @classmethod
    def run_app(cls, **settings):
        port = free_port()
        cls.serve(
            *("flask", "run", "--no-reload", "--port", str(port)),
            port=port,
            **cls.settings,
            **settings,
        )
        return f"http://127.0.0.1:{port}"

    def open_endpoint(self, page, method, path):
        """Open an endpoint's form and return its element."""
        operation = self.description["paths"][path][method.lower()]
        endpoint = page.locator(f"[data-operation='{operation['operationId']}']")
        endpoint.wait_for()
        endpoint.evaluate("element => { element.open = true }")
        return endpoint

    def send(self, endpoint, **values):
        """Fill in the form's fields, send it, return the status and the text of the answer."""
        for name, value in values.items():
            field = endpoint.get_by_label(name, exact=True)
            if field.evaluate("field => field.localName") == "select":
                field.select_option(value)
            else:
                field.fill(value)
        endpoint.get_by_role("button", name="Send").click()
        return self.answer(endpoint)

    def answer(self, endpoint):
        status = endpoint.get_by_role("status")
        status.filter(has_text=" ms, ").wait_for()
        text = endpoint.locator("pre").nth(1)
        return int(status.inner_text()[:3]), text.inner_text() if text.count() else None

    def test_every_endpoint_has_a_form_that_works(self):
        """Grouped by tag; all of the description's, first those that make something

        One that needs a field that is not among VALUES is only to refuse its lack.
        """
        page = self.open(self.url)
        operations = [
            (path, method, operation)
            for path, methods in self.description["paths"].items()
            for method, operation in methods.items()
        ]
        page.locator("details.endpoint").nth(len(operations) - 1).wait_for()
        self.assertEqual(page.locator("details.endpoint").count(), len(operations))
        tags = [tag["name"] for tag in self.description["tags"]]
        self.assertEqual(page.locator("#endpoints h3").all_inner_texts(), tags)
        known = dict(VALUES)
        for path, method, operation in sorted(
            operations, key=lambda one: ["post", "put", "patch", "get", "delete"].index(one[1])
        ):
            with self.subTest(f"{method} {path}"):
                endpoint = self.open_endpoint(page, method, path)
                self.assertIn(operation.get("summary", ""), endpoint.inner_text())
                names = endpoint.locator("form label").all_inner_texts()
                if "file" in names:
                    content = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"one"}
                    endpoint.get_by_label("file", exact=True).set_input_files(content)
                given = {name: known[name] for name in names if name in known}
                missing = required(operation) - known.keys() - {"file"}
                is_refused = missing or "security" in operation  # a login of the product's
                if is_refused:
                    self.failures = ("status of 4",)
                    given |= dict.fromkeys(missing & in_path(operation), "x")
                status, text = self.send(endpoint, **given)
                self.assertEqual(status // 100, 4 if is_refused else 2, text)
                if "file" in names:
                    known["file_id"] = json.loads(text)["result"][0]["id"]

    def test_fields_of_every_kind(self):
        """JSON of several types, a choice, a header, a form; empty ones are not sent"""
        self.failures = ("status of 400",)
        page = self.open(self.url)
        endpoint = self.open_endpoint(page, "PUT", "/more/{number}")
        _, text = self.send(endpoint, number="1", count="12345678901234567890")
        result = json.loads(text)["result"]
        self.assertEqual(result, [1, 12345678901234567890, None, None, None, None, None])
        more = {"items": "[1, 2]", "either": "two words", "flag": "true", "kind": "y z"}
        _, text = self.send(endpoint, **more, **{"X-Tag": "v1"})
        result = json.loads(text)["result"][2:]
        self.assertEqual(result, [[1, 2], "two words", True, "y z", "v1"])
        status, text = self.send(endpoint, count="seven")
        self.assertEqual(status, 400)
        self.assertIn("JSON field 'count' must be an integer, not a string.", text)
        changed = self.open_endpoint(page, "PATCH", "/changed")
        for price in ("19.90", "5"):
            _, text = self.send(changed, price=price)
            self.assertEqual(json.loads(text)["result"], {"price": price})
        form = self.open_endpoint(page, "POST", "/form")
        _, text = self.send(form, count="3", name="a&b=c")
        self.assertEqual(json.loads(text)["result"], [3, "a&b=c"])
        self.assertEqual(json.loads(self.send(form, name="")[1])["result"], [3, "none"])

    def test_file_goes_up_and_comes_down(self):
        """Two at once; the first under its name, byte for byte; then away"""
        self.failures = ("status of 404",)
        page = self.open(self.url)
        bytes_ = bytes(range(256)) * 2000
        upload = self.open_endpoint(page, "POST", "/sample/file")
        upload.get_by_label("file", exact=True).set_input_files(
            [
                {"name": '보고 "1".pdf', "mimeType": "application/pdf", "buffer": bytes_},
                {"name": "empty", "mimeType": "text/plain", "buffer": b""},
            ]
        )
        status, text = self.send(upload)
        self.assertEqual((status, len(json.loads(text)["result"])), (201, 2))
        file_id = json.loads(text)["result"][0]["id"]
        download = self.open_endpoint(page, "GET", "/sample/file/{file_id}")
        page.evaluate(
            """() => {
                const make = URL.createObjectURL;
                window.kinds = [];
                URL.createObjectURL = (blob) => {
                    window.kinds.push(blob.type);
                    return make.call(URL, blob);
                };
            }"""
        )
        self.assertEqual(self.send(download, file_id=file_id)[0], 200)
        with page.expect_download() as event:
            download.get_by_role("link", name="Save").click()
        with tempfile.TemporaryDirectory() as folder:
            event.value.save_as(Path(folder) / "file")
            self.assertEqual((Path(folder) / "file").read_bytes(), bytes_)
        self.assertIn(event.value.suggested_filename, ('보고 "1".pdf', "보고 _1_.pdf"))
        # Opened instead of saved, it would else have the rights of the page.
        self.assertEqual(page.evaluate("window.kinds"), ["application/octet-stream"])
        delete = self.open_endpoint(page, "DELETE", "/sample/file/{file_id}")
        self.assertEqual([self.send(delete, file_id=file_id)[0] for _ in "12"], [200, 404])

    def test_log_grows(self):
        """A line and a bar a request; what a client has sent stays text"""
        self.failures = ("status of 404",)
        page = self.open(self.url)
        path = "/none/<img src=x onerror=alert(1)>"
        page.evaluate("path => fetch(encodeURI(path))", path)
        row = page.locator("#log-entries tr").filter(has_text="GET /none/").first
        row.wait_for()
        time, request, status, milliseconds = row.locator("td").all_inner_texts()
        self.assertRegex(time, r"^\d\d:\d\d:\d\d$")
        self.assertEqual((request, status), (f"GET {path}", "404"))
        self.assertGreater(float(milliseconds), 0)
        self.assertEqual(page.locator("#log img").count(), 0)
        self.assertEqual(page.locator("#log rect").count(), page.locator("#log-entries tr").count())
        self.assertRegex(
            page.locator("#log-chart").get_attribute("aria-label"), r"median [0-9.]+ ms"
        )

    def test_works_by_keyboard_alone(self):
        """Tab, Enter, typing; the focus can be seen"""
        page = self.open(self.url)
        summary = page.locator("details.endpoint", has_text="/probe/add").locator("summary")
        summary.first.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("40")
        page.keyboard.press("Tab")
        page.keyboard.type("2")
        page.keyboard.press("Enter")
        status, text = self.answer(page.locator("details.endpoint[open]"))
        self.assertEqual((status, json.loads(text)["result"]), (200, 42))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        self.assertEqual(outline, "solid")

    def test_database_goes_away_and_comes_back(self):
        """kill -9; the page says so, and when it is back, without being loaded anew; so its log"""
        self.failures = ("status of 503",)
        page = self.open(self.url)
        page.get_by_text("The database answers.").wait_for()
        self.send(self.open_endpoint(page, "GET", "/probe/name"))  # something for the log
        page.locator("#log-entries tr").first.wait_for()
        try:
            self.mongo.kill()
            page.get_by_text("The database does not answer.").wait_for()
            page.locator("#log-state", has_text="not available now").wait_for()
            self.assertEqual(page.locator("#log-entries tr").count(), 0)
            self.assertEqual(self.send(self.open_endpoint(page, "GET", "/probe/name"))[0], 503)
        finally:
            self.mongo.start()
        page.get_by_text("The database answers.").wait_for()
        self.assertEqual(self.send(self.open_endpoint(page, "GET", "/probe/name"))[0], 200)
        page.locator("#log-entries tr").first.wait_for()

    def test_admin_token_is_asked_for_where_there_is_one(self):
        """Without it 401 and no log; with it both"""
        self.failures = ("status of 401",)
        page = self.open(self.run_app(ADMIN_TOKEN=TOKEN))
        self.send(self.open_endpoint(page, "GET", "/probe/name"))  # something for the log
        page.locator("#log-state", has_text="It needs the token.").wait_for()
        endpoint = self.open_endpoint(page, "GET", "/sample/log")
        self.assertIn("token", endpoint.locator("summary").first.inner_text())
        self.assertEqual(self.send(endpoint)[0], 401)
        page.get_by_label("Token", exact=True).fill(TOKEN)
        self.assertEqual(self.send(endpoint)[0], 200)
        page.locator("#log-state", has_text="requests, median").wait_for()
        page.get_by_label("Token", exact=True).fill("")
        page.get_by_label("Token", exact=True).press("Enter")
        page.locator("#log-state", has_text="It needs the token.").wait_for()
        self.assertEqual(page.locator("#log-entries tr").count(), 0)
        page.get_by_label("Token", exact=True).fill(TOKEN)
        page.get_by_label("Token", exact=True).press("Enter")
        page.locator("#log-entries tr").first.wait_for()
