"""What a file may be called, and what it may be."""

import re
from collections.abc import Sequence
from typing import Any

from controller.error import Invalid

NAME_LIMIT = 255  # characters: what file systems take

# Control characters, ends of lines, and what turns the order of letters around, so
# that a name that ends with `gpj.exe` is shown as one that ends with `exe.jpg`.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

# A media type and its parameters, as they may stand in a header (RFC 9110, 8.3.1).
_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_MEDIA_TYPE = re.compile(rf'{_TOKEN}/{_TOKEN}([ \t]*;[ \t]*{_TOKEN}=({_TOKEN}|"[ !#-\[\]-~]*"))*')
_ANY_BYTES = "application/octet-stream"


def name(given: str) -> str:
    """Return a file's name without its folders, and with `_` for what no name may hold.

    Raises Invalid for one that is no UTF-8, too long, or nothing but a folder.
    """
    if "\ufffd" in given:
        raise Invalid("The name of a file is not valid UTF-8.")
    name = _UNFIT.sub("_", re.split(r"[/\\]", given)[-1]).strip()
    if name in ("", ".", ".."):
        raise Invalid("The name of a file is only that of a folder.")
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


def is_accepted(name: str, media_type: str, kinds: Sequence[str]) -> bool:
    """Whether a file is of the accepted kinds; none: any.

    kinds: endings like `.pdf` and types like `image/png` or `image/*`, in lower case.
    Where there are endings it has to have one of them, and likewise with types.
    """
    endings = tuple(kind for kind in kinds if kind.startswith("."))
    types = {kind for kind in kinds if not kind.startswith(".")}
    essence = media_type.partition(";")[0].strip().lower()
    family = essence.partition("/")[0] + "/*"
    has_ending = not endings or name.lower().endswith(endings)
    return has_ending and (not types or essence in types or family in types)


def _is_media_type(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 255 and bool(_MEDIA_TYPE.fullmatch(value))
