"""The typed getters, and the parsers of settings."""

import contextlib
import io
import tempfile
from pathlib import Path

from core import parser
from core.settings import Environment
from tests.case import UnitTestCase


class SettingsTestCase(UnitTestCase):
    """Environment"""

    def read(self, value, getter, *args):
        """Return what a getter makes of the variable Shop_X."""
        return getattr(Environment("Shop", {"Shop_X": value}), getter)("X", *args)

    def assert_stops(self, value, sentence, getter, *args):
        stderr = io.StringIO()
        with contextlib.redirect_stderr(stderr), self.assertRaises(SystemExit) as stopped:
            self.read(value, getter, *args)
        self.assertEqual(stopped.exception.code, 4)
        self.assertEqual(stderr.getvalue(), f"[Shop] Shop_X {sentence}\n")

    def test_booleans(self):
        """The usual spellings"""
        for value in ("1", "true", "TRUE", "yes", "on"):
            self.assertIs(self.read(value, "boolean", False), True)
        for value in ("0", "false", "No", "OFF"):
            self.assertIs(self.read(value, "boolean", True), False)
        self.assertIs(self.read("", "boolean", True), True)
        self.assert_stops("maybe", "has value 'maybe': put 1 or 0 there.", "boolean", True)

    def test_integers(self):
        """Within their bounds"""
        self.assertEqual(self.read("12", "integer", 1, 0, 20), 12)
        self.assertEqual(self.read("", "integer", 1, 0, 20), 1)
        for value in ("-1", "21", "x", "1.0", "1_0", "９", "9" * 5000):
            sentence = f"has value {value!r}: put a whole number from 0 to 20 there."
            self.assert_stops(value, sentence, "integer", 1, 0, 20)

    def test_seconds(self):
        """Finite, 0 or more"""
        self.assertEqual(self.read("0.25", "seconds", 1), 0.25)
        self.assertEqual(self.read("", "seconds", 1), 1)
        for value in ("-1", "nan", "inf", "x", "1_0"):
            sentence = f"has value {value!r}: put a number of seconds, like 0.5 there."
            self.assert_stops(value, sentence, "seconds", 1)

    def test_choices(self):
        """One of several"""
        self.assertEqual(self.read("a", "choice", "a", "b"), "a")
        self.assertIsNone(self.read("", "choice", "a", "b"))
        self.assert_stops("c", "has value 'c': put one of a, b there.", "choice", "a", "b")

    def test_parser_of_one_s_own(self):
        """A function of the text; what it raises says what to put there"""

        def even(text):
            if int(text or 1) % 2:
                raise ValueError("an even number")
            return int(text)

        self.assertEqual(self.read("4", "parsed", even), 4)
        self.assertIsNone(self.read("", "parsed", even))
        self.assert_stops("3", "has value '3': put an even number there.", "parsed", even)
        self.assert_stops("", "is not set: put an even number there.", "parsed", even, True)
        self.assert_stops("", "is not set.", "parsed", str, True)

    def test_hosts(self):
        """Names and suffixes, separated by commas"""
        self.assertEqual(
            parser.hosts("www.example.com, .Example.org,127.0.0.1,[::1]"),
            ["www.example.com", ".example.org", "127.0.0.1", "[::1]"],
        )
        for value in ("a.com:80", "http://a.com", "a,,b", "*", "a b", ".", "::1", "[::1]:80"):
            sentence = (
                f"has value {value!r}: put names without ports like"
                " www.example.com,.example.org there."
            )
            self.assert_stops(value, sentence, "parsed", parser.hosts)

    def test_proxy_hops(self):
        """The arguments of ProxyFix"""
        self.assertEqual(
            parser.proxy_hops("for=2, host=1"),
            {"x_for": 2, "x_proto": 0, "x_host": 1, "x_port": 0, "x_prefix": 0},
        )
        for value in ("1", "for", "for=x", "for=-1", "for=10", "by=1", "for=1,", "for=1,for=2"):
            sentence = (
                f"has value {value!r}: put numbers of proxies like for=1,proto=1"
                " (of for, proto, host, port, prefix) there."
            )
            self.assert_stops(value, sentence, "parsed", parser.proxy_hops)

    def test_uris(self):
        """Checked without a connection; never shown, for the password in them"""
        for uri in (
            "mongodb://127.0.0.1:27017/name",
            "mongodb://a:b%40c@h1,h2:27018/?replicaSet=rs",
            "mongodb+srv://cluster.example.com/name",
            "mongodb://host/?minPoolSize=20",
        ):
            self.assertEqual(parser.mongodb_uri(uri), uri)
        for uri in (
            *("localhost:27017", "http://localhost", "mongodb://user:p@ss@host", "mongodb://"),
            *("mongodb://user:secret@host:port", "mongodb://host/?timeoutMS=abc"),
            *("mongodb://host/?noSuchOption=1", "mongodb://host/a%00b"),
        ):
            with self.subTest(uri):
                self.assert_stops(
                    uri,
                    "is not valid: put a MongoDB URI like mongodb://127.0.0.1:27017/name,"
                    " with user name and password percent-encoded and options that pymongo"
                    " knows, there.",
                    "parsed",
                    parser.mongodb_uri,
                )

        self.assert_stops(
            "mongodb://u:secret@host/?tls=true&tlsCAFile=/nowhere/ca.pem",
            "is not valid: put a MongoDB URI whose file /nowhere/ca.pem can be read, there.",
            "parsed",
            parser.mongodb_uri,
        )

    def test_database_names(self):
        """What every MongoDB takes"""
        self.assertEqual(parser.database_name("my-db_1"), "my-db_1")
        for name in ("a b", "a.b", "a/b", "a$b", "x" * 64):
            sentence = f"has value {name!r}: put 1 to 63 letters, digits, '-' and '_' there."
            self.assert_stops(name, sentence, "parsed", parser.database_name)

    def test_tokens(self):
        """What a header can carry"""
        for value in ("two words" * 9, "한국어" * 20, "a\tb" * 20, 'quo"te' * 9):
            self.assertRaises(ValueError, parser.token, value)
            self.assertEqual(parser.secret(value), value)

    def test_log_paths(self):
        """A file that can be written"""
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "error.log")
            self.assertEqual(parser.log_path(path), path)
            sentence = f"has value {folder!r}: put the path of a file that can be written there."
            self.assert_stops(folder, sentence, "parsed", parser.log_path)

    def test_file_kinds(self):
        """Extensions and media types, in lower case, separated by commas"""
        self.assertEqual(
            parser.file_kinds(".PDF, .tar.gz,image/*,Image/svg+xml,.한글"),
            (".pdf", ".tar.gz", "image/*", "image/svg+xml", ".한글"),
        )
        for value in (
            *("pdf", ".", "*/*", "*", "image/", "a/b/c", ".a,,.b", ".a/b", ".a;.b"),
            "a/b; c=d",
        ):
            sentence = (
                f"has value {value!r}: put extensions and types like .pdf,.png,image/* there."
            )
            self.assert_stops(value, sentence, "parsed", parser.file_kinds)
