"""Settings: the only module that reads the environment.

A setting K of ours is read from the variable `<APP_NAME>_K`; README.md and
.env.example list them all. An empty value counts as unset. A missing or bad
setting stops the start with one sentence on stderr and exit code 4, on which
`flask`, gunicorn and Granian all give up instead of trying again.
"""

import os
import re
import secrets
import sys
import warnings
from pathlib import Path
from typing import NoReturn

import click
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pymongo import MongoClient

APP_NAME = "IMFlask"

BASE_DIR = Path(__file__).resolve().parent

_MAKE_TOKEN = "put the output of `python -c 'import secrets; print(secrets.token_hex(32))'` there."


def stop(sentence: str) -> NoReturn:
    """End the process: `sentence` goes to stderr, the exit code is 4."""
    print(f"[{APP_NAME}] {sentence}", file=sys.stderr)
    raise SystemExit(4)


def refuse(key: str, value: str, wanted: str) -> NoReturn:
    """End the process over a bad value of the setting `key`."""
    stop(f"{variable(key)} has value {value!r}: put {wanted} there.")


def load_env_file() -> None:
    """Read `.env` beside this module or, failing that, one folder up.

    What the environment itself says comes first.
    """
    for path in (BASE_DIR / ".env", BASE_DIR.parent / ".env"):
        if path.is_file():
            try:
                with open(path, encoding="utf-8-sig") as file:  # with a BOM or without
                    for line in parse_stream(file):
                        if line.error or (line.key and line.value is None):
                            number = line.original.line
                            stop(f".env is wrong at line {number} or below: put NAME=value there.")
                for name, value in dotenv_values(path, encoding="utf-8-sig").items():
                    if value and not os.environ.get(name):
                        os.environ[name] = value
            except (OSError, ValueError):
                stop(".env cannot be read: make it a UTF-8 file of lines NAME=value.")
            return


def variable(key: str) -> str:
    """The name of the variable that holds the setting `key`: Flask's own keep theirs."""
    return key if key.startswith("FLASK_") else f"{APP_NAME}_{key}"


def text(key: str) -> str | None:
    """The setting as it stands, or None."""
    return os.environ.get(variable(key)) or None


def choice(key: str, options: tuple[str, ...]) -> str | None:
    """The setting as one of `options`, or None."""
    value = text(key)
    if value is not None and value not in options:
        refuse(key, value, f"one of {', '.join(options)}")
    return value


def boolean(key: str, default: bool) -> bool:
    """The setting as a bool, in any of the usual spellings."""
    value = text(key)
    if value is None:
        return default
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    if value.lower() in ("0", "false", "no", "off"):
        return False
    refuse(key, value, "1 or 0")


def integer(key: str, default: int, least: int, most: int) -> int:
    """The setting as an int from `least` to `most`."""
    value = text(key)
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", value) or not least <= int(value) <= most:
        refuse(key, value, f"a whole number from {least} to {most}")
    return int(value)


def seconds(key: str, default: float) -> float:
    """The setting as a number of seconds, 0 or more."""
    value = text(key)
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        refuse(key, value, "a number of seconds, like 0.5")
    return float(value)


def mongodb_uri(key: str) -> str | None:
    """The setting as a MongoDB URI; its value is never shown, it may hold a password."""
    uri = text(key)
    if uri is not None:
        try:
            if "://" not in uri:
                raise ValueError("a host is no URI")
            with warnings.catch_warnings():
                # pymongo only warns of an option that it does not know or take.
                warnings.simplefilter("error", UserWarning)
                warnings.filterwarnings("ignore", "Wire protocol compression")
                client: MongoClient[dict[str, object]]
                with MongoClient(uri, connect=False) as client:
                    client.get_default_database("none")
        except Exception:  # pymongo's own, and whatever its parsers let through
            stop(
                f"{variable(key)} is not a MongoDB URI: put one like"
                " mongodb://127.0.0.1:27017/name there, with user name and"
                " password percent-encoded and options that pymongo knows."
            )
    return uri


def database_name(key: str) -> str | None:
    """The setting as a database name that every MongoDB takes."""
    name = text(key)
    if name is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,63}", name):
        refuse(key, name, "1 to 63 letters, digits, '-' and '_'")
    return name


def log_path(key: str) -> str | None:
    """The setting as the path of a file that can be appended to."""
    path = text(key)
    if path is not None:
        try:
            with open(path, "a", encoding="utf-8"):
                pass
        except OSError:
            refuse(key, path, "the path of a file that can be written")
    return path


