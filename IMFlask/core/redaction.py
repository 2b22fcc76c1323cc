"""Redaction: secrets are masked before a client's data is logged or stored.

>>> redact({"name": "NB", "password": "x"})
{'name': 'NB', 'password': '***'}
"""

import functools
import json
import re
import unicodedata
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

# Parts of secrets' names. Only letters and digits are compared: `X-Api-Key`, `apiKey` and
# `api_key` are equal.
_SECRET = re.compile(
    r"password|passwd|passwort|kennwort|passphrase|passcode|passkey|비밀번호|암호|密码|密碼|パスワード"
    r"|пароль|senha|contraseña|motdepasse|secret|token|authorization|credential|cookie|sessid"
    r"|sessionid|sessionkey|pwd|pswd|otpcode|signature|bearer|recoverycode|securityanswer|mnemonic"
    r"|assertion|samlresponse|creditcard|cardnumber|ccnumber|codeverifier|authcode|accesscode"
    r"|(api|access|auth|private|sign|signing|encryption|ssh|master|license)key|^key$|^code$"
    r"|(new|old|user|db|sql|ftp|mail|smtp|admin|root|my|login|confirm|current|repeat)pass(?![a-z])"
)
# Secret names that are whole words; digits behind them are ignored.
_SECRET_WORD = re.compile(
    "(pass|pw|pwd|pin|pincode|otp|totp|mfa|2fa|cvv|cvc|jwt|session|ssn|sid|sig|auth|psw|mdp)[0-9]*"
)
# A plain name; other text may contain a value.
_NAME = re.compile(r"[\w.\-\[\]]{1,64}")
# A name followed by a value, in a text. It is bounded and begins only at a name's first letter:
# its time must not grow with the square of the text.
_NAMED_VALUE = re.compile(r"(?<![\w.\-])([\w.\-]{1,64})[\\\"'\s\[\]]{0,8}[=:>]")
# A query of plain names and plain values, of which nothing is encoded.
_PLAIN_QUERY = re.compile(rb"[a-zA-Z_]\w{0,63}=[\w.,-]{0,256}(&[a-zA-Z_]\w{0,63}=[\w.,-]{0,256})*")
# A URL with a password in it.
_LOGIN = re.compile(r"://[^/\s:]*:[^/\s]+@")
_USER = re.compile(r":[^/\s]+@")  # the same in a part of a path
# Secrets with a form of their own: a value of `Authorization`, a JSON Web Token, a key with its
# maker's prefix, a private key.
_TOKEN = re.compile(
    r"(?i:bearer|basic)\s+(?=\S{0,256}[\d=])[\w.~+/=-]{8}"
    r"|(?<![\w.-])(eyJ[\w-]{5,4096}\.[\w-]{5,4096}(\.|\Z)"
    r"|gh[pousr]_\w{16}|github_pat_\w{16}|glpat-[\w-]{16}|npm_\w{16}|pypi-[\w-]{16}|xox[a-z]-[\w-]{8}"
    r"|[sr]k_(live|test)_\w{8}|sk-[\w-]{16}|AKIA[0-9A-Z]{16}|AIza[\w-]{30}|ya29\.|SG\.[\w-]{16})"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY"
)
_DECODED = 3  # forms of a text that are searched: given, decoded once, decoded twice
# Beside a secret's name: {"name": "password", "value": 1}.
_VALUES: set[str] = {"value", "values", "val"}
MASK = "***"
BODY_LIMIT = 2048  # bytes


def is_secret(name: str) -> bool:
    """Whether a field or parameter of this name holds a secret.

    A name of more than 64 characters counts as one.
    """
    return len(name) > 64 or _is_secret(name)


@functools.lru_cache(1024)  # of names that are short
def _is_secret(name: str) -> bool:
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", unicodedata.normalize("NFKC", name))
    words = re.findall(r"[^\W_]+", split.lower())
    return bool(_SECRET.search("".join(words)) or any(map(_SECRET_WORD.fullmatch, words)))


def redact(value: Any) -> Any:
    """Return a copy of a JSON value in which each secret, at any depth, is `***`.

    `***` also replaces a text with a secret's name before a value, with a URL's password or a
    likely token; and the value in {"name": "password", "value": ...}.
    """
    if isinstance(value, dict):
        others = [item for name, item in value.items() if name.lower() not in _VALUES]
        is_pair = len(others) < len(value) and any(map(_is_name_of_secret, others))
        secret = _VALUES if is_pair else set()
        return {
            redact(name): MASK if is_secret(name) or name.lower() in secret else redact(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [redact(item) for item in value]
    if isinstance(value, str):
        # No more is stored. A login that is cut before its `@` would not be recognised.
        return MASK if _tells(value[: BODY_LIMIT + 520]) else value[:BODY_LIMIT]
    return value


def redact_path(path: str) -> str:
    """Return a path in which each part that holds a secret is `***`."""
    return "/".join(MASK if _USER.search(part) else redact(part) for part in path.split("/"))


def _is_name_of_secret(value: Any) -> bool:
    # A JSON Patch has a path: "/users/0/password".
    parts = value.split("/")[-4:] if isinstance(value, str) else []
    return any(_NAME.fullmatch(part) and is_secret(part) for part in parts)


def _tells(text: str) -> bool:
    """Whether a text holds a secret: after a secret's name, in a URL, or in a secret's own form."""
    for _ in range(_DECODED):
        if any(map(is_secret, _NAMED_VALUE.findall(text))) or _LOGIN.search(text):
            return True
        if _TOKEN.search(text):
            return True
        if "%" not in text or (decoded := unquote(text)) == text:
            return False
        text = decoded
    return True  # it is encoded too often to be read


def redact_query(query: bytes) -> str:
    """Return a query string, its secrets `***`, readable; undecodable bytes become U+FFFD."""
    if _PLAIN_QUERY.fullmatch(query):
        text = query.decode()
        names = [pair.partition("=")[0] for pair in text.split("&")]
        is_told = any(is_secret(name) or name.lower() in _VALUES for name in names)
        if not is_told and not _TOKEN.search(text):
            return text
    return _shown_pairs(_pairs(query))


def redact_body(body: bytes | str, mimetype: str) -> str:
    """Return the part of a request's body that may be stored, at most 2 KB of UTF-8.

    It is redacted first, then cut. A body that is neither JSON nor a urlencoded form is stored as
    its length.
    """
    if isinstance(body, str):
        return body  # that can be shown as it is
    if not body:
        return ""
    shown = f"({len(body)} bytes)"
    try:
        if mimetype == "application/json":
            shown = json.dumps(redact(json.loads(body)), ensure_ascii=False)
        elif mimetype == "application/x-www-form-urlencoded":
            pairs = _pairs(body)
            # curl sends any data as a form by default.
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
    is_pair = any(_is_name_of_secret(value) for _, value in pairs)  # name=password&value=x
    secret = _VALUES if is_pair else set()
    shown = []
    for name, value in pairs:
        # With `%` in it, a secret's name may be encoded twice.
        if is_secret(name) or "%" in name or _last_word(name) in secret:
            value = MASK
        shown_name = _quote(redact(name)) if _NAME.fullmatch(name) else MASK
        shown.append(f"{shown_name}={_quote(redact(value))}")
    return "&".join(shown)


def _last_word(name: str) -> str:
    return name.lower().rstrip("]").rpartition("[")[2]


def _quote(text: str) -> str:
    """Percent-encode what would end or split a parameter; other scripts stay readable."""
    return re.sub(r"[\s%&+=#]", lambda match: quote(match.group()), text)
