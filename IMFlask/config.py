"""Every setting: its name, its default, how it is read. Nothing else reads the environment.

A setting K is read from the variable `<APP_NAME>_K`; .env.example explains each one. A
missing or bad value stops the start with one sentence: see core/settings.py.
"""

import secrets
from pathlib import Path
from typing import Any

from core import parser
from core.settings import Environment

APP_NAME = "IMFlask"

BASE_DIR = Path(__file__).resolve().parent

environment = Environment(APP_NAME)
environment.load(BASE_DIR, BASE_DIR.parent)
_chosen = environment.choice("FLASK_CONFIG", "development", "testing", "production")
_debug = environment.debug(_chosen or "development")


def settings(kind: str, env: Environment) -> type[Any]:
    """Return the settings of one kind of app, read from `env`."""
    is_development, is_production = kind == "development", kind == "production"
    is_live = is_production and _chosen == "production"

    class Config:
        APP_NAME = APP_NAME
        KIND = kind
        DEBUG = is_development and _debug
        TESTING = kind == "testing"
        # Errors are answered in the envelope and logged, in debug as well.
        PROPAGATE_EXCEPTIONS = False

        SECRET_KEY = env.parsed("SECRET_KEY", parser.secret) or (
            None if is_production else secrets.token_hex(32)
        )
        SESSION_COOKIE_HTTPONLY = True
        SESSION_COOKIE_SAMESITE = "Lax"
        SESSION_COOKIE_SECURE = is_production
        MAX_CONTENT_LENGTH = 1024 * 1024  # bytes of a body
        MAX_FORM_MEMORY_SIZE = 1024 * 1024  # bytes of the fields of a form
        MAX_FORM_PARTS = 1000
        TRUSTED_HOSTS = env.parsed("TRUSTED_HOSTS", parser.hosts)
        PROXY_HOPS = env.parsed("PROXY_HOPS", parser.proxy_hops)
        CONTENT_SECURITY_POLICY = env.text("CONTENT_SECURITY_POLICY")  # None: the engine's
        HSTS_SECONDS = env.integer("HSTS_SECONDS", 0, 0, 10**9)

        MONGODB_URI = env.parsed("MONGODB_URI", parser.mongodb_uri, required=is_live)
        MONGODB_NAME = env.parsed("MONGODB_NAME", parser.database_name)
        # Read under every kind: the tests run under development.
        TEST_MONGODB_URI = environment.parsed("TEST_MONGODB_URI", parser.mongodb_uri)

        # None: as Flask does it.
        LOG_FORMAT = {"development": "readable", "production": "json"}.get(kind)
        LOG_REQUESTS = env.boolean("LOG_REQUESTS", kind != "testing")
        LOG_BODIES = env.boolean("LOG_BODIES", not is_production)
        # Only the app that writes the file opens it.
        ERROR_LOG_PATH = (
            env.parsed("ERROR_LOG_PATH", parser.log_path if is_live else str)
            if is_production
            else None
        )
        SLOW_API_TIME = env.seconds("SLOW_API_TIME", 0.5)
        # None: in debug mode the response, else none.
        TIMER_OUTPUT = env.choice("TIMER_OUTPUT", "response", "log", "none") or (
            None if is_development else "none"
        )

        MONGODB_EMBEDDED_PATH = str(BASE_DIR / "instance") if is_development else None

        ADMIN_TOKEN = env.parsed("ADMIN_TOKEN", parser.token, required=is_live)

        API_LOGGING = env.boolean("API_LOGGING", is_development)
        LOG_RETENTION_DAYS = env.integer("LOG_RETENTION_DAYS", 30, 0, 24855)  # MongoDB's 2**31 s

        OPENAPI = env.boolean("OPENAPI", is_development)

        MAX_UPLOAD_SIZE = env.integer("MAX_UPLOAD_SIZE", 64 * 1024 * 1024, 1, 2**53)  # bytes
        UPLOAD_KINDS = env.parsed("UPLOAD_KINDS", parser.file_kinds) or ()

    return Config


# The tests are the same on every machine, whatever its environment says.
_given = Environment(APP_NAME, {}) if _chosen == "testing" else environment
config_dict: dict[str, type[Any]] = {
    "development": settings("development", _given),
    "testing": settings("testing", Environment(APP_NAME, {})),
    "production": settings("production", _given),
}
config_dict["default"] = config_dict["development"]

config = config_dict[_chosen or "default"]
if _chosen != "testing":
    environment.report_unknown()
