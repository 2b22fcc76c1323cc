"""A queue and the thread that writes it: only a process's first item can block.

>>> written = []
>>> writer = BatchWriter("numbers", str, lambda batch: written.extend(batch) or 0)
>>> writer.put(1)
>>> writer.close()
>>> written
['1']
"""

import contextlib
import logging
import os
from collections import deque
from collections.abc import Callable
from multiprocessing.util import Finalize
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

from core.redaction import one_line

LIMIT = 10_000  # items in the queue; a further item is dropped, and counted
BYTES = 16 * 1024 * 1024  # of all items, by `size`; a further item is dropped
BATCH = 500  # items written at once, at most
PAUSE = 0.5  # seconds that an item waits for others, and a failed batch for its next try
OPEN = 0.2  # seconds that the first item waits for the writer to be open, at most
STOP = 25.0  # seconds for what is left at a graceful end, as long as batches are written
STALL = 5.0  # seconds without a batch until the rest is given up
REPORT = 10.0  # seconds between two lines in the log about trouble

_logger = logging.getLogger(__name__)


class BatchWriter:
    """Writes items in batches, from a thread of its own that the first item starts.

    name: the items' name in the log. encode: returns the form of an item that `write` takes; if
    it raises, only that item is lost. write: writes a list of these and returns how many it
    refuses for good; if it raises, the same list is tried again, and some of it may be written
    already. open: starts the threads that writing needs. Python 3.12 and later start none once a
    process has begun to end, maybe right after its first item.
    size: returns how many bytes an item takes while it waits.

    A graceful end of the process, a forked one's too, waits for the rest while batches
    are written, STOP seconds at most. A kill loses what is in the queue.
    """

    def __init__(
        self,
        name: str,
        encode: Callable[[Any], Any],
        write: Callable[[list[Any]], int],
        open: Callable[[], object] = lambda: None,
        size: Callable[[Any], int] = lambda item: 0,
    ) -> None:
        self.name = name
        self._encode = encode
        self._write = write
        self._size = size
        self._open = open
        self._lock = Lock()
        self._process = 0  # the id of the process whose thread runs
        self._reset()

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._queue) + len(self._batch)

    def put(self, item: Any) -> None:
        """Have `item` written soon."""
        if self._process != os.getpid():
            self._start()
        size = self._size(item)
        if len(self._queue) >= LIMIT or self._bytes + size > BYTES:
            self.dropped += 1
            return
        self._bytes += size  # without a lock, which a fork might copy held
        self._queue.append(item)
        if len(self._queue) % BATCH == 0:
            self._wake.set()

    def close(self) -> None:
        """Write what waits, STOP seconds at most, and end the thread; `put` starts it again."""
        if self._process != os.getpid():
            return
        until = monotonic() + STOP
        self._written_at = monotonic()
        self._is_closing = True
        self._wake.set()
        while self._thread.is_alive() and monotonic() < min(until, self._written_at + STALL):
            self._thread.join(0.05)
        if not self._thread.is_alive():
            self._process = 0
            with contextlib.suppress(Exception):
                self._write_all()  # what came at the very end
        if left := len(self):
            self.lost += left
            _logger.error("%s: %d entries are lost: they could not be written", self.name, left)
        elif self.dropped + self.lost > self._reported:
            self._report()

    def _reset(self) -> None:
        self._queue: deque[Any] = deque()
        self._bytes = 0  # of the queue
        self._batch: list[Any] = []  # encoded, being written
        self._wake = Event()
        self._reported_at = -REPORT
        self._reported = 0
        self.dropped = 0  # found the queue full
        self.lost = 0  # could not be encoded, were refused, or were left at the end

    def _start(self) -> None:
        with self._lock:
            if self._process == os.getpid():
                return
            if self._process:  # a fork's copy: its parent writes what is in it
                self._reset()
            self._is_closing = False
            is_open = Event()
            self._thread = Thread(target=self._run, args=(is_open,), name=self.name, daemon=True)
            self._thread.start()
            is_open.wait(OPEN)
            # Runs where atexit does and in the workers of servers that run only
            # multiprocessing's own; with this priority before the client is closed.
            Finalize(None, self.close, exitpriority=10)
            self._process = os.getpid()

    def _run(self, is_open: Event) -> None:
        with contextlib.suppress(Exception):  # the first write says what is wrong
            self._open()
        is_open.set()
        while not self._is_closing or len(self):
            trouble = ""
            try:
                self._write_all()
            except Exception as error:
                trouble = f"{type(error).__name__}: {error}"
            has_news = trouble or self.dropped + self.lost > self._reported
            if has_news and monotonic() - self._reported_at >= REPORT:
                self._report(trouble)
            if trouble or len(self) or not self._is_closing:
                self._wake.wait(PAUSE)
                self._wake.clear()

    def _write_all(self) -> None:
        while self._batch or self._queue:
            if not self._batch:  # else it could not be written: it is tried again
                self._fill_batch()
            self.lost += self._write(self._batch) if self._batch else 0
            self._batch = []
            self._written_at = monotonic()

    def _fill_batch(self) -> None:
        queue, encode, batch = self._queue, self._encode, self._batch
        while queue and len(batch) < BATCH:
            item = queue.popleft()
            size = self._size(item)
            self._bytes = self._bytes - size if queue else 0
            try:
                batch.append(encode(item))
            except Exception:
                self.lost += 1

    def _report(self, trouble: str = "") -> None:
        self._reported_at = monotonic()
        self._reported = self.dropped + self.lost
        _logger.warning(
            "%s: %d entries wait, %d dropped, %d lost so far%s",
            self.name,
            len(self),
            self.dropped,
            self.lost,
            f" ({one_line(trouble)[:300]})" if trouble else "",
        )
