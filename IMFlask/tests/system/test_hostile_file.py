"""Forms that no client should send, to real servers: no 5xx, no waiting, nothing stored."""

from model import init_db
from tests.system import hostile
from tests.system.case import TOKEN
from tests.system.hostile import request

BEARER = f"Authorization: Bearer {TOKEN}"
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\none'


def upload(body, content_type="multipart/form-data; boundary=x", **kwargs):
    """Return an upload with a raw form."""
    return request("POST /sample/file", body, BEARER, f"Content-Type: {content_type}", **kwargs)


def upload_chunks(end):
    """Return an upload in chunks, whose last ones are raw."""
    head = request(
        "POST /sample/file",
        b"",
        BEARER,
        "Content-Type: multipart/form-data; boundary=x",
        "Transfer-Encoding: chunked",
    )
    return head + b"%x\r\n%s\r\n" % (len(PART), PART) + end


CASES = {
    "a form that is shorter than its length": (upload(PART + b"\r\n--x--", length=999), {400, 0}),
    "a form with a boundary of 60,000 letters": (
        upload(b"--" + b"y" * 60_000 + b"--", "multipart/form-data; boundary=" + "y" * 60_000),
        {400, 0},
    ),
    "a form in chunks that end early": (upload_chunks(b""), {400, 0}),
    "a form in half a chunk": (upload_chunks(b"10\r\n--x--"), {400, 0}),
    "a form in a chunk whose size is none": (upload_chunks(b"xyz\r\n--x--\r\n"), {400, 0}),
    "a form in chunks without its end": (upload_chunks(b"0\r\n\r\n"), {400}),
    "a file of a strange id": (request("GET /sample/file/%7B%22$ne%22:1%7D"), {400}),
}


class HostileFormTests(hostile.HostileTests):
    """What the endpoints of files may be sent"""

    cases = CASES

    def setUp(self):
        super().setUp()
        init_db(self.database)

    def check_unharmed(self):
        for name in ("fs.files", "fs.chunks"):
            self.assertEqual(self.database[name].count_documents({}), 0)


class FlaskRunTestCase(HostileFormTests, hostile.FlaskRun):
    """flask run, in debug"""


class GranianTestCase(HostileFormTests, hostile.Granian):
    """Granian, in production"""


class GunicornTestCase(HostileFormTests, hostile.Gunicorn):
    """gunicorn, in production"""
