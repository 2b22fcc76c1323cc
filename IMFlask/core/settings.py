"""Typed getters for settings: config.py reads each of its settings with one of them.

>>> env = Environment("Shop", {"Shop_WORKERS": "4"})
>>> env.integer("WORKERS", 1, 1, 16), env.boolean("VERBOSE", False)
(4, False)

An invalid value ends the process: one sentence on stderr, exit code 4, at which `flask`, gunicorn
and Granian give up.
"""

import os
import re
import sys
from collections.abc import Callable, MutableMapping
from io import StringIO
from pathlib import Path
from typing import NoReturn, TypeVar

from dotenv import dotenv_values
from dotenv.parser import parse_stream

Value = TypeVar("Value")
_SERVICE = ("SERVICE_", "PORT")


class Hidden(ValueError):
    """A bad value that must not be shown, because it is or contains a secret."""


class Environment:
    """The environment variables of one application; an empty value counts as unset.

    app_name: the prefix. The setting K is read from `<app_name>_K`; FLASK_* keep their names.
    variables: what is read, by default os.environ.
    """

    def __init__(self, app_name: str, variables: MutableMapping[str, str] | None = None) -> None:
        self.app_name = app_name
        self.variables = os.environ if variables is None else variables
        self._asked: set[str] = set()  # the variables that some setting reads
        if not re.fullmatch(r"[A-Za-z0-9_]+", app_name):
            self.stop("APP_NAME in config.py must be letters, digits and underscores.")

    def stop(self, sentence: str) -> NoReturn:
        """End the process: `sentence` goes to stderr, the exit code is 4."""
        print(f"[{self.app_name}] {sentence}", file=sys.stderr)
        raise SystemExit(4)

    def refuse(self, key: str, value: str, wanted: str) -> NoReturn:
        """End the process over a bad value of the setting `key`."""
        self.stop(f"{self.variable(key)} has value {value!r}: put {wanted} there.")

    def variable(self, key: str) -> str:
        """Return the name of the variable that holds the setting `key`."""
        return key if key.startswith("FLASK_") else f"{self.app_name}_{key}"

    def load(self, *folders: Path) -> None:
        """Read the `.env` of the first folder that has one.

        Variables that are set already keep their values.
        """
        path = next((path for path in (one / ".env" for one in folders) if path.exists()), None)
        if path is None:
            return
        try:
            content = path.read_text("utf-8-sig")  # with a BOM or without
            for line in parse_stream(StringIO(content)):
                if line.error or (line.key and line.value is None):
                    number = line.original.line
                    self.stop(f".env is wrong at line {number} or below: put NAME=value there.")
            for name, value in dotenv_values(stream=StringIO(content)).items():
                if value and not self.variables.get(name):
                    self.variables[name] = value
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            self.stop(f".env cannot be read ({reason}): make it a file of lines NAME=value.")

    def report_unknown(self) -> None:
        """Print each variable with our prefix that no setting reads: it is misspelt.

        Ignores Kubernetes' variables for a Service of our name: X_SERVICE_*, X_PORT*.
        """
        spelt = str.upper if sys.platform == "win32" else str  # which has no lower case
        known = set(map(spelt, self._asked))
        end = "_SERVICE_HOST"
        services = [name.removesuffix(end) for name in self.variables if name.endswith(end)]
        for name in sorted(self.variables):
            if name.startswith(tuple(f"{one}_{kind}" for one in services for kind in _SERVICE)):
                continue
            if name.upper().startswith(f"{self.app_name.upper()}_") and name not in known:
                print(f"[{self.app_name}] {name} is no setting and is ignored.", file=sys.stderr)

    def text(self, key: str) -> str | None:
        """Return the setting as it stands, or None."""
        self._asked.add(self.variable(key))
        return self.variables.get(self.variable(key)) or None

    def choice(self, key: str, *options: str) -> str | None:
        """Return the setting, which must be one of `options`, or None."""
        value = self.text(key)
        if value is not None and value not in options:
            self.refuse(key, value, f"one of {', '.join(options)}")
        return value

    def boolean(self, key: str, default: bool) -> bool:
        """Return the setting as a bool, in any of the usual spellings."""
        value = self.text(key)
        if value is None:
            return default
        if value.lower() in ("1", "true", "yes", "on"):
            return True
        if value.lower() in ("0", "false", "no", "off"):
            return False
        self.refuse(key, value, "1 or 0")

    def integer(self, key: str, default: int, least: int, most: int) -> int:
        """Return the setting as an int from `least` to `most`."""
        value = self.text(key)
        if value is None:
            return default
        if not re.fullmatch(r"[0-9]{1,18}", value) or not least <= int(value) <= most:
            self.refuse(key, value, f"a whole number from {least} to {most}")
        return int(value)

    def seconds(self, key: str, default: float) -> float:
        """Return the setting as a number of seconds, 0 or more."""
        value = self.text(key)
        if value is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
            self.refuse(key, value, "a number of seconds, like 0.5")
        return float(value)

    def parsed(
        self, key: str, parse: Callable[[str], Value], required: bool = False
    ) -> Value | None:
        """Return the setting, parsed by `parse`, or None if it is unset.

        parse: raises ValueError with the expected form, "a name like shop"; Hidden to keep the
        bad value secret. required: an unset setting ends the process.
        """
        value = self.text(key)
        if value is None and not required:
            return None
        name = self.variable(key)
        try:
            parsed = parse(value or "")
        except ValueError as wanted:
            if value is None:
                self.stop(f"{name} is not set: put {wanted} there.")
            if isinstance(wanted, Hidden):
                self.stop(f"{name} is not valid: put {wanted} there.")
            self.refuse(key, value, str(wanted))
        if value is None:
            self.stop(f"{name} is not set.")
        return parsed

    def debug(self, kind: str) -> bool:
        """Give FLASK_ENV its meaning of Flask 2.0; return whether debug is on.

        Flask 2.3 dropped FLASK_ENV. Flask's command line reads FLASK_DEBUG again after
        it has imported the application, so that setting it here counts.
        """
        env = self.choice("FLASK_ENV", "development", "production")
        debug = kind == "development" and self.boolean("FLASK_DEBUG", env != "production")
        self.variables["FLASK_DEBUG"] = "1" if debug else "0"
        return debug
