"""A file out: its headers, conditions and ranges."""

from datetime import UTC, datetime

from werkzeug.http import parse_options_header

from controller.file import Stored
from core.web.file.download import disposition, download
from tests.case import AppTestCase

BYTES = bytes(range(256)) * 4
ETAG = '"0123"'
MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT"
LATER, EARLIER = "Fri, 02 Jan 2026 00:00:00 GMT", "Wed, 31 Dec 2025 00:00:00 GMT"


class DownloadTestCase(AppTestCase):
    """download"""

    def setUp(self):
        super().setUp()
        self.body = BYTES
        self.reads = []
        self.app.add_url_rule("/down", "down", lambda: download(self.stored()))

    def stored(self):
        def blocks(start, stop):
            self.reads.append((start, stop))
            for begin in range(start, stop, 100):
                yield self.body[begin : min(begin + 100, stop)]

        created_at = datetime(2026, 1, 1, 0, 0, 0, 999000, UTC)
        return Stored("a.txt", "text/html", len(self.body), "0123", created_at, blocks)

    def get(self, method="GET", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open("/down", method=method, headers=headers)

    def test_whole_file(self):
        """Bytes and headers"""
        response = self.get()
        self.assertEqual((response.status_code, response.data), (200, BYTES))
        for name, value in {
            "Content-Type": "text/html",
            "Content-Length": "1024",
            "ETag": ETAG,
            "Last-Modified": MODIFIED,
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-cache",
            "Content-Disposition": 'attachment; filename="a.txt"',
            "Content-Security-Policy": "sandbox",
            "X-Content-Type-Options": "nosniff",
        }.items():
            self.assertEqual(response.headers.getlist(name), [value])

    def test_empty_file(self):
        """No bytes; a range of it is all of it"""
        self.body = b""
        for headers in ({}, {"Range": "bytes=0-"}, {"Range": "bytes=-5"}):
            response = self.get(**headers)
            self.assertEqual((response.status_code, response.data), (200, b""))
            self.assertEqual(response.headers["Content-Length"], "0")

    def test_ranges(self):
        """From, to, the last ones, all, one byte, beyond the end"""
        for header, start, stop in (
            ("bytes=0-0", 0, 1),
            ("bytes=0-99", 0, 100),
            ("bytes=100-299", 100, 300),
            ("bytes=1000-", 1000, 1024),
            ("bytes=1023-", 1023, 1024),
            ("bytes=0-", 0, 1024),
            ("bytes=-1", 1023, 1024),
            ("bytes=-1024", 0, 1024),
            ("bytes=1000-5000", 1000, 1024),
            (f"bytes=7-{'9' * 50}", 7, 1024),
        ):
            with self.subTest(header):
                response = self.get(Range=header)
                self.assertEqual(response.status_code, 206)
                self.assertEqual(response.data, BYTES[start:stop])
                self.assertEqual(
                    response.headers["Content-Range"], f"bytes {start}-{stop - 1}/1024"
                )
                self.assertEqual(response.headers["Content-Length"], str(stop - start))

    def test_range_outside_is_416(self):
        """With the length"""
        for header in ("bytes=1024-", f"bytes={'9' * 50}-"):
            with self.subTest(header):
                response = self.get(Range=header.encode().decode("latin-1"))
                self.assert_fails(response, 416, "The range lies outside of the file.")
                self.assertEqual(response.headers["Content-Range"], "bytes */1024")
        self.assertEqual(self.reads, [])

    def test_what_is_no_range_is_passed_over(self):
        """Malformed, turned around, another unit, several"""
        for header in ("bytes=9-1", "bytes=٠-١", "x", "", "items=0-1", "bytes=0-1,5-6"):
            response = self.get(Range=header.encode().decode("latin-1"))
            self.assertEqual((response.status_code, response.data), (200, BYTES), header)

    def test_conditions_come_before_a_range(self):
        """Whether it lies within the file or not"""
        for header in ("bytes=0-1", "bytes=5000-"):
            self.assertEqual(self.get(Range=header, If_None_Match=ETAG).status_code, 304)
            self.assertEqual(self.get(Range=header, If_Match='"old"').status_code, 412)
        self.assertEqual(self.get(If_Match="*").status_code, 200)

    def test_what_the_client_has_is_304(self):
        """If-None-Match, else If-Modified-Since"""
        for headers, status in (
            ({"If_None_Match": ETAG}, 304),
            ({"If_None_Match": f"W/{ETAG}"}, 304),
            ({"If_None_Match": f'"x", {ETAG}'}, 304),
            ({"If_None_Match": "*"}, 304),
            ({"If_None_Match": '"x"'}, 200),
            ({"If_None_Match": '"x"', "If_Modified_Since": LATER}, 200),
            ({"If_Modified_Since": MODIFIED}, 304),
            ({"If_Modified_Since": LATER}, 304),
            ({"If_Modified_Since": EARLIER}, 200),
            ({"If_Modified_Since": "yesterday"}, 200),
            ({"If_Modified_Since": f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT"}, 200),
            ({"If_Modified_Since": f"Mon, 01 Jan 2020 00:00:00 +{'9' * 20}"}, 200),
        ):
            for method in ("GET", "HEAD"):
                with self.subTest(headers, method=method):
                    self.reads.clear()
                    response = self.get(method, **headers)
                    self.assertEqual(response.status_code, status)
                    if status == 304:
                        self.assertEqual(response.data, b"")
                        self.assertEqual(response.headers["ETag"], ETAG)
                        self.assertEqual(self.reads, [])

    def test_another_version_than_the_client_has_is_412(self):
        """If-Match"""
        self.assertEqual(self.get(If_Match=ETAG).status_code, 200)
        response = self.get(If_Match='"x"')
        self.assertEqual((response.status_code, response.json["msg"]), (412, "fail"))


class DispositionTestCase(AppTestCase):
    """The name that a file is saved under"""

    def test_names(self):
        """Quotes, lines, percents, other scripts: in the plain form and the true one"""
        for name, plain in (
            ("a.txt", "a.txt"),
            ("a b;c=d.txt", "a b;c=d.txt"),
            ('a "b".txt', "a _b_.txt"),
            ("a\\b", "a_b"),
            ("a\r\nb", "a__b"),
            ("100%.txt", "100_.txt"),
            ("Ärger.txt", "Arger.txt"),
            ("A\u0308rger.txt", "Arger.txt"),  # as macOS writes it
            ("안녕.txt", ".txt"),
            ("\U0001f600.png", ".png"),
            ("\uff0e\uff0e\uff0fetc\uff0fpasswd", ".._etc_passwd"),
            ("\u2100", "a_c"),
            ("\u3000" * 3, "file"),
            ("\uff0e\uff0e", "file"),
        ):
            with self.subTest(name):
                header = disposition(name)
                self.assertTrue(header.isascii() and header.isprintable(), header)
                self.assertTrue(header.startswith(f'attachment; filename="{plain}"'), header)
                kind, options = parse_options_header(header)
                self.assertEqual((kind, options["filename"]), ("attachment", name))
                self.assertEqual("filename*" in header, plain != name)
