"""What a file may be called, and what it may be."""

from controller.error import Invalid
from core import file as file_kind
from tests.case import UnitTestCase


class NameTestCase(UnitTestCase):
    """Names"""

    def test_names_stay_what_they_are(self):
        """Any script, quotes, dots, 255 letters"""
        for name in ("a.txt", "안녕.pdf", 'a "b".txt', ".env", "a b", "%0D%0A", "x" * 255, "a;b=c"):
            self.assertEqual(file_kind.name(name), name)

    def test_folders_are_cut_off(self):
        """Of any system"""
        for given, name in (
            ("/etc/passwd", "passwd"),
            ("../../etc/passwd", "passwd"),
            (r"C:\fakepath\a.txt", "a.txt"),
            (r"..\a/b\c.txt", "c.txt"),
            ("  a.txt ", "a.txt"),
        ):
            self.assertEqual(file_kind.name(given), name)

    def test_what_no_name_may_hold_is_replaced(self):
        """Control characters, ends of lines, what turns the order of letters around"""
        for given in (
            *("a\u200bb", "a\u200eb", "a\u2060b", "a\u3164b", "a\ufeffb", "a\nb", "a\r\nb"),
            *("a\x00b", "a\x7fb", "a\x85b", "a\u2028b", "a\u202eb"),
        ):
            self.assertRegex(file_kind.name(given), "^a__?b$")
        self.assertEqual(file_kind.name("evil\u202egpj.exe"), "evil_gpj.exe")

    def test_what_is_no_name_is_refused(self):
        """Nothing, folders alone, too long, no UTF-8"""
        for given, sentence in (
            ("/", "The name of a file is only a folder."),
            (".", "The name of a file is only a folder."),
            ("a/..", "The name of a file is only a folder."),
            (" ", "The name of a file is only a folder."),
            ("x" * 256, "The name of a file must have a length of 255 or less."),
            ("a\ufffd", "The name of a file is not valid UTF-8."),
        ):
            with self.assertRaises(Invalid) as caught:
                file_kind.name(given)
            self.assertEqual(str(caught.exception), sentence)


class MediaTypeTestCase(UnitTestCase):
    """Media types"""

    def test_types_stay_what_they_are(self):
        """With parameters; without any it is that of any bytes"""
        for given in (
            *("image/png", "text/plain; charset=utf-8", 'multipart/mixed;boundary="a b"; x=1'),
            *("application/vnd.api+json", "text/plain;", r'text/plain; a="b\"c"'),
        ):
            self.assertEqual(file_kind.media_type(given), given)
            self.assertEqual(file_kind.known_type(given), given)
        for nothing in (None, ""):
            self.assertEqual(file_kind.media_type(nothing), "application/octet-stream")

    def test_what_no_header_can_carry_is_refused(self):
        """Or not passed on, when somebody else has stored it"""
        for given in (
            *("text", "/", "text/", "text/html\r\nX: y", "텍스트/한글", "a/b; c"),
            *("a/b\n", "a/" + "b" * 254, 'a/b; c="\x7f"', 'a/b; c="', "a/b, c/d"),
        ):
            with self.subTest(given):
                self.assertRaises(Invalid, file_kind.media_type, given)
                self.assertEqual(file_kind.known_type(given), "application/octet-stream")
        for stored in (None, 1, {"$gt": ""}):
            self.assertEqual(file_kind.known_type(stored), "application/octet-stream")


class AcceptedTestCase(UnitTestCase):
    """UPLOAD_KINDS"""

    def test_any_file_where_nothing_is_set(self):
        """None at all"""
        self.assertTrue(file_kind.is_accepted("x", "a/b", ()))

    def test_ending_or_type_has_to_fit(self):
        """One of the list is enough"""
        for kinds, name, media_type, expected in (
            ((".pdf",), "a.PDF", "x/y", True),
            ((".pdf",), "a.pdf.exe", "application/pdf", False),
            ((".pdf", "image/*"), "a.pdf", "application/pdf", True),
            ((".pdf", "image/*"), "a.svg", "image/svg+xml", True),
            ((".tar.gz", ".zip"), "a.tar.gz", "x/y", True),
            (("image/png",), "a", "IMAGE/PNG; q=1", True),
            (("image/png",), "a", "image/pngx", False),
            (("image/*",), "a", "imagex/png", False),
        ):
            with self.subTest(kinds=kinds, name=name, media_type=media_type):
                self.assertEqual(file_kind.is_accepted(name, media_type, kinds), expected)
