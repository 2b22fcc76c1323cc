"""Parsers of settings: each returns the value of a text, or raises ValueError with what to write.

>>> hosts("www.example.com, .Example.org")
['www.example.com', '.example.org']
"""

import re
import warnings

from pymongo import MongoClient

from core.settings import Hidden

_MAKE = "the output of `python -c 'import secrets; print(secrets.token_hex(32))'`"
_HOST = re.compile(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")
_FILE_KIND = re.compile(r"\.[^\s/\\,;]+|[a-z0-9][a-z0-9!#$&^_.+-]*/([a-z0-9][a-z0-9!#$&^_.+-]*|\*)")
_PROXY_HEADERS = ("for", "proto", "host", "port", "prefix")  # X-Forwarded-*


def secret(text: str) -> str:
    """Return a secret of 32 characters or more."""
    if len(text) < 32:
        raise Hidden(f"32 characters or more, {_MAKE},")
    return text


def token(text: str) -> str:
    """Return a secret of 32 characters or more that a header can carry."""
    if not re.fullmatch(r"[A-Za-z0-9._~+/-]{32,}=*", text):
        raise Hidden(f"32 letters, digits and ._~+/- or more, {_MAKE},")
    return text


def mongodb_uri(text: str) -> str:
    """Return a MongoDB URI that pymongo understands."""
    try:
        if "://" not in text:
            raise ValueError("a host is no URI")
        with warnings.catch_warnings():
            # pymongo only warns of an option that it does not know or take.
            warnings.simplefilter("error", UserWarning)
            warnings.filterwarnings("ignore", "Wire protocol compression")
            client: MongoClient[dict[str, object]]
            with MongoClient(text, connect=False) as client:
                client.get_default_database("none")
    except OSError as error:
        name = error.filename or "of certificates, a PEM,"
        raise Hidden(f"a MongoDB URI whose file {name} can be read,") from None
    except Exception:  # pymongo's own, and whatever its parsers let through
        raise Hidden(
            "a MongoDB URI like mongodb://127.0.0.1:27017/name, with user name and"
            " password percent-encoded and options that pymongo knows,"
        ) from None
    return text


def database_name(text: str) -> str:
    """Return a database name that every MongoDB takes."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,63}", text):
        raise ValueError("1 to 63 letters, digits, '-' and '_'")
    return text


def log_path(text: str) -> str:
    """Return the path of a file that can be appended to."""
    try:
        with open(text, "a", encoding="utf-8"):
            return text
    except OSError:
        raise ValueError("the path of a file that can be written") from None


def hosts(text: str) -> list[str]:
    """Return host names separated by commas; one with a leading dot is a suffix."""
    names = [name.strip().lower() for name in text.split(",")]
    if not all(map(_HOST.fullmatch, names)):
        raise ValueError("names without ports like www.example.com,.example.org")
    return names


def proxy_hops(text: str) -> dict[str, int]:
    """Return numbers of proxies, like `for=1,proto=1`, as the arguments of Werkzeug's ProxyFix."""
    pairs = [pair.strip().partition("=") for pair in text.split(",")]
    counts = {name: count for name, _, count in pairs if re.fullmatch("[0-9]", count)}
    if len(counts) < len(pairs) or not counts.keys() <= set(_PROXY_HEADERS):
        raise ValueError(f"numbers of proxies like for=1,proto=1 (of {', '.join(_PROXY_HEADERS)})")
    # ProxyFix's default is 1 for `for` and `proto`: every number is set.
    return {f"x_{name}": int(counts.get(name, 0)) for name in _PROXY_HEADERS}


def file_kinds(text: str) -> tuple[str, ...]:
    """Return extensions like `.pdf` and types like `image/png` or `image/*`, in lower case."""
    kinds = tuple(kind.strip().lower() for kind in text.split(","))
    if not all(map(_FILE_KIND.fullmatch, kinds)):
        raise ValueError("extensions and types like .pdf,.png,image/*")
    return kinds
