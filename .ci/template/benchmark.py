"""What a request costs in process, beside a bare Flask route.

Run as `python .ci/template/benchmark.py` in an environment with development.txt. Under the
production configuration, without a line in the log for each request but in the
last case: microseconds of processor time a request, of all threads, and the ratio
to a bare Flask route that parses two integers and returns the same JSON. With the
API log on the time counts until every entry is stored in a real database, which
runs in a process of its own, and the entries are counted.

The apps take turns of 500 requests, so that what else the machine does slows all
alike; each figure is the median of the turns, each ratio the median of the
turns' ratios.
"""

import contextlib
import gc
import importlib
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from clone import ROOT, TEMPLATE
from flask import Flask, Response, jsonify, request

sys.path.insert(0, str(ROOT / TEMPLATE))
config = importlib.import_module("config")

TURNS = 60
TURN = 500  # requests

bare = Flask("bare")  # the least that Flask can do for GET /sample/add
bare.debug = False  # whatever FLASK_DEBUG says


@bare.get("/sample/add")
def add() -> Response:
    """Add two integers."""
    return jsonify(msg="success", result=int(request.args["a"]) + int(request.args["b"]))


def main() -> None:
    """Print a line for each kind of request."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        embedded = importlib.import_module("core.database.embedded")
        server = embedded.EmbeddedServer(folder, "benchmark")
        stack.callback(server.close)
        # First ours: it switches Flask's debug mode off for all.
        off = production_app(server.uri(), API_LOGGING="0", LOG_REQUESTS="0")
        on = production_app(server.uri(), API_LOGGING="1", LOG_REQUESTS="0")
        lines = production_app(server.uri(), API_LOGGING="0", LOG_REQUESTS="1")
        stack.enter_context(stderr_in_a_file())
        writer = on.extensions["api_log"]
        cases = {
            "bare Flask": (bare, "/sample/add", "a=1&b=2", b'"result":3}\n'),
            "API log off": (off, "/sample/add", "a=1&b=2", b'"result":3}\n'),
            "400 of the validator": (off, "/sample/add", "a=1&b=x", b"malformed"),
            "404": (off, "/sample/nowhere", "", b"nothing at this address"),
            "API log on": (on, "/sample/add", "a=1&b=2", b'"result":3}\n'),
            "off, request lines": (lines, "/sample/add", "a=1&b=2", b'"result":3}\n'),
        }
        seconds: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(TURNS):
            for name, (app, path, query, expected) in cases.items():
                assert expected in call(app, environ(path, query)), name
                seconds[name].append(measure(app, path, query, writer))
        base = seconds["bare Flask"]
        for name, values in seconds.items():
            ratio = statistics.median(a / b for a, b in zip(values, base, strict=True))
            print(f"{name:>20}: {statistics.median(values) * 1e6:6.1f} us, ratio {ratio:.2f}")
        writer.close()
        stored = on.extensions["mongodb"]["Log"].count_documents({})
        print(f"{stored} of {TURNS * (TURN + 1)} entries are stored, {writer.dropped} dropped")
        assert stored == TURNS * (TURN + 1)


@contextlib.contextmanager
def stderr_in_a_file() -> Iterator[None]:
    """Send to a file what the process writes to stderr, as a server's user would."""
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)


def production_app(uri: str, **settings: str) -> Flask:
    """Return the application under production settings."""
    for key, value in {
        "FLASK_CONFIG": "production",
        "SECRET_KEY": "k" * 32,
        "ADMIN_TOKEN": "t" * 32,
        "MONGODB_URI": uri,
        "MONGODB_NAME": "benchmark",
        "TIMER_OUTPUT": "none",
        **settings,
    }.items():
        os.environ[config.environment.variable(key)] = value
    app: Flask = importlib.import_module("app").create_app(importlib.reload(config).config)
    return app


def environ(path: str, query: str) -> dict[str, object]:
    """Return the environ of a GET, as a server would make it."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:5000",
        "HTTP_ACCEPT": "*/*",
        "HTTP_USER_AGENT": "benchmark",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def call(app: Flask, one: dict[str, object]) -> bytes:
    """Return the body of one answer."""
    start: Any = lambda status, headers, exc_info=None: None  # noqa: E731
    response: Any = app(one, start)
    try:
        return b"".join(response)
    finally:
        response.close()


def measure(app: Flask, path: str, query: str, writer: Any) -> float:
    """Return the processor time of a request, in seconds, its entry in the API log included."""
    environs = [environ(path, query) for _ in range(TURN)]
    gc.collect()  # else a whole collection falls to the same case each time
    start = time.process_time()
    for one in environs:
        call(app, one)
    while len(writer):
        time.sleep(0.01)
    return (time.process_time() - start) / TURN


if __name__ == "__main__":
    main()
