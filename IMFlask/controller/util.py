"""Helpers that several use cases share: what may be shown of a client's data."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, quote

# Compared with a name's letters and digits alone, in lower case: `X-Api-Key`,
# `apiKey` and `api_key` are one.
_SECRET = re.compile(
    r"password|passwd|passphrase|passcode|pwd|secret|token|authorization|apikey"
    r"|accesskey|privatekey|credential|cookie|session|signature|bearer"
    r"|jwt|creditcard|cardnumber|pass$|^(auth|key|pin|otp|cvc|cvv|sid)$"
)
MASK = "***"
BODY_LIMIT = 2048  # bytes


def is_secret(name: str) -> bool:
    """Whether a field or parameter of this name holds what nobody else may read."""
    return _SECRET.search(re.sub(r"[^a-z0-9]", "", name.lower())) is not None


def redact(value: Any) -> Any:
    """Return a copy of a JSON value in which each secret, at any depth, is `***`."""
    if isinstance(value, dict):
        return {name: MASK if is_secret(name) else redact(item) for name, item in value.items()}
    if isinstance(value, list):
        return [redact(item) for item in value]
    return value


def redact_query(query: bytes | str) -> str:
    """Return a query string or urlencoded form, its secrets `***`, readable.

    Undecodable bytes become U+FFFD.
    """
    text = query.decode(errors="replace") if isinstance(query, bytes) else query
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    return "&".join(
        f"{_quote(name)}={MASK if is_secret(name) else _quote(value)}" for name, value in pairs
    )


def redact_body(body: bytes, mimetype: str) -> str:
    """Return what may be stored of a request's body, at most 2 KB of UTF-8.

    Its secrets become `***` first, then it is cut. Of a body that is neither
    JSON nor a urlencoded form nothing is stored but its length.
    """
    if not body:
        return ""
    try:
        if mimetype == "application/json":
            shown = json.dumps(redact(json.loads(body)), ensure_ascii=False)
        elif mimetype == "application/x-www-form-urlencoded":
            shown = redact_query(body)
        else:
            return f"({len(body)} bytes)"
    except (ValueError, RecursionError):
        return f"({len(body)} bytes)"
    return shown.encode(errors="replace")[:BODY_LIMIT].decode(errors="ignore")


def one_line(text: str) -> str:
    """Return `text` with every character that could break or hide a line escaped."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def _quote(text: str) -> str:
    """Percent-encode what would end or split a parameter; other scripts stay readable."""
    return re.sub(r"[\s%&+=#]", lambda match: quote(match.group()), text)
