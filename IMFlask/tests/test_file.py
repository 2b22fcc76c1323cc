"""Files: upload, list, download, delete, sweep; the model is mocked."""

import contextlib
import functools
import io
from datetime import UTC, date, datetime
from unittest import mock

from bson import ObjectId
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    OperationFailure,
)

from app import create_app
from config import APP_NAME, config_dict
from controller import file as files
from controller.error import Invalid
from core.database.chunk import MissingChunk
from core.database.outage import DatabaseAway
from core.web.file.upload import Files
from core.web.validation.parameter import Form, Json, Query
from core.web.validation.validator import Validator
from model.mongodb import File
from tests.case import UnitTestCase
from tests.core.case import ProbeTestCase
from tests.file_contract import FileContract, FileMock

FORM = "multipart/form-data; boundary=x"
NO_BOUNDARY = (
    "The form's boundary is missing, or is not the one in its Content-Type:"
    " let your client set that header."
)
BROKEN = "The form is malformed or incomplete: check its encoding."
UNREADABLE = "The body ended early or could not be read: send it again, whole."
NOTHING = "There is no such file."


def part(data, filename="a.txt", name="file", *headers):
    """Return a part of a form."""
    head = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += f'; filename="{filename}"'
    head = "".join(f"{line}\r\n" for line in (head, *headers))
    return b"--x\r\n" + head.encode() + b"\r\n" + data + b"\r\n"


def before_to_skip(before):
    """Return how many of FileMock's documents are not older than this id."""
    return 0 if before is None else 2**31 - int(str(before)[:8], 16) + 1


def form(*parts):
    """Return a whole form."""
    return b"".join(parts) + b"--x--\r\n"


class Untouched(io.RawIOBase):
    """A body that nobody is to read."""

    def readinto(self, buffer):
        raise AssertionError


class FileTestCase(ProbeTestCase):
    """A File model that keeps what it is given."""

    def setUp(self):
        super().setUp()
        self.chunks, self.documents = {}, {}

        def write(model, file_id, blocks):
            stored = self.chunks[file_id] = []
            for block in blocks:
                stored.append(block)
            return len(b"".join(stored)), "0" * 64

        def delete(collection):
            return lambda model, ids: sum(collection.pop(one, None) is not None for one in ids)

        self.model = {}
        for name, work in {
            "Chunk.write": write,
            "Chunk.read": lambda model, file, start, stop: iter([b"x" * (stop - start)]),
            "Chunk.delete": delete(self.chunks),
            "File.insert_files": lambda model, given: self.documents.update(
                {document["_id"]: document for document in given}
            ),
            "File.delete_files": delete(self.documents),
            "File.get_file": lambda model, one: self.documents.get(one),
            "File.get_files": lambda model, limit, before: FileMock.get_files(
                before_to_skip(before), limit
            ),
        }.items():
            patch = mock.patch(f"model.mongodb.{name}", autospec=True, side_effect=work)
            self.model[name] = patch.start()
            self.addCleanup(patch.stop)

    def post(self, body, content_type=FORM, **environ):
        environ = {"CONTENT_LENGTH": str(len(body))} | environ
        return self.send("/sample/file", io.BytesIO(body), content_type, **environ)

    def assert_nothing_is_stored(self):
        self.assertEqual((self.chunks, self.documents), ({}, {}))

    @contextlib.contextmanager
    def failing(self, name, error, does=False):
        """Have a method raise an error; before that it does what it should where that is said."""
        work = self.model[name].side_effect

        def fail(*args):
            if does:
                work(*args)
            raise error

        self.model[name].side_effect = fail
        logger = mock.patch.multiple(self.app.logger, error=mock.DEFAULT, warning=mock.DEFAULT)
        with logger:
            yield
        self.model[name].side_effect = work


