"""What a worker keeps after 200,000 mixed requests and 500 uploads: memory, open files.

Run as `python .ci/template/soak.py` in an environment with development.txt, on Linux; it takes
some minutes. One worker of Granian's under the production configuration, API log on.
"""

import contextlib
import importlib
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from clone import ROOT, TEMPLATE
from nginx import TOKEN, Instance, served_database

sys.path.insert(0, str(ROOT / TEMPLATE))

REQUESTS, UPLOADS, CLIENTS, STEPS = 200_000, 500, 4, 10
JSON = "Content-Type: application/json"
# A request and its status. Not the log's pages, for which the embedded database reads all of it.
MIXED = (
    ("GET /sample/add?a=1&b=2", b"", 200),
    ("GET /sample/divide?a=1&b=0", b"", 400),
    ("GET /sample/add?a=1&b=x", b"", 400),
    ("GET /nowhere", b"", 404),
    ("GET /sample/author", b"", 200),
    ("POST /sample/author", b'{"name": "IML"}', 200),
    ("POST /sample/author", b'{"name": ', 400),
    ("POST /sample/author", b'{"name": "' + b"x" * 20_000 + b'"}', 200),
    ("GET /sample/jsonify", b"", 200),
    ("GET /health/ready", b"", 200),
    ("DELETE /sample/add", b"", 405),
)


def main() -> None:
    """Send them, and print what the worker has at each tenth."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        uri, _ = stack.enter_context(served_database(folder))
        # At each retryable write SecantusDB walks through all that it remembers.
        instance = Instance(f"{uri}/?retryWrites=false", folder, workers=1)
        stack.enter_context(instance)
        main = f"/proc/{instance.process.pid}/task/{instance.process.pid}"
        worker = int(Path(f"{main}/children").read_text().split()[-1])
        start = time.monotonic()
        wrong: Counter[str] = Counter()
        for step in range(STEPS + 1):
            print(
                f"{step * REQUESTS // STEPS:>8,} requests, {step * UPLOADS // STEPS:>3} files,"
                f" {time.monotonic() - start:4.0f} s: {resident(worker):6.1f} MB,"
                f" {len(os.listdir(f'/proc/{worker}/fd'))} open files,"
                f" {len(os.listdir(f'/proc/{worker}/task'))} threads",
                flush=True,
            )
            if step < STEPS:
                send(instance.port, wrong)
        print(f"other than expected: {dict(+wrong)}")


def resident(process: int) -> float:
    """Return the resident memory of a process, in MB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def send(port: int, wrong: Counter[str]) -> None:
    """Send a step's requests and uploads, from a few clients at once."""
    fault = importlib.import_module("tests.system.fault")

    def work(number: int) -> None:
        client = fault.Client(port)
        headers = (f"Authorization: Bearer {TOKEN}",)
        count = REQUESTS // STEPS // CLIENTS
        uploads = set(random.sample(range(count), UPLOADS // STEPS // CLIENTS + (number < 2)))
        for turn in range(count):
            if turn in uploads:
                size = random.randrange(1_000_000)
                head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
                form = head + os.urandom(size) + b"\r\n--x--\r\n"
                multipart = "Content-Type: multipart/form-data; boundary=x"
                status, _, body = client.ask("POST /sample/file", *headers, multipart, body=form)
                wrong[f"upload {status}"] += status != 201
                path = f"/sample/file/{json.loads(body)['result'][0]['id']}"
                status, _, body = client.ask(f"GET {path}", *headers)
                wrong[f"download {status}"] += (status, len(body)) != (200, size)
                status, _, _ = client.ask(f"DELETE {path}", *headers)
                wrong[f"deletion {status}"] += status != 200
            line, body, expected = MIXED[turn % len(MIXED)]
            status, _, _ = client.ask(line, *headers, *([JSON] if body else []), body=body)
            wrong[f"{line} {status}"] += status != expected
        client.close()

    fault.in_threads(CLIENTS, work)


if __name__ == "__main__":
    main()
