"""Settings: how each is read, and what stops the start."""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

import config
from config import APP_NAME
from tests.case import UnitTestCase

ROOT = Path(config.__file__).parent

# What production needs.
PRODUCTION = {
    "FLASK_CONFIG": "production",
    "MONGODB_URI": "mongodb://127.0.0.1",
    "SECRET_KEY": "x" * 32,
    "ADMIN_TOKEN": "x" * 32,
}
# A setting, what its variable says, what it is then.
SETTINGS = [
    ("TIMER_OUTPUT", "log", "log"),
    ("SLOW_API_TIME", "2", 2.0),
    ("LOG_REQUESTS", "0", False),
    ("MONGODB_NAME", "shop", "shop"),
    ("HSTS_SECONDS", "60", 60),
    ("TRUSTED_HOSTS", "a.example", ["a.example"]),
    ("ADMIN_TOKEN", "a" * 32, "a" * 32),
    ("API_LOGGING", "0", False),
    ("LOG_RETENTION_DAYS", "7", 7),
    ("OPENAPI", "0", False),
    ("MAX_UPLOAD_SIZE", "9", 9),
    ("UPLOAD_KINDS", ".pdf", (".pdf",)),
]
# A setting, its default in development, production, testing.
DEFAULTS = [
    ("TIMER_OUTPUT", None, "none", "none"),
    ("SLOW_API_TIME", 0.5, 0.5, 0.5),
    ("LOG_REQUESTS", True, True, False),
    ("LOG_FORMAT", "readable", "json", None),
    ("MONGODB_NAME", None, None, None),
    ("API_LOGGING", True, False, False),
    ("LOG_RETENTION_DAYS", 30, 30, 30),
    ("OPENAPI", True, False, False),
    ("MAX_UPLOAD_SIZE", 67108864, 67108864, 67108864),
    ("UPLOAD_KINDS", (), (), ()),
]


class GetterCase(UnitTestCase):
    """What asks a typed getter."""

    def with_value(self, value, getter, *args):
        with mock.patch.dict(os.environ, {config.variable("X"): value}):
            return getter("X", *args)

    def assert_stops(self, value, sentence, getter, *args):
        stderr = io.StringIO()
        with contextlib.redirect_stderr(stderr), self.assertRaises(SystemExit) as stopped:
            self.with_value(value, getter, *args)
        self.assertEqual(stopped.exception.code, 4)
        self.assertEqual(stderr.getvalue(), f"[{APP_NAME}] {APP_NAME}_X {sentence}\n")