class UploadTestCase(FileTestCase):
    """POST /sample/file"""

    def test_files_are_stored_and_shown(self):
        """Several, in their order; fields of other names are passed over"""
        response = self.post(
            form(
                part(b"one", "a.txt", "file", "Content-Type: text/plain"),
                part(b"not a file", None, "file"),
                part(b"", "안녕.bin"),
                part(b"another field", "b.txt", "other"),
                part(b"", ""),
            )
        )
        self.assertEqual((response.status_code, response.json["msg"]), (201, "created"))
        first, second = response.json["result"]
        self.assertEqual(
            list(first), ["id", "filename", "length", "content_type", "sha256", "created_at"]
        )
        for shown, (name, length, kind) in (
            (first, ("a.txt", 3, "text/plain")),
            (second, ("안녕.bin", 0, "application/octet-stream")),
        ):
            self.assertEqual(
                (shown["filename"], shown["length"], shown["content_type"]), (name, length, kind)
            )
            self.assertRegex(shown["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual([str(one) for one in self.documents], [first["id"], second["id"]])
        stored = [b"".join(blocks) for blocks in self.chunks.values()]
        self.assertEqual(stored, [b"one", b""])

    def test_the_form_of_a_usual_client(self):
        """As Werkzeug's encoder writes it, with its own boundary"""
        data = {"file": [(io.BytesIO(b"1" * 100_000), "a"), (io.BytesIO(b"2"), "b%22c.txt")]}
        response = self.client.post("/sample/file", data=data)
        self.assertEqual(
            [(one["filename"], one["length"]) for one in response.json["result"]],
            [("a", 100_000), ('b"c.txt', 1)],
        )

    def test_a_form_that_is_cut_anywhere_stores_nothing(self):
        """Before its closing boundary, with and without a Content-Length; at every byte"""
        whole = form(part(b"one"), part(b"\r\n--two--\r\n", "b.txt"))
        end = whole.rindex(b"--x--") + len(b"--x--")
        for cut in range(len(whole)):
            with self.subTest(cut):
                response = self.post(whole[:cut], CONTENT_LENGTH=str(len(whole)))
                if whole[:cut].endswith(b"--x--") or cut >= end:
                    self.assert_fails(response, 400, UNREADABLE)
                else:
                    self.assertEqual(response.status_code, 400)
                self.assert_nothing_is_stored()
                if cut < end:
                    words = BROKEN if cut >= len(b"--x") else NO_BOUNDARY
                    self.assert_fails(self.post(whole[:cut]), 400, words)
                    self.assert_nothing_is_stored()
        self.assertEqual(self.post(whole[:end]).status_code, 201)

    def test_what_is_no_form_is_refused(self):
        """Other types are 415; no boundary, no file, nonsense are 400"""
        missing = "File 'file' is missing."
        for body, content_type, status, sentence in (
            (b"{}", "application/json", 415, None),
            (b"file=x", "application/x-www-form-urlencoded", 415, None),
            (form(part(b"1")), "multipart/form-data", 400, NO_BOUNDARY),
            (b"", FORM, 400, NO_BOUNDARY),
            (
                b'--x\r\nContent-Disposition: a; name="\xff"\r\n\r\n\r\n--x--',
                *(FORM, 400, "The head of a part of the form is not valid UTF-8."),
            ),
            (form(), FORM, 400, missing),
            (b"--x\r\nContent-Type: a/b\r\n\r\n\r\n--x--", FORM, 400, missing),
            (form(part(b"1", None)), FORM, 400, missing),
            (form(part(b"", "")), FORM, 400, missing),
        ):
            with self.subTest(body=body, content_type=content_type):
                sentence = sentence or "Send a form, with the Content-Type multipart/form-data."
                self.assert_fails(self.post(body, content_type), status, sentence)
                self.assert_nothing_is_stored()

    def test_one_wrong_file_stores_none(self):
        """Names and types that are none, in whatever place"""
        for wrong, sentence in (
            (part(b"1", ".."), "The name of a file is only a folder."),
            (part(b"1", "x" * 256), "The name of a file must have a length of 255 or less."),
            (
                part(b"1", "a", "file", "Content-Type: 텍스트/plain"),
                "The Content-Type of a file is malformed.",
            ),
            (
                b"--x\r\nContent-Disposition: form-data; name=file;"
                b" filename*=UTF-8''%FF\r\n\r\n1\r\n",
                "The name of a file is not valid UTF-8.",
            ),
        ):
            for parts in ((wrong,), (part(b"1"), wrong), (wrong, part(b"1"))):
                self.assert_fails(self.post(form(*parts)), 400, sentence)
                self.assert_nothing_is_stored()

    def test_failure_of_the_database_stores_nothing(self):
        """In the middle and at the end"""
        for name in ("Chunk.write", "File.insert_files"):
            for error, status, retry in (
                (DatabaseAway("away"), 503, "2"),
                (AutoReconnect("away"), 503, None),
                (OperationFailure("?", 1), 500, None),
                (BulkWriteError({"writeConcernErrors": [{"code": 91}]}), 503, None),
            ):
                with self.subTest(name, error=error), self.failing(name, error, does=True):
                    response = self.post(form(part(b"1"), part(b"2")))
                    self.assertEqual(response.status_code, status)
                    self.assertEqual(response.headers.get("Retry-After"), retry)
                    self.assert_nothing_is_stored()

    def test_what_cannot_be_deleted_is_left_for_the_sweep(self):
        """Which a line in the log says; the answer is that of the failure"""
        away = AutoReconnect("away")
        with (
            self.assertLogs("controller", "WARNING") as logs,
            self.failing("Chunk.write", away, does=True),
            self.failing("Chunk.delete", away),
        ):
            self.assertEqual(self.post(form(part(b"1"), part(b"2"))).status_code, 503)
        self.assertEqual(len(self.chunks), 1)
        self.assertIn("left for `flask file-sweep`: AutoReconnect", logs.output[0])

    def test_form_of_another_site_is_refused(self):
        """That of a browser without a token, before it is read"""
        body = form(part(b"1"))
        for site, token, status in (
            ("cross-site", None, 403),
            ("same-site", None, 403),
            ("cross-site", "Bearer x", 201),
            ("same-origin", None, 201),
            ("none", None, 201),
        ):
            environ = {"HTTP_SEC_FETCH_SITE": site}
            if token:
                environ["HTTP_AUTHORIZATION"] = token
            self.assertEqual(self.post(body, **environ).status_code, status)
        for origin, status in (
            ("http://localhost", 201),
            ("http://evil.example", 403),
            ("https://localhost", 403),
            ("null", 403),
        ):
            self.assertEqual(self.post(body, HTTP_ORIGIN=origin).status_code, status)


class UploadLimitTestCase(FileTestCase):
    """MAX_UPLOAD_SIZE and UPLOAD_KINDS"""

    settings = {"MAX_UPLOAD_SIZE": 2 * 1024 * 1024, "UPLOAD_KINDS": (".txt", "text/*")}

    def text(self, size):
        head = part(b"", "a.txt", "file", "Content-Type: text/plain")[:-2]
        return head + b"x" * (size - len(head) - 9) + b"\r\n--x--\r\n"

    def test_form_over_the_limit_is_413_and_stores_nothing(self):
        """With and without a Content-Length; one that just reaches it is stored"""
        limit = self.settings["MAX_UPLOAD_SIZE"]
        for size, status in ((limit, 201), (limit + 1, 413), (2 * limit, 413)):
            body = self.text(size)
            self.assertEqual(len(body), size)
            for terminated in ({}, {"wsgi_input_terminated": True}):
                with self.subTest(size=size, environ=terminated):
                    response = self.post(body, **terminated)
                    self.assertEqual(response.status_code, status)
                    if status == 413:
                        self.assert_fails(response, 413, "The body is too large: send less.")
                        self.assert_nothing_is_stored()
                    self.chunks.clear()
                    self.documents.clear()
            stream = io.BytesIO(body)
            response = self.send("/sample/file", stream, FORM, wsgi_input_terminated=True)
            self.assertEqual(response.status_code, status)
            self.chunks.clear()
            self.documents.clear()

    def test_declared_size_over_the_limit_is_413_before_anything_is_read(self):
        """Whatever the server says of the body's end"""
        size = str(self.settings["MAX_UPLOAD_SIZE"] + 1)
        for environ in ({}, {"wsgi_input_terminated": True}):
            response = self.send("/sample/file", Untouched(), FORM, CONTENT_LENGTH=size, **environ)
            self.assert_fails(response, 413, "The body is too large: send less.")

    def test_other_kinds_are_415_and_store_nothing(self):
        """By ending and type, whatever comes before"""
        right = part(b"1", "a.txt", "file", "Content-Type: text/plain")
        self.assertEqual(self.post(form(right)).status_code, 201)
        self.chunks.clear()
        self.documents.clear()
        for wrong in (part(b"1", "a.exe", "file", "Content-Type: image/png"), part(b"1", "a")):
            response = self.post(form(right, wrong))
            self.assert_fails(
                response, 415, "A file of this kind is not accepted: send .txt, text/*."
            )
            self.assert_nothing_is_stored()


class AdminTestCase(FileTestCase):
    """With ADMIN_TOKEN set, as in production"""

    settings = {"ADMIN_TOKEN": "t" * 32}

    def test_writes_need_the_token(self):
        """Before anything is read; lists and downloads do not"""
        file_id = next(iter(FileMock.get_files(0, 1)))["_id"]
        self.documents[file_id] = FileMock.get_file()

        response = self.send("/sample/file", Untouched(), FORM, CONTENT_LENGTH="1000")
        self.assertEqual(response.status_code, 401)
        self.assertEqual(self.client.delete(f"/sample/file/{file_id}").status_code, 401)
        self.assertIn(file_id, self.documents)
        self.assertEqual(self.client.get("/sample/file").status_code, 200)
        self.assertEqual(self.client.get(f"/sample/file/{file_id}").status_code, 200)


class ListTestCase(FileTestCase):
    """GET /sample/file"""

    def test_newest_files(self):
        """Pages lead to each other"""
        response = self.client.get("/sample/file?limit=2")
        self.assertEqual(list(response.json), ["msg", "result", "next"])
        self.assertEqual(
            response.json["result"][0],
            {
                "id": "800000000000000000000000",
                "filename": "0.txt",
                "length": 5,
                "content_type": "text/plain",
                "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                "created_at": "2026-01-01T00:00:00.000Z",
            },
        )
        self.assertEqual(response.json["next"], response.json["result"][1]["id"])
        after = self.client.get(f"/sample/file?limit=2&before={response.json['next']}")
        names = [one["filename"] for one in response.json["result"] + after.json["result"]]
        self.assertEqual(names, ["0.txt", "1.txt", "2.txt", "3.txt"])
        self.assertEqual(len(self.client.get("/sample/file").json["result"]), 10)


class OneFileTestCase(FileTestCase):
    """GET and DELETE /sample/file/<id>"""

    def setUp(self):
        super().setUp()
        self.document = FileMock.get_file()
        self.documents[self.document["_id"]] = self.document
        self.path = f"/sample/file/{self.document['_id']}"

    def test_download(self):
        """Whole, a range, its headers alone, not at all"""
        response = self.client.get(self.path)
        self.assertEqual((response.status_code, response.data), (200, b"xxxxx"))
        self.assertEqual(response.headers["ETag"], f'"{self.document["metadata"]["sha256"]}"')
        self.assertEqual(response.headers["Content-Disposition"], 'attachment; filename="0.txt"')
        self.assertEqual(self.client.get(self.path, headers={"Range": "bytes=1-2"}).data, b"xx")
        self.assertEqual(self.client.head(self.path).data, b"")
        headers = {"If-None-Match": response.headers["ETag"]}
        self.assertEqual(self.client.get(self.path, headers=headers).status_code, 304)
        self.assertEqual(self.model["Chunk.read"].call_count, 2)

    def test_delete(self):
        """200, then 404; document and chunks"""
        self.chunks[self.document["_id"]] = [b"x"]
        response = self.client.delete(self.path)
        self.assertEqual((response.status_code, response.json), (200, {"msg": "success"}))
        self.assert_nothing_is_stored()
        for method in (self.client.delete, self.client.get):
            self.assert_fails(method(self.path), 404, NOTHING)

    def test_deleted_although_its_chunks_are_not(self):
        """The file is gone; the chunks are left for the sweep"""
        self.chunks[self.document["_id"]] = [b"x"]
        failing = self.failing("Chunk.delete", AutoReconnect("away"))
        with failing, self.assertLogs("controller", "WARNING"):
            self.assertEqual(self.client.delete(self.path).status_code, 200)
        self.assertEqual((list(self.documents), len(self.chunks)), ([], 1))

    def test_ids_that_are_none(self):
        """400; one that nobody has is 404; other methods are 405"""
        for file_id in ("1", "z" * 24, "0" * 23, "$ne", "%00" * 24):
            for method in (self.client.get, self.client.delete):
                response = method(f"/sample/file/{file_id}")
                self.assert_fails(
                    response,
                    400,
                    "Path parameter 'file_id' is malformed:"
                    " it must be an id of 24 hexadecimal digits.",
                )
        self.assert_fails(self.client.get(f"/sample/file/{'0' * 24}"), 404, NOTHING)

    def test_file_that_is_deleted_while_it_is_read(self):
        """404; one that has lost its bytes is a failure of ours"""

        def read(model, document, start, stop):
            self.documents.update(after)
            if not after:
                self.documents.clear()
            raise MissingChunk
            yield

        self.model["Chunk.read"].side_effect = read
        after = {self.document["_id"]: self.document}
        with mock.patch.object(self.app.logger, "error") as error:
            self.assertEqual(self.client.get(self.path).status_code, 500)
        error.assert_called_once()
        after = {}
        self.assert_fails(self.client.get(self.path), 404, NOTHING)


class SweepTestCase(FileTestCase):
    """flask file-sweep"""

    ORPHAN = {"_id": ObjectId("6955b900" + "0" * 16), "chunks": 3}

    def sweep(self, *args, orphans=(ORPHAN,)):
        find = mock.patch(
            "model.mongodb.File.find_orphans", autospec=True, return_value=list(orphans)
        )
        none = mock.patch("model.mongodb.File.find_incomplete", autospec=True, return_value=[])
        with find as self.find_orphans, none:
            return self.app.test_cli_runner().invoke(args=("file-sweep", *args))

    def test_report(self):
        """One line each, and nothing is deleted"""
        result = self.sweep()
        self.assertEqual(
            (result.exit_code, result.output),
            (
                0,
                f"[{APP_NAME}] 6955b900{'0' * 16}: 3 chunks, from 2026-01-01 00:00:00+00:00.\n"
                f"[{APP_NAME}] Chunks: 3, files: 1; found; --delete deletes them.\n",
            ),
        )
        self.model["Chunk.delete"].assert_not_called()

    def test_delete(self):
        """Where it is asked for"""
        result = self.sweep("--delete")
        self.assertIn("Chunks: 3, files: 1; deleted.", result.output)
        for name in ("File.delete_files", "Chunk.delete"):
            self.model[name].assert_called_once_with(mock.ANY, [self.ORPHAN["_id"]])

    def test_nothing(self):
        """Said in words"""
        self.assertEqual(self.sweep(orphans=()).output, f"[{APP_NAME}] Nothing was left.\n")

    def test_failure_is_a_sentence(self):
        """And exit code 1"""
        with mock.patch("model.mongodb.File.find_orphans", side_effect=DatabaseAway("away")):
            result = self.app.test_cli_runner().invoke(args=("file-sweep",))
        self.assertEqual(result.exit_code, 1)
        self.assertTrue(result.output.startswith(f"Error: [{APP_NAME}] The database does not"))


class FileMockTestCase(FileContract, UnitTestCase):
    """The stand-ins; integration/test_gridfs.py asks the real ones"""

    get_files = staticmethod(FileMock.get_files)
    get_file = staticmethod(FileMock.get_file)


class ControllerTestCase(UnitTestCase):
    """Without an app"""

    def test_files_leave_nothing_of_the_body_to_others(self):
        """A view that would have more of it cannot be defined"""

        def two(a=Files(), b=Files()):
            pass

        def field(a=Files(), b=Json(str)):
            pass

        def query(a=Files(), b=Query(int)):
            pass

        for view in (two, field):
            self.assertRaises(TypeError, Validator(), view)
        Validator()(query)

    def test_fields_come_before_the_files(self):
        """They are read first; one behind them, or none where it is needed, is a 400"""

        @Validator()
        def view(file=Files(), title=Form(str), day=Form(date, optional=True)):
            return [
                title,
                str(day),
                [[one.filename, b"".join(one.blocks).decode()] for one in file],
            ]

        app = create_app(config_dict["testing"])
        app.add_url_rule("/view", "view", view, methods=["POST"])
        send = functools.partial(app.test_client().post, "/view", content_type=FORM)
        title, day = part(b"T", None, "title"), part(b"2026-01-31", None, "day")
        other = part(b"x", None, "other")
        response = send(data=form(title, other, day, part(b"1"), part(b"2", "b"), other))
        self.assertEqual(response.json, ["T", "2026-01-31", [["a.txt", "1"], ["b", "2"]]])
        order = "end the fields of the form before its files."
        for parts, status, words in (
            ((part(b"1"), title), 400, f"Form field 'title' is missing: s{order}"),
            ((title, part(b"1"), day), 400, f"S{order}"),
            ((title, title, part(b"1")), 400, "Form field 'title' is given 2 times: give it once."),
            ((title,), 400, "File 'file' is missing."),
            ((part(b"\xff", None, "title"), part(b"1")), 400, "The form is not valid UTF-8."),
            ((part(bytes(2**20 + 1), None), part(b"1")), 413, "The body is too large: send less."),
        ):
            response = send(data=form(*parts))
            self.assertEqual((response.status_code, response.json["description"]), (status, words))

    def test_anything_that_ends_an_upload_undoes_it(self):
        """The end of the process and of the thread, too"""
        for error in (KeyboardInterrupt, SystemExit, GeneratorExit, ZeroDivisionError):
            model = mock.create_autospec(File, instance=True)
            model.new_file.side_effect = lambda *args: FileMock.get_file()
            model.chunks.write.side_effect = [(5, ""), error]
            uploads = [files.Upload("a.txt", None, iter([b"x"]))] * 2
            self.assertRaises(error, files.upload, model, uploads, ())
            ids = [FileMock.get_file()["_id"]] * 2
            model.delete_files.assert_called_once_with(ids)
            model.chunks.delete.assert_called_once_with(ids)
            model.insert_files.assert_not_called()

    def test_upload_that_takes_too_long_is_refused(self):
        """30 minutes: half of the time after which the sweep takes it for left behind"""
        self.assertLess(files.UPLOAD_TIME * 1.5, files.SWEEP_AGE)
        model = mock.create_autospec(File, instance=True)
        model.new_file.side_effect = lambda *args: FileMock.get_file()
        for times in ([0, 1, 1801], [0, 1, 2, 1801]):  # in a block, at the end
            model.chunks.write.side_effect = lambda file_id, blocks: (len(list(blocks)), "")
            uploads = [files.Upload("a.txt", None, iter([b"x"] * 2))]
            with (
                mock.patch("controller.file.monotonic", side_effect=times),
                self.assertRaises(Invalid) as caught,
            ):
                files.upload(model, uploads, ())
            self.assertEqual(
                str(caught.exception), "The upload took longer than 30 minutes: send less at once."
            )
        model.insert_files.assert_not_called()

    def test_sweep_looks_an_hour_back(self):
        """To the millisecond; and deletes what is of no use without the rest"""
        model = mock.create_autospec(File, instance=True)
        model.find_orphans.return_value = [{"_id": 1}]
        model.find_incomplete.return_value = [{"_id": 2}]
        now = datetime(2026, 1, 1, tzinfo=UTC)
        self.assertEqual(files.sweep(model, False, now), [{"_id": 1}, {"_id": 2}])
        for find in (model.find_orphans, model.find_incomplete):
            find.assert_called_once_with(datetime(2025, 12, 31, 23, tzinfo=UTC))
        model.chunks.delete.assert_not_called()
        files.sweep(model, True, now)
        for delete in (model.chunks.delete, model.delete_files):
            self.assertEqual(delete.call_args_list, [mock.call([1]), mock.call([2])])
