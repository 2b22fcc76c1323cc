"""config.py: what each kind of app gets, and what stops the start."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import config
from config import APP_NAME
from tests.case import UnitTestCase

ROOT = Path(config.__file__).parent
TOKEN = "x" * 32

# What production needs.
PRODUCTION = {
    "FLASK_CONFIG": "production",
    "MONGODB_URI": "mongodb://127.0.0.1",
    "ADMIN_TOKEN": TOKEN,
}
# A setting, what its variable says, what it is then.
SETTINGS = [
    ("SECRET_KEY", TOKEN, TOKEN),
    ("TIMER_OUTPUT", "log", "log"),
    ("SLOW_API_TIME", "2", 2.0),
    ("LOG_REQUESTS", "0", False),
    ("MONGODB_NAME", "shop", "shop"),
    ("HSTS_SECONDS", "60", 60),
    ("PROXY_HOPS", "for=1", {"x_for": 1, "x_proto": 0, "x_host": 0, "x_port": 0, "x_prefix": 0}),
    ("CONTENT_SECURITY_POLICY", "default-src 'none'", "default-src 'none'"),
    ("LOG_BODIES", "0", False),
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


class ConfigCase(UnitTestCase):
    """A test that imports config in processes of its own."""

    def setUp(self):
        super().setUp()
        # A copy: beside the original there may be somebody's .env.
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "a" / "b"
        self.folder.mkdir(parents=True)
        shutil.copy(ROOT / "config.py", self.folder)
        (self.folder / "core").mkdir()
        for name in ("__init__", "settings", "parser"):
            shutil.copy(ROOT / "core" / f"{name}.py", self.folder / "core")

    def start(self, code="", folder=None, **environ):
        """Import config in a fresh interpreter, print `code`; `K=...` is `<APP_NAME>_K`."""
        ours = {config.environment.variable(name): value for name, value in environ.items()}
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
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def assert_stops(self, sentence, **environ):
        done = self.start(**environ)
        self.assertEqual(done.stderr, f"[{APP_NAME}] {sentence}\n")
        self.assertEqual((done.returncode, done.stdout), (4, ""))

    def assert_prints(self, expected, code, **environ):
        done = self.start(code, **environ)
        self.assertEqual((done.stdout.strip(), done.stderr), (expected, ""))


class ConfigTestCase(ConfigCase):
    """The three kinds"""

    def test_config_is_one_of_three(self):
        """FLASK_CONFIG"""
        self.assert_stops(
            "FLASK_CONFIG has value 'prod': put one of development, testing, production there.",
            FLASK_CONFIG="prod",
        )

    def test_production_needs_a_database(self):
        """Which has no safe default"""
        self.assert_stops(
            f"{APP_NAME}_MONGODB_URI is not set: put a MongoDB URI like"
            " mongodb://127.0.0.1:27017/name, with user name and password percent-encoded"
            " and options that pymongo knows, there.",
            FLASK_CONFIG="production",
        )
        code = "config.config.MONGODB_URI, config.config.SECRET_KEY, config.config.LOG_FORMAT"
        self.assert_prints("mongodb://127.0.0.1 None json", code, **PRODUCTION)

    def test_secrets_have_32_characters(self):
        """Where they are set; they are never shown"""
        make = "the output of `python -c 'import secrets; print(secrets.token_hex(32))'`,"
        for key, wanted in (
            ("SECRET_KEY", "32 characters or more"),
            ("ADMIN_TOKEN", "32 letters, digits and ._~+/- or more"),
        ):
            sentence = f"{APP_NAME}_{key} is not valid: put {wanted}, {make} there."
            for environ in ({}, PRODUCTION):
                self.assert_stops(sentence, **environ | {key: "x" * 31})

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
        self.assert_prints("None", code, ERROR_LOG_PATH=path)
        self.assert_prints(path, code, ERROR_LOG_PATH=path, **PRODUCTION)
        self.show(DEFAULTS, 3, FLASK_CONFIG="testing", **given)

    def test_defaults(self):
        """Where nothing is set"""
        self.show(DEFAULTS, 1)
        self.show(DEFAULTS, 2, **PRODUCTION)
        self.show(DEFAULTS, 3, FLASK_CONFIG="testing")

    def test_secret_key_of_development_is_random(self):
        """Another in each process"""
        keys = {self.start("config.config.SECRET_KEY").stdout.strip() for _ in range(2)}
        self.assertEqual((len(keys), {len(key) for key in keys}), (2, {64}))

    def test_testing_reads_no_database(self):
        """But that of the integration tests"""
        self.assert_prints(
            "None mongodb://127.0.0.1/tests",
            "config.config.MONGODB_URI, config.config.TEST_MONGODB_URI",
            FLASK_CONFIG="testing",
            MONGODB_URI="mongodb://127.0.0.1/elsewhere",
            TEST_MONGODB_URI="mongodb://127.0.0.1/tests",
        )

    def test_debug_is_settled(self):
        """FLASK_ENV and FLASK_DEBUG, as Flask 2.0 meant them"""
        for expected, environ in (
            ("1", {}),
            ("1", {"FLASK_ENV": "development"}),
            ("0", {"FLASK_ENV": "production"}),
            ("1", {"FLASK_ENV": "production", "FLASK_DEBUG": "1"}),
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

    def test_variable_that_is_no_setting_is_named(self):
        """A misspelt one, in the environment or in .env; another program's is not"""
        misspelt = f"{APP_NAME}_MONGODB_UIR"
        lower = f"{APP_NAME.lower()}_secret_key"
        attribute = f"{APP_NAME}_MAX_FORM_PARTS"  # which no variable sets
        (self.folder / ".env").write_text(f"{lower}=x\nOTHER_{APP_NAME}_X=1\n{attribute}=7\n")
        done = self.start("config.APP_NAME", MONGODB_UIR="x", MONGODB_NAME="x")
        self.assertEqual(
            done.stderr.splitlines(),
            sorted(
                f"[{APP_NAME}] {name} is no setting and is ignored."
                for name in (misspelt, lower, attribute)
            ),
        )
        self.assertEqual(done.stdout.strip(), APP_NAME)
        (self.folder / ".env").unlink()
        # Those of Kubernetes for Services of this name, and of one that begins with it.
        service = APP_NAME.upper()
        names = ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_80_TCP_ADDR"]
        given = [f"{one}_{name}=x" for one in (service, f"{service}_API") for name in names]
        (self.folder / ".env").write_text("\n".join([*given, f"{service}_PROT=x"]))
        done = self.start("config.APP_NAME")
        self.assertEqual(
            done.stderr, f"[{APP_NAME}] {service}_PROT is no setting and is ignored.\n"
        )
        (self.folder / ".env").unlink()
        done = self.start(ERROR_LOG_PATH="x", TEST_MONGODB_URI="mongodb://h")
        self.assertEqual(done.stderr, "")

    def test_app_name_is_a_variable_s_name(self):
        """Letters, digits, underscores"""
        source = (self.folder / "config.py").read_text()
        for name, code in (("My-App", 4), ("My App", 4), ("My_App2", 0)):
            (self.folder / "config.py").write_text(
                source.replace(f'APP_NAME = "{APP_NAME}"', f'APP_NAME = "{name}"', 1)
            )
            self.assertEqual(self.start().returncode, code)

    def test_example_names_every_setting(self):
        """.env.example, each commented out, with its default where that is the same everywhere"""
        example = (ROOT.parent / ".env.example").read_text()
        source = (ROOT / "config.py").read_text()
        read = set(re.findall(r'(?:env|environment)\.\w+\(\s*"([A-Z_]+)"', source))
        self.assertGreater(len(read), 9)
        for key in read:
            # The example keeps its prefix when the app gets another name.
            prefix = "" if key.startswith("FLASK_") else "[A-Za-z0-9_]+_"
            self.assertRegex(example, rf"(?m)^# {prefix}{key}=")
        for line in example.splitlines():
            self.assertTrue(not line or line.startswith("#"), line)
        for key, value in re.findall(rf"(?m)^# (?:{APP_NAME}|FLASK)_([A-Z_]+)=(.+)$", example):
            if key != "CONFIG":  # Flask's
                default = getattr(config.config_dict["development"], key)
                self.assertEqual(value, str(int(default) if default is True else default), key)
        self.assertIn("# FLASK_CONFIG=development\n", example)


