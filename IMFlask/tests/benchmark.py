"""What a request costs in process, beside a bare Flask route: no test.

Run in this project's folder with `python -m tests.benchmark`. Both routes parse
two integers and return the same JSON; each figure is the best of 5 rounds of
10,000 requests, the two taking turns, under the production configuration.
"""

import importlib
import io
import os
import sys
from time import perf_counter

from flask import Flask, jsonify, request

import config
from app import create_app
from config import variable

ROUNDS = 5
REQUESTS = 10_000
TURN = 500


def main() -> None:
    """Print microseconds a request of both and their ratio."""
    ours = production_app()  # first: it switches Flask's debug mode off for both
    apps = {"bare Flask": bare_app(), "this app": ours}
    best = dict.fromkeys(apps, float("inf"))
    answers = {name: call(wsgi_app) for name, wsgi_app in apps.items()}
    assert set(answers.values()) == {b'{"msg":"success","result":3}\n'}, answers
    for _ in range(ROUNDS):
        seconds = dict.fromkeys(apps, 0.0)
        # Turns are short, so that what else the machine does slows both alike.
        for _ in range(REQUESTS // TURN):
            for name, wsgi_app in apps.items():
                seconds[name] += measure(wsgi_app, TURN)
        for name in apps:
            best[name] = min(best[name], seconds[name] / REQUESTS)
    for name, value in best.items():
        print(f"{name:>12}: {value * 1e6:6.1f} us a request")
    print(f"{'ratio':>12}: {best['this app'] / best['bare Flask']:6.2f}")


def production_app():
    """Return the application under production settings, its log off, its database unused."""
    for key, value in {
        "FLASK_CONFIG": "production",
        "SECRET_KEY": "k" * 32,
        "ADMIN_TOKEN": "t" * 32,
        "MONGODB_URI": "mongodb://127.0.0.1:1/unused",
        "API_LOGGING": "0",
        "TIMER_OUTPUT": "none",
    }.items():
        os.environ[variable(key)] = value
    return create_app(importlib.reload(config).config).wsgi_app


def bare_app():
    """Return the least that Flask can do for the same answer."""
    app = Flask("bare")

    @app.get("/sample/add")
    def add():
        return jsonify(msg="success", result=int(request.args["a"]) + int(request.args["b"]))

    return app.wsgi_app


def environ() -> dict[str, object]:
    """Return the environ of GET /sample/add?a=1&b=2, as a server would make it."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/sample/add",
        "QUERY_STRING": "a=1&b=2",
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


def call(wsgi_app) -> bytes:
    """Return the body of one answer."""
    return b"".join(wsgi_app(environ(), lambda status, headers, exc_info=None: None))


def measure(wsgi_app, count) -> float:
    """Return the seconds that `count` requests take."""
    environs = [environ() for _ in range(count)]
    start = perf_counter()
    for one in environs:
        response = wsgi_app(one, lambda status, headers, exc_info=None: None)
        b"".join(response)
        response.close()
    return perf_counter() - start


if __name__ == "__main__":
    main()
