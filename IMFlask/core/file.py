"""Files on their way in and out: their names and media types.

>>> name("folder/report.pdf")
'report.pdf'
>>> is_accepted("report.PDF", "application/pdf", (".pdf", "image/*"))
True
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from core.error import Invalid

NAME_LIMIT = 255  # characters, as NTFS and APFS take them; others count bytes

# Control characters, line ends, invisible characters, and characters that reverse the order of
# letters: they show a name ending with `gpj.exe` as `exe.jpg`.
_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0]"
)

# A media type and its parameters, in ASCII (RFC 9110, 8.3.1 and 5.6.6).
_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_VALUE = rf'({_TOKEN}|"([ !#-\[\]-~]|\\[ -~])*")'
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}([ \t]*;([ \t]*{_TOKEN}={_VALUE})?)*")
_ANY_BYTES = "application/octet-stream"


class Upload(NamedTuple):
    """An uploaded file. Its bytes can be read once, in the order of the files."""

    filename: str
    content_type: str | None
    blocks: Iterator[bytes]


class Stored(NamedTuple):
    """A file to be read."""

    filename: str
    content_type: str
    length: int  # bytes
    etag: str  # unique to these bytes
    created_at: datetime
    blocks: Callable[[int, int], Iterator[bytes]]  # blocks(start, stop): the bytes between


def name(given: str) -> str:
    """Return a file's name without its folders; `_` replaces forbidden characters.

    Raises Invalid for a name that is not UTF-8, too long, or only a folder.
    """
    if "\ufffd" in given:
        raise Invalid("The name of a file is not valid UTF-8.")
    name = _UNFIT.sub("_", re.split(r"[/\\]", given)[-1]).strip()
    if name in ("", ".", ".."):
        raise Invalid("The name of a file is only a folder.")
    if len(name) > NAME_LIMIT:
        raise Invalid(f"The name of a file must have a length of {NAME_LIMIT} or less.")
    return name


def media_type(given: str | None) -> str:
    """Return a file's media type, `application/octet-stream` by default; raise Invalid."""
    if not given:
        return _ANY_BYTES
    if not _is_media_type(given):
        raise Invalid("The Content-Type of a file is malformed.")
    return given


def known_type(stored: Any) -> str:
    """Return a stored media type if it is one, else `application/octet-stream`."""
    return stored if _is_media_type(stored) else _ANY_BYTES


def known_name(stored: Any) -> str:
    """Return a stored name, cleaned as by `name`; `file` if it is invalid."""
    try:
        return name(stored) if isinstance(stored, str) else "file"
    except Invalid:
        return "file"


def is_accepted(name: str, media_type: str, kinds: Sequence[str]) -> bool:
    """Whether a file is of one of `kinds`, or `kinds` is empty.

    kinds: endings like `.pdf` and types like `image/png` or `image/*`, in lower case,
    as in the attribute `accept` of HTML. A type is what the client says it is.
    """
    essence = media_type.partition(";")[0].strip().lower()
    family = essence.partition("/")[0] + "/*"
    endings = tuple(kind for kind in kinds if kind.startswith("."))
    return not kinds or name.lower().endswith(endings) or essence in kinds or family in kinds


def _is_media_type(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 255 and bool(_MEDIA_TYPE.fullmatch(value))