class EnvFileTestCase(ConfigCase):
    """.env"""

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

    def test_it_may_be_written_as_editors_do(self):
        """A BOM, CRLF, quotes, comments, export"""
        (self.folder / ".env").write_bytes(
            f"\ufeff{APP_NAME}_MONGODB_NAME='a' # why\r\n\r\n"
            f'export {APP_NAME}_SLOW_API_TIME="2"\r\n'.encode()
        )
        self.assert_prints("a 2.0", "config.config.MONGODB_NAME, config.config.SLOW_API_TIME")

    def test_unreadable_one_stops_the_start(self):
        """One sentence; a folder as well"""
        sentence = ".env cannot be read (not UTF-8): make it a file of lines NAME=value."
        for content in (b"A=\xff\xfe", b"A='x\0y'", b"'A=B'=1", "A=1".encode("utf-16")):
            (self.folder / ".env").write_bytes(content)
            self.assert_stops(sentence)
        (self.folder / ".env").unlink()
        (self.folder / ".env").mkdir()
        self.assert_stops(sentence.replace("not UTF-8", "Is a directory"))

    def test_bad_line_stops_the_start(self):
        """It would else be passed over, and with it FLASK_CONFIG=production"""
        for line in ("FLASK_CONFIG", "FLASK_CONFIG production", "FLASK_CONFIG: production", "A='b"):
            (self.folder / ".env").write_text(f"# comment\n\n{line}\nB=1\n")
            self.assert_stops(".env is wrong at line 2 or below: put NAME=value there.")