class GetterTestCase(GetterCase):
    """The typed getters"""

    def test_names_of_variables(self):
        """Ours have the prefix, Flask's keep theirs"""
        self.assertEqual(config.variable("SECRET_KEY"), f"{APP_NAME}_SECRET_KEY")
        self.assertEqual(config.variable("FLASK_ENV"), "FLASK_ENV")

    def test_text_stays_text(self):
        """A numeric one too; an empty one is unset"""
        self.assertEqual(self.with_value("007", config.text), "007")
        self.assertIsNone(self.with_value("", config.text))

    def test_booleans(self):
        """The usual spellings"""
        for value in ("1", "true", "TRUE", "yes", "on"):
            self.assertIs(self.with_value(value, config.boolean, False), True)
        for value in ("0", "false", "No", "OFF"):
            self.assertIs(self.with_value(value, config.boolean, True), False)
        self.assertIs(self.with_value("", config.boolean, True), True)
        self.assert_stops("maybe", "has value 'maybe': put 1 or 0 there.", config.boolean, True)

    def test_hosts(self):
        """Names and suffixes, with a comma between"""
        self.assertIsNone(self.with_value("", config.hosts))
        self.assertEqual(
            self.with_value("www.example.com, .Example.org,127.0.0.1", config.hosts),
            ["www.example.com", ".example.org", "127.0.0.1"],
        )
        for value in ("example.com:80", "http://example.com", "a,,b", "*", "a b", ".", "[::1]"):
            sentence = (
                f"has value {value!r}: put names without ports like"
                " www.example.com,.example.org there."
            )
            self.assert_stops(value, sentence, config.hosts)

    def test_proxy_hops(self):
        """The arguments of ProxyFix"""
        self.assertIsNone(self.with_value("", config.proxy_hops))
        self.assertEqual(
            self.with_value("for=2, host=1", config.proxy_hops),
            {"x_for": 2, "x_proto": 0, "x_host": 1, "x_port": 0, "x_prefix": 0},
        )
        for value in ("1", "for", "for=x", "for=-1", "for=10", "by=1", "for=1,", "for=1,for=2"):
            sentence = (
                f"has value {value!r}: put numbers of proxies like for=1,proto=1"
                " (of for, proto, host, port, prefix) there."
            )
            self.assert_stops(value, sentence, config.proxy_hops)

    def test_integers(self):
        """Within their bounds"""
        self.assertEqual(self.with_value("12", config.integer, 1, 0, 20), 12)
        self.assertEqual(self.with_value("", config.integer, 1, 0, 20), 1)
        for value in ("-1", "21", "x", "1.0", "1_0", "９", "9" * 5000):
            sentence = f"has value {value!r}: put a whole number from 0 to 20 there."
            self.assert_stops(value, sentence, config.integer, 1, 0, 20)

    def test_seconds(self):
        """Finite, 0 or more"""
        self.assertEqual(self.with_value("0.25", config.seconds, 1), 0.25)
        self.assertEqual(self.with_value("", config.seconds, 1), 1)
        for value in ("-1", "nan", "inf", "x", "1_0"):
            sentence = f"has value {value!r}: put a number of seconds, like 0.5 there."
            self.assert_stops(value, sentence, config.seconds, 1)

    def test_choices(self):
        """One of several"""
        self.assertEqual(self.with_value("a", config.choice, ("a", "b")), "a")
        self.assertIsNone(self.with_value("", config.choice, ("a", "b")))
        self.assert_stops("c", "has value 'c': put one of a, b there.", config.choice, ("a", "b"))

    def test_uris(self):
        """Checked without a connection; never shown, for the password in them"""
        for uri in (
            "mongodb://127.0.0.1:27017/name",
            "mongodb://a:b%40c@h1,h2:27018/?replicaSet=rs",
            "mongodb+srv://cluster.example.com/name",
            "mongodb://host/?minPoolSize=20",
            "mongodb://host/?compressors=zstd,snappy",
        ):
            self.assertEqual(self.with_value(uri, config.mongodb_uri), uri)
        for uri in (
            "localhost:27017",
            "http://localhost",
            "mongodb://user:p@ss@host",
            "mongodb://user:secret@host:port",
            "mongodb://",
            "mongodb://host/?timeoutMS=abc",
            "mongodb://host/?noSuchOption=1",
            "mongodb://host/a%00b",
        ):
            with self.subTest(uri):
                self.assert_stops(
                    uri,
                    "is not a MongoDB URI: put one like mongodb://127.0.0.1:27017/name"
                    " there, with user name and password percent-encoded and options that"
                    " pymongo knows.",
                    config.mongodb_uri,
                )

    def test_database_names(self):
        """What every MongoDB takes"""
        self.assertEqual(self.with_value("my-db_1", config.database_name), "my-db_1")
        for name in ("a b", "a.b", "a/b", "a$b", "x" * 64):
            sentence = f"has value {name!r}: put 1 to 63 letters, digits, '-' and '_' there."
            self.assert_stops(name, sentence, config.database_name)

    def test_log_paths(self):
        """A file that can be written"""
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "error.log")
            self.assertEqual(self.with_value(path, config.log_path), path)
            sentence = f"has value {folder!r}: put the path of a file that can be written there."
            self.assert_stops(folder, sentence, config.log_path)


class FileKindsTestCase(GetterCase):
    """file_kinds"""

    def test_file_kinds(self):
        """Endings and media types, in lower case, with a comma between"""
        self.assertEqual(self.with_value("", config.file_kinds), ())
        self.assertEqual(
            self.with_value(".PDF, .tar.gz,image/*,Image/svg+xml,.한글", config.file_kinds),
            (".pdf", ".tar.gz", "image/*", "image/svg+xml", ".한글"),
        )
        for value in (
            "pdf",
            ".",
            "*/*",
            "*",
            "image/",
            "a/b/c",
            ".a,,.b",
            ".a/b",
            ".a;.b",
            "a/b; c=d",
        ):
            sentence = f"has value {value!r}: put endings and types like .pdf,.png,image/* there."
            self.assert_stops(value, sentence, config.file_kinds)


