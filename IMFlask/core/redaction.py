"""Redaction: the part of a client's data that may be logged or stored.

>>> redact({"name": "NB", "password": "x"})
{'name': 'NB', 'password': '***'}
"""

import functools
import json
import re
import unicodedata
from typing import Any
from urllib.parse import parse_qsl, quote

# What a secret's name contains, compared with its letters and digits alone:
# `X-Api-Key`, `apiKey` and `api_key` are one.
_SECRET = re.compile(
    r"password|passwd|passwort|passphrase|passcode|passkey|비밀번호|암호|secret|token"
    r"|authorization|credential|cookie|sessid|sessionid|sessionkey|pwd|otpcode|signature|bearer"
    r"|recoverycode|securityanswer|mnemonic|assertion|samlresponse|creditcard|cardnumber"
    r"|ccnumber|(api|access|auth|private|sign|signing|encryption|ssh|master)key|^key$"
)
# Secret names that are whole words; digits behind them are ignored.
_SECRET_WORD = re.compile(
    "(pass|pw|pwd|pin|pincode|otp|totp|cvv|cvc|jwt|session|ssn|sid|sig|auth)[0-9]*"
)
# A plain name; other text may contain a value.
_NAME = re.compile(r"[\w.\-\[\]]{1,64}")
# A name with a value behind it, inside of some text. Bounded and begun at the
# name's first letter alone: its time must not grow with the square of the text.
_NAMED_VALUE = re.compile(r"(?<![\w.\-])([\w.\-]{1,64})[\\\"'\s\[\]]{0,8}[=:]")
# A query in which nothing but a name can tell of a secret, and nothing is encoded.
_PLAIN_QUERY = re.compile(rb"[a-zA-Z_]\w{0,63}=[\w.,-]{0,256}(&[a-zA-Z_]\w{0,63}=[\w.,-]{0,256})*")
# A URL with a password in it.
_LOGIN = re.compile(r"://[^/\s@:]{0,256}:[^/\s@]{1,256}@")
MASK = "***"
BODY_LIMIT = 2048  # bytes


def is_secret(name: str) -> bool:
    """Whether a field or parameter of this name holds what nobody else may read.

    So does one with a name of more than 64 characters, which is no name.
    """
    return len(name) > 64 or _is_secret(name)


@functools.lru_cache(1024)  # of names that are short
def _is_secret(name: str) -> bool:
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", unicodedata.normalize("NFKC", name))
    words = re.findall(r"[^\W_]+", split.lower())
    return bool(_SECRET.search("".join(words)) or any(map(_SECRET_WORD.fullmatch, words)))


def redact(value: Any) -> Any:
    """Return a copy of a JSON value in which each secret, at any depth, is `***`.

    So is a text that has a secret's name with a value behind it.
    """
    if isinstance(value, dict):
        return {
            redact(name): MASK if is_secret(name) else redact(item) for name, item in value.items()
        }
    if isinstance(value, list):
        return [redact(item) for item in value]
    if isinstance(value, str):
        shown = value[:BODY_LIMIT]  # of more nothing will be stored
        is_told = any(map(is_secret, _NAMED_VALUE.findall(shown)))
        # A login that is cut before its `@` would not be known as one.
        is_told = is_told or _LOGIN.search(value[: BODY_LIMIT + 520]) is not None
        return MASK if is_told else shown
    return value


def redact_path(path: str) -> str:
    """Return a path in which each part that has a secret's name with a value is `***`."""
    return "/".join(redact(part) for part in path.split("/"))


def redact_query(query: bytes) -> str:
    """Return a query string, its secrets `***`, readable; undecodable bytes become U+FFFD."""
    if _PLAIN_QUERY.fullmatch(query):
        text = query.decode()
        if not any(is_secret(pair.partition("=")[0]) for pair in text.split("&")):
            return text
    return _shown_pairs(_pairs(query))


def redact_body(body: bytes, mimetype: str) -> str:
    """Return what may be stored of a request's body, at most 2 KB of UTF-8.

    Its secrets become `***` first, then it is cut. Of a body that is neither
    JSON nor a urlencoded form nothing is stored but its length.
    """
    if not body:
        return ""
    shown = f"({len(body)} bytes)"
    try:
        if mimetype == "application/json":
            shown = json.dumps(redact(json.loads(body)), ensure_ascii=False)
        elif mimetype == "application/x-www-form-urlencoded":
            pairs = _pairs(body)
            # What curl sends as a form by default may be anything.
            if all(_NAME.fullmatch(name) for name, _ in pairs):
                shown = _shown_pairs(pairs)
    except (ValueError, RecursionError):
        pass
    return shown.encode(errors="replace")[:BODY_LIMIT].decode(errors="ignore")


def one_line(text: str) -> str:
    """Return `text` with every character that could break or hide a line escaped."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def _pairs(query: bytes) -> list[tuple[str, str]]:
    text = query.decode(errors="replace")
    return parse_qsl(text, keep_blank_values=True, errors="replace")


def _shown_pairs(pairs: list[tuple[str, str]]) -> str:
    return "&".join(
        f"{_quote(name) if _NAME.fullmatch(name) else MASK}="
        f"{MASK if is_secret(name) else _quote(redact(value))}"
        for name, value in pairs
    )


def _quote(text: str) -> str:
    """Percent-encode what would end or split a parameter; other scripts stay readable."""
    return re.sub(r"[\s%&+=#]", lambda match: quote(match.group()), text)
