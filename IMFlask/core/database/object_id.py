"""Ids that sort by time, finer than the driver's.

>>> early, late = datetime(2026, 1, 1), datetime(2026, 1, 1, microsecond=1000)
>>> new_id(early) < new_id(late)
True
"""

import itertools
import os
import secrets
import struct
from datetime import datetime

from bson import ObjectId

_count = itertools.count()
_process_id = secrets.token_bytes(4)


def new_id(created_at: datetime) -> ObjectId:
    """Return a new `_id` that sorts by time to the millisecond, whichever process made it.

    An ObjectId of the driver's begins with the seconds alone. This one is 4 bytes
    of seconds, 2 of milliseconds, 2 that count within the process, 4 that are random
    to each process.
    """
    seconds, milliseconds = int(created_at.timestamp()), created_at.microsecond // 1000
    return ObjectId(struct.pack(">IHH4s", seconds, milliseconds, next(_count) % 2**16, _process_id))


def _renew_process_id() -> None:
    global _process_id
    _process_id = secrets.token_bytes(4)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_process_id)
