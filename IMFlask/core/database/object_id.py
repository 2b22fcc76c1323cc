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
_random = secrets.randbits(32)


def new_id(created_at: datetime) -> ObjectId:
    """Return a new `_id` that sorts by time to the millisecond, whichever process made it.

    An ObjectId of the driver's begins with the seconds alone. This one is 4 bytes
    of seconds, 2 of milliseconds, 2 that count within the process, 4 that differ by process:
    a fork shares the random number and has an id of its own.
    """
    seconds, milliseconds = int(created_at.timestamp()), created_at.microsecond // 1000
    process = (_random + os.getpid()) % 2**32
    return ObjectId(struct.pack(">IHHI", seconds, milliseconds, next(_count) % 2**16, process))
