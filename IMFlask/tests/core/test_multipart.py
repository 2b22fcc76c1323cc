"""A multipart form, read part by part."""

import time
import tracemalloc

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from core.web.multipart import HEAD_LIMIT, read_parts
from tests.case import UnitTestCase

HEAD = b'Content-Disposition: form-data; name="a"; filename="b"'


def cut(body, *ends):
    """Yield the body in blocks that end at these places."""
    start = 0
    for end in (*ends, len(body)):
        yield body[start:end]
        start = end


class MultipartTestCase(UnitTestCase):
    """read_parts"""

    def read(self, body, *ends, boundary="x", limit=None):
        parts = read_parts(cut(body, *ends), boundary, limit)
        return [
            (part.name, part.filename, part.content_type, b"".join(part.blocks)) for part in parts
        ]

    def assert_refused(self, body, **kwargs):
        with self.assertRaises(BadRequest):
            self.read(body, **kwargs)

    def test_parts(self):
        """Files and fields, their headers in any case; of several of a name the first"""
        body = (
            b"--x\r\n" + HEAD + b"\r\ncontent-TYPE:  text/plain \r\n"
            b"Content-Type: text/html\r\nContent-Disposition: form-data; name=z\r\n\r\none\r\n"
            b'--x\r\nX: y\r\ncontent-disposition: form-data;\r\n name="c"\r\n\r\ntwo\r\n'
            b"--x\r\nContent-Disposition: form-data\r\n\r\nthree\r\n"
            b"--x\r\n\r\nfour\r\n--x--\r\n"
        )
        self.assertEqual(
            self.read(body),
            [
                ("a", "b", "text/plain", b"one"),
                ("c", None, None, b"two"),
                (None, None, None, b"three"),
                (None, None, None, b"four"),
            ],
        )

    def test_the_same_wherever_it_is_torn(self):
        """At every byte, at every two, a few at a time: spaces, empty parts, what is almost one"""
        body = (
            b"before\r\n--x \r\n" + HEAD + b"\r\n\r\n\r\n--\r\n-\r\r\n"
            b"\r\n--x\t  \r\n" + HEAD + b"\r\n\r\n--x"  # its line break is the delimiter's
            b"\r\n" + HEAD + b"\r\n\r\n\n--x\n"
            b"\r\n--x\r\n\r\n\r\n--x--  \r\nbehind\r\n--x\r\nit"
        )
        whole = self.read(body)
        self.assertEqual([data for *_, data in whole], [b"\r\n--\r\n-\r\r\n", b"", b"\n--x\n", b""])
        ends = range(1, len(body))
        for ways in (
            [(end,) for end in ends],
            [(end, end + gap) for gap in (1, 2, 3, 5) for end in ends],
            [range(step, len(body), step) for step in (1, 2, 3, 7)],
        ):
            for way in ways:
                self.assertEqual(self.read(body, *way), whole)

    def test_what_the_reader_leaves_is_passed_over(self):
        """A part that nobody reads, or only the beginning of it"""
        body = b"".join(
            b"--x\r\n" + HEAD + b"\r\n\r\n" + b"%d" % n * 100 + b"\r\n" for n in range(3)
        )
        parts = read_parts(cut(body + b"--x--", *range(1, len(body), 10)), "x", None)
        next(parts)
        next(next(parts).blocks)
        self.assertEqual(b"".join(next(parts).blocks), b"2" * 100)
        self.assertRaises(StopIteration, next, parts)

    def test_all_of_the_body_is_read(self):
        """What comes behind the form as well"""
        blocks = cut(b"--x--\r\n" + b"y" * 100, 5, 50)
        self.assertEqual(list(read_parts(blocks, "x", None)), [])
        self.assertRaises(StopIteration, next, blocks)

    def test_little_is_kept(self):
        """Of a long part, of what is before the form and behind it"""
        for body in (
            b"--x\r\n" + HEAD + b"\r\n\r\n" + b"\r\n--" * 300_000 + b"\r\n--x--",
            b"\r\n--" * 300_000 + b"\r\n--x--",
            b"--x--" + b"\r\n--x" * 300_000,
        ):
            tracemalloc.start()
            for part in read_parts(cut(body, *range(1000, len(body), 1000)), "x", None):
                for _ in part.blocks:
                    pass
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            self.assertLess(peak, 100_000)

    def test_malformed_forms_are_refused(self):
        """No boundary, another one, no end, half a head, more in a line than there may be"""
        for boundary in ("", "y", "x\n", "한"):
            self.assert_refused(b"--x\r\n" + HEAD + b"\r\n\r\n\r\n--x--", boundary=boundary)
        for body in (
            *(b"", b"--", b"--x", b"--x-", b"--x\r\n", b"--x\n--x--", b"nonsense", b"\r\n--xy\r\n"),
            b"--x\r\n" + HEAD,
            b"--x\r\n" + HEAD + b"\r\n\r\none",
            b"--x\r\nno head\r\n\r\n--x--",
            b"--x\r\n" + HEAD + b"\r\n\r\none\n--x--",
            b"--x\r\nA: \xff\r\n\r\n\r\n--x--",
        ):
            with self.subTest(body):
                self.assert_refused(body)

    def test_headers_are_named_as_headers_are(self):
        """No blank before a name or its colon; folded lines are one"""
        for line in (b" A: b", b"A : b", b"\tA: b", b": b", b"\xed\x95\x9c: b"):
            body = b"--x\r\n" + line + b"\r\nB: c\r\n\r\n1\r\n--x--"
            with self.subTest(line):
                self.assert_refused(body)
        body = b'--x\r\nContent-Disposition: form-data;\r\n name="a"\r\n\r\n1\r\n--x--'
        self.assertEqual(self.read(body), [("a", None, None, b"1")])

    def test_long_heads_are_refused(self):
        """Over 16 KiB, wherever they end"""
        for size, refused in ((HEAD_LIMIT - 100, False), (HEAD_LIMIT + 1, True), (10**6, True)):
            body = b"--x\r\nA: " + b"b" * size + b"\r\n\r\none\r\n--x--"
            if refused:
                self.assert_refused(body)
                self.assert_refused(b"--x" + b" " * size + b"\r\n" + HEAD + b"\r\n\r\n\r\n--x--")
            else:
                self.assertEqual(self.read(body), [(None, None, None, b"one")])

    def test_long_heads_are_refused_in_total_as_well(self):
        """Over 512 KiB; a form of 1,000 files with long names is not"""
        part = b"--x\r\n" + HEAD + b"x" * 300 + b"\r\nContent-Type: image/png\r\n\r\n1\r\n"
        self.assertEqual(len(self.read(part * 1000 + b"--x--")), 1000)
        head = b"Content-Disposition: form-data" + b';a="' * 4000
        start = time.process_time()
        with self.assertRaises(RequestEntityTooLarge):
            self.read((b"--x\r\n" + head + b"\r\n\r\n\r\n") * 1000 + b"--x--")
        self.assertLess(time.process_time() - start, 3)  # 0.2; all of them would take 15

    def test_many_parts_are_refused(self):
        """More than the limit"""
        body = b"--x\r\n\r\n\r\n" * 5 + b"--x--"
        self.assertEqual(len(self.read(body, limit=5)), 5)
        with self.assertRaises(RequestEntityTooLarge) as caught:
            self.read(body, limit=4)
        self.assertEqual(caught.exception.description, "The form has more than 4 parts.")

    def test_backslashes_in_a_name_are_its_own(self):
        """Browsers do not escape them; curl does"""
        for given, name in (
            (r"C:\Users\nb\report.txt", "report.txt"),
            (r"\\srv\share\new.txt", "new.txt"),
            (r"a \"b\".txt", 'a "b".txt'),
            (r"a\\b", "b"),
        ):
            head = f'Content-Disposition: form-data; name="a"; filename="{given}"'.encode()
            ((_, found, _, _),) = self.read(b"--x\r\n" + head + b"\r\n\r\n\r\n--x--")
            self.assertEqual(found.rpartition("\\")[2], name)

    def test_transfer_encodings_are_refused(self):
        """But those that change nothing (RFC 7578, 4.7)"""
        for encoding, is_taken in (("binary", True), ("7BIT", True), ("base64", False)):
            head = HEAD + f"\r\nContent-Transfer-Encoding: {encoding}".encode()
            body = b"--x\r\n" + head + b"\r\n\r\nYQ==\r\n--x--"
            if is_taken:
                self.assertEqual(len(self.read(body)), 1)
            else:
                self.assertRaises(UnsupportedMediaType, self.read, body)