def hosts(key: str) -> list[str] | None:
    """The setting as host names, with a comma between; one that begins with a dot is a suffix."""
    value = text(key)
    if value is None:
        return None
    names = [name.strip().lower() for name in value.split(",")]
    host = re.compile(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
    if not all(map(host.fullmatch, names)):
        refuse(key, value, "names without ports like www.example.com,.example.org")
    return names


def proxy_hops(key: str) -> dict[str, int] | None:
    """The setting, like `for=1,proto=1`, as the arguments of Werkzeug's ProxyFix."""
    value = text(key)
    if value is None:
        return None
    pairs = [pair.strip().partition("=") for pair in value.split(",")]
    names = ("for", "proto", "host", "port", "prefix")
    counts = {name: count for name, _, count in pairs if re.fullmatch("[0-9]", count)}
    if len(counts) < len(pairs) or not counts.keys() <= set(names):
        refuse(key, value, f"numbers of proxies like for=1,proto=1 (of {', '.join(names)})")
    # ProxyFix believes in one for `for` and `proto` unless it is told not to.
    return {f"x_{name}": int(counts.get(name, 0)) for name in names}


def file_kinds(key: str) -> tuple[str, ...]:
    """The setting as endings like `.pdf` and types like `image/png` or `image/*`; none if unset."""
    value = text(key)
    kinds = tuple(kind.strip().lower() for kind in value.split(",")) if value else ()
    kind = re.compile(r"\.[^\s/\\,;]+|[a-z0-9][a-z0-9!#$&^_.+-]*/([a-z0-9][a-z0-9!#$&^_.+-]*|\*)")
    if not all(map(kind.fullmatch, kinds)):
        refuse(key, value or "", "endings and types like .pdf,.png,image/*")
    return kinds


def token(key: str) -> str | None:
    """The setting as what a header can carry; its value is never shown."""
    value = text(key)
    if value is not None and not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", value):
        stop(f"{variable(key)} may have letters, digits and ._~+/- alone: {_MAKE_TOKEN}")
    return value


def require(config: type["Config"]) -> None:
    """Stop unless production has what it cannot do without."""
    if config is not ProductionConfig:
        return
    if not config.MONGODB_URI:
        stop(
            f"{variable('MONGODB_URI')} is not set: production needs the URI of"
            " its MongoDB, like mongodb://127.0.0.1:27017/name."
        )
    if len(config.SECRET_KEY or "") < 32:
        stop(f"{variable('SECRET_KEY')} is not set to 32 characters or more: {_MAKE_TOKEN}")
    if len(config.ADMIN_TOKEN or "") < 32:
        stop(f"{variable('ADMIN_TOKEN')} is not set to 32 characters or more: {_MAKE_TOKEN}")


def warn_of_strangers() -> None:
    """Name on stderr each variable that looks like one of ours and is none: a misspelt one."""
    settings = {name for kind in config_dict.values() for name in dir(kind) if name.isupper()}
    spelt = str.upper if sys.platform == "win32" else str  # which has no lower case
    known = {spelt(variable(name)) for name in settings}
    for name in sorted(os.environ):
        if name.upper().startswith(f"{APP_NAME.upper()}_") and name not in known:
            print(f"[{APP_NAME}] {name} is no setting, and does not count.", file=sys.stderr)


def settle_debug(name: str) -> bool:
    """Give FLASK_ENV its old meaning, through FLASK_DEBUG; returns whether debug is on.

    Flask 2.3 dropped FLASK_ENV. Flask 3.1's command line reads FLASK_DEBUG
    again after it has imported the application, so that setting it here counts.
    """
    env = choice("FLASK_ENV", ("development", "production"))
    debug = name == "development" and boolean("FLASK_DEBUG", env != "production")
    os.environ["FLASK_DEBUG"] = "1" if debug else "0"
    return debug


def is_flask_run() -> bool:
    """Whether this process is `flask run`.

    That includes its reloader's parent, which keeps the embedded database while its
    child, at every saved file, begins anew.
    """
    context = click.get_current_context(silent=True)
    return context is not None and context.info_name == "run"


if not re.fullmatch(r"[A-Za-z0-9_]+", APP_NAME):
    stop("APP_NAME in config.py must be letters, digits and underscores.")
load_env_file()
_name = choice("FLASK_CONFIG", ("development", "testing", "production")) or "development"
_debug = settle_debug(_name)


class Config:
    """What every app has, and the default of every setting."""

    APP_NAME = APP_NAME
    KIND = "production"  # which of the three it is; a class derived from one is of its kind
    DEBUG = False
    TESTING = False
    # Errors are answered in the envelope and logged, in debug as well.
    PROPAGATE_EXCEPTIONS = False
    SECRET_KEY: str | None = None
    # Bytes. A route that takes more sets `request.max_content_length` itself.
    MAX_CONTENT_LENGTH = 1024 * 1024
    MAX_FORM_MEMORY_SIZE = 1024 * 1024  # of the fields of a form
    MAX_FORM_PARTS = 1000
    MAX_UPLOAD_SIZE = 64 * 1024 * 1024  # bytes, of a form with files
    UPLOAD_KINDS: tuple[str, ...] = ()  # endings and types of files that are taken; none: any
    OPENAPI = False  # whether GET /openapi.json describes the API

    ADMIN_TOKEN: str | None = None  # what `admin_required` asks for; None: nothing
    # The hosts that requests may name; None: any.
    TRUSTED_HOSTS: list[str] | None = None
    # How many proxies stand in front, for Werkzeug's ProxyFix; None: there is none.
    PROXY_HOPS: dict[str, int] | None = None
    # Seconds that a browser is to insist on HTTPS; 0: it is not told so.
    HSTS_SECONDS = 0
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"

    MONGODB_URI: str | None = None
    MONGODB_NAME: str | None = None
    MONGODB_EMBEDDED_PATH: str | None = None  # its folder, where there may be one
    MONGODB_EMBEDDED_FOLLOW = False  # whether to keep it running, unused by this process
    ERROR_LOG_PATH: str | None = None
    # readable or json; None: as Flask does.
    LOG_FORMAT: str | None = None
    LOG_REQUESTS = False  # a line for each

    # Where the timer decorator puts its figure; None: as debug is on or off.
    TIMER_OUTPUT: str | None = None
    API_LOGGING = False
    SLOW_API_TIME = 0.5  # seconds
    LOG_RETENTION_DAYS = 30  # 0: for ever; at most 24,855, MongoDB's 2**31 seconds


class _EnvironmentConfig(Config):
    """The settings as the environment has them."""

    SECRET_KEY = text("SECRET_KEY")
    ADMIN_TOKEN = token("ADMIN_TOKEN")
    TRUSTED_HOSTS = hosts("TRUSTED_HOSTS")
    PROXY_HOPS = proxy_hops("PROXY_HOPS")
    HSTS_SECONDS = integer("HSTS_SECONDS", Config.HSTS_SECONDS, 0, 10**9)
    if _name != "testing":
        MONGODB_URI = mongodb_uri("MONGODB_URI")
        MONGODB_NAME = database_name("MONGODB_NAME")
    OPENAPI = boolean("OPENAPI", Config.OPENAPI)
    MAX_UPLOAD_SIZE = integer("MAX_UPLOAD_SIZE", Config.MAX_UPLOAD_SIZE, 1, 2**53)
    UPLOAD_KINDS = file_kinds("UPLOAD_KINDS")
    TIMER_OUTPUT = choice("TIMER_OUTPUT", ("response", "log", "none"))
    LOG_REQUESTS = boolean("LOG_REQUESTS", True)
    API_LOGGING = boolean("API_LOGGING", Config.API_LOGGING)
    SLOW_API_TIME = seconds("SLOW_API_TIME", Config.SLOW_API_TIME)
    LOG_RETENTION_DAYS = integer("LOG_RETENTION_DAYS", Config.LOG_RETENTION_DAYS, 0, 24855)


class DevelopmentConfig(_EnvironmentConfig):
    """A developer's machine: everything has a default."""

    KIND = "development"
    DEBUG = _debug
    SECRET_KEY = text("SECRET_KEY") or secrets.token_hex(32)
    LOG_FORMAT = "readable"
    API_LOGGING = boolean("API_LOGGING", True)
    OPENAPI = boolean("OPENAPI", True)
    MONGODB_EMBEDDED_PATH = str(BASE_DIR / "instance")
    MONGODB_EMBEDDED_FOLLOW = is_flask_run()


class TestingConfig(Config):
    """The unit tests: the same on every machine, whatever its environment says."""

    KIND = "testing"
    TESTING = True
    SECRET_KEY = secrets.token_hex(32)
    TIMER_OUTPUT = "none"
    # The server that the integration tests use; None: they start one.
    TEST_MONGODB_URI = mongodb_uri("TEST_MONGODB_URI")


class ProductionConfig(_EnvironmentConfig):
    """A server: what has no safe default must be set."""

    SESSION_COOKIE_SECURE = True
    LOG_FORMAT = "json"
    TIMER_OUTPUT = _EnvironmentConfig.TIMER_OUTPUT or "none"
    ERROR_LOG_PATH = log_path("ERROR_LOG_PATH") if _name == "production" else None


config_dict: dict[str, type[Config]] = {
    "development": DevelopmentConfig,
    "testing": TestingConfig,
    "production": ProductionConfig,
    "default": DevelopmentConfig,
}

config = config_dict[_name]
warn_of_strangers()
require(config)