class StartCase(UnitTestCase):
    """What starts in a process of its own."""

    def start(self, code="", folder=None, **environ):
        """Import config in a fresh interpreter, print `code`; `K=...` is `<APP_NAME>_K`."""
        ours = {
            name if name.startswith("FLASK") else config.variable(name): value
            for name, value in environ.items()
        }
        inherited = {
            name: value
            for name, value in os.environ.items()
            # In upper case, as Windows has them.
            if not name.upper().startswith(("FLASK_", f"{APP_NAME.upper()}_"))
        }
        return subprocess.run(
            [sys.executable, "-c", f"import os, config\nprint({code})"],
            cwd=folder or self.folder,
            env=inherited | ours | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def setUp(self):
        super().setUp()
        # A copy: beside the original there may be somebody's .env.
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "a" / "b"
        self.folder.mkdir(parents=True)
        (self.folder / "config.py").write_bytes((ROOT / "config.py").read_bytes())

    def assert_stops(self, sentence, **environ):
        done = self.start(**environ)
        self.assertEqual(done.stderr, f"[{APP_NAME}] {sentence}\n")
        self.assertEqual((done.returncode, done.stdout), (4, ""))

    def assert_prints(self, expected, code, **environ):
        done = self.start(code, **environ)
        self.assertEqual((done.stdout.strip(), done.stderr), (expected, ""))


class StartTestCase(StartCase):
    """The start"""

    def test_development_needs_nothing(self):
        """An empty environment"""
        self.assert_prints(
            "DevelopmentConfig None True",
            "config.config.__name__, config.config.MONGODB_URI, config.config.DEBUG",
        )

    def test_config_is_one_of_three(self):
        """FLASK_CONFIG"""
        self.assert_stops(
            "FLASK_CONFIG has value 'prod': put one of development, testing, production there.",
            FLASK_CONFIG="prod",
        )

    def test_production_needs_a_database_and_a_key(self):
        """What has no safe default"""
        self.assert_stops(
            f"{APP_NAME}_MONGODB_URI is not set: production needs the URI of its MongoDB,"
            " like mongodb://127.0.0.1:27017/name.",
            FLASK_CONFIG="production",
        )
        uri = "mongodb://127.0.0.1/name"
        for key in ("", "short", "x" * 31):
            self.assert_stops(
                f"{APP_NAME}_SECRET_KEY is not set to 32 characters or more: put the output"
                " of `python -c 'import secrets; print(secrets.token_hex(32))'` there.",
                FLASK_CONFIG="production",
                MONGODB_URI=uri,
                SECRET_KEY=key,
            )
        code = "config.config.MONGODB_URI, config.config.SECRET_KEY, config.config.LOG_FORMAT"
        self.assert_prints(f"mongodb://127.0.0.1 {'x' * 32} json", code, **PRODUCTION)

    def show(self, table, column, **environ):
        """Assert the values of a table's settings, which are in its `column`."""
        names = [row[0] for row in table]
        self.assert_prints(
            str([row[column] for row in table]),
            f"[getattr(config.config, name) for name in {names}]",
            **environ,
        )

    def test_settings_are_read_under_development_and_production(self):
        """Each from its variable; not under testing"""
        given = {name: value for name, value, _ in SETTINGS}
        self.show(SETTINGS, 2, **given)
        self.show(SETTINGS, 2, **PRODUCTION | given)
        path = str(self.folder / "error.log")
        code = "config.config.ERROR_LOG_PATH"
        self.assert_prints(path, code, ERROR_LOG_PATH=path, **PRODUCTION)
        self.show(DEFAULTS, 3, FLASK_CONFIG="testing", **given)

    def test_defaults(self):
        """Where nothing is set"""
        self.show(DEFAULTS, 1)
        self.show(DEFAULTS, 2, **PRODUCTION)
        self.show(DEFAULTS, 3, FLASK_CONFIG="testing")

    def test_secret_key_of_development_is_random(self):
        """Another in each process, unless it is set"""
        code = "config.config.SECRET_KEY"
        keys = {self.start(code).stdout for _ in range(2)}
        self.assertEqual(len(keys), 2)
        self.assertEqual({len(key.strip()) for key in keys}, {64})
        self.assert_prints("mine", code, SECRET_KEY="mine")

    def test_every_configuration_knows_its_kind(self):
        """And what is derived from one is of its kind; the base is taken for production"""
        for kind in ("development", "testing", "production"):
            self.assertEqual(config.config_dict[kind].KIND, kind)
        self.assertEqual(config.Config.KIND, "production")

    def test_example_shows_the_defaults(self):
        """Where a setting has one that is the same everywhere"""
        example = (ROOT.parent / ".env.example").read_text()
        shown = re.findall(r"(?m)^# [A-Za-z0-9_]+?_([A-Z_]+)=(.+)$", example)
        self.assertGreater(len(shown), 3)
        for key, value in shown:
            if key != "CONFIG":  # Flask's
                default = getattr(config.DevelopmentConfig, key)
                self.assertEqual(value, str(int(default) if default is True else default), key)
        self.assertIn("# FLASK_CONFIG=development\n", example)

    def test_testing_reads_no_database(self):
        """But that of the integration tests"""
        self.assert_prints(
            "None mongodb://127.0.0.1/tests",
            "config.config.MONGODB_URI, config.config.TEST_MONGODB_URI",
            FLASK_CONFIG="testing",
            MONGODB_URI="nonsense",
            TEST_MONGODB_URI="mongodb://127.0.0.1/tests",
        )

    def test_debug_is_settled(self):
        """FLASK_ENV and FLASK_DEBUG, as Flask 2.0 meant them"""
        for expected, environ in (
            ("1", {}),
            ("1", {"FLASK_ENV": "development"}),
            ("0", {"FLASK_ENV": "production"}),
            ("1", {"FLASK_ENV": "production", "FLASK_DEBUG": "1"}),
            ("0", {"FLASK_DEBUG": "0"}),
            ("0", {"FLASK_DEBUG": "false"}),
            ("0", {"FLASK_CONFIG": "testing", "FLASK_DEBUG": "1"}),
            ("0", {**PRODUCTION, "FLASK_DEBUG": "1", "FLASK_ENV": "development"}),
        ):
            with self.subTest(environ):
                self.assert_prints(
                    f"{expected} {expected == '1'}",
                    "os.environ['FLASK_DEBUG'], config.config.DEBUG",
                    **environ,
                )
        self.assert_stops(
            "FLASK_ENV has value 'test': put one of development, production there.",
            FLASK_ENV="test",
        )

    def test_bad_setting_stops_the_start(self):
        """Of ours"""
        self.assert_stops(
            f"{APP_NAME}_HSTS_SECONDS has value 'x':"
            " put a whole number from 0 to 1000000000 there.",
            HSTS_SECONDS="x",
        )

    def test_variable_that_is_no_setting_is_named(self):
        """A misspelt one, in the environment or in .env; another program's is not"""
        misspelt = f"{APP_NAME}_MONGODB_UIR"
        lower = f"{APP_NAME.lower()}_secret_key"
        (self.folder / ".env").write_text(f"{lower}=x\nOTHER_{APP_NAME}_X=1\n")
        done = self.start("config.APP_NAME", MONGODB_UIR="x", MONGODB_NAME="x")
        self.assertEqual(
            done.stderr.splitlines(),
            sorted(
                f"[{APP_NAME}] {name} is no setting, and does not count."
                for name in (misspelt, lower)
            ),
        )
        self.assertEqual(done.stdout.strip(), APP_NAME)

    def test_env_file_is_read_from_the_folder_or_the_one_above(self):
        """And no further up; the environment comes first"""
        code = "config.config.MONGODB_NAME, config.config.SLOW_API_TIME"
        line = f"{APP_NAME}_MONGODB_NAME="
        top = self.folder.parent.parent / ".env"
        top.write_text(f"{line}top")
        self.assert_prints("None 0.5", code)
        (self.folder.parent / ".env").write_text(f"{line}above\n{APP_NAME}_SLOW_API_TIME=2\n")
        self.assert_prints("above 2.0", code)
        (self.folder / ".env").write_text(f"{line}beside")
        self.assert_prints("beside 0.5", code)
        self.assert_prints("given 0.5", code, MONGODB_NAME="given")
        self.assert_prints("beside 0.5", code, MONGODB_NAME="")
        # Found from any working directory.
        with tempfile.TemporaryDirectory() as elsewhere:
            done = self.start(code, elsewhere)
        self.assertEqual(done.stdout.strip(), "beside 0.5")

    def test_env_file_may_be_written_as_editors_do(self):
        """A BOM, CRLF, quotes, comments, export"""
        (self.folder / ".env").write_bytes(
            f"\ufeff{APP_NAME}_MONGODB_NAME='a' # why\r\n\r\n"
            f'export {APP_NAME}_SLOW_API_TIME="2"\r\n'.encode()
        )
        self.assert_prints("a 2.0", "config.config.MONGODB_NAME, config.config.SLOW_API_TIME")

    def test_unreadable_env_file_stops_the_start(self):
        """One sentence"""
        for content in (b"A=\xff\xfe", b"A='x\0y'", b"'A=B'=1", "A=1".encode("utf-16")):
            (self.folder / ".env").write_bytes(content)
            self.assert_stops(".env cannot be read: make it a UTF-8 file of lines NAME=value.")

    def test_bad_line_of_the_env_file_stops_the_start(self):
        """It would else be passed over, and with it FLASK_CONFIG=production"""
        for line in ("FLASK_CONFIG", "FLASK_CONFIG production", "FLASK_CONFIG: production", "A='b"):
            (self.folder / ".env").write_text(f"# comment\n\n{line}\nB=1\n")
            self.assert_stops(".env is wrong at line 2 or below: put NAME=value there.")

    def test_app_name_is_a_variable_s_name(self):
        """Letters, digits, underscores"""
        source = (self.folder / "config.py").read_text()
        for name, code in (("My-App", 4), ("My App", 4), ("My_App2", 0)):
            (self.folder / "config.py").write_text(
                source.replace(f'APP_NAME = "{APP_NAME}"', f'APP_NAME = "{name}"', 1)
            )
            self.assertEqual(self.start().returncode, code)

    def test_example_names_every_setting(self):
        """.env.example, each commented out, with its default"""
        example = (ROOT.parent / ".env.example").read_text()
        source = (ROOT / "config.py").read_text()
        read = set(
            re.findall(
                r"(?:text|choice|boolean|integer|seconds|mongodb_uri|database_name"
                r'|log_path)\(\s*"([A-Z_]+)"',
                source,
            )
        )
        self.assertGreater(len(read), 9)
        for key in read:
            # The example keeps its prefix when the app gets another name.
            prefix = "" if key.startswith("FLASK_") else "[A-Za-z0-9]+_"
            self.assertRegex(example, rf"(?m)^# {prefix}{key}=")
        for line in example.splitlines():
            self.assertTrue(not line or line.startswith("#"), line)


class AdminTokenTestCase(StartCase):
    """ADMIN_TOKEN"""

    def test_production_needs_one(self):
        """Of 32 characters; nothing else does"""
        for token in ("", "short", "x" * 31):
            self.assert_stops(
                f"{APP_NAME}_ADMIN_TOKEN is not set to 32 characters or more: put the output"
                " of `python -c 'import secrets; print(secrets.token_hex(32))'` there.",
                **PRODUCTION | {"ADMIN_TOKEN": token},
            )
        self.assert_prints("None", "config.config.ADMIN_TOKEN")

    def test_it_can_be_sent_in_a_header(self):
        """And is not shown when it cannot"""
        for token in ("two words", "한국어", "a\tb", 'quo"te'):
            self.assert_stops(
                f"{APP_NAME}_ADMIN_TOKEN may have letters, digits and ._~+/- alone: put the output"
                " of `python -c 'import secrets; print(secrets.token_hex(32))'` there.",
                ADMIN_TOKEN=token,
            )
