"""What a request costs in process, beside a bare Flask route: no test.

Run in this project's folder with `python -m tests.benchmark`. Both routes parse
two integers and return the same JSON; each figure is the best of 5 rounds of
10,000 requests, the two taking turns, under the production configuration.
"""

import io
import os
import sys
from time import perf_counter

ROUNDS = 5
REQUESTS = 10_000


def main() -> None:
    """Print microseconds a request of both and their ratio."""
    ours, bare = production_app(), bare_app()
    best = {"bare Flask": float("inf"), "this app": float("inf")}
    assert call(ours) == call(bare) == b'{"msg":"success","result":3}\n'
    for _ in range(ROUNDS):
        best["bare Flask"] = min(best["bare Flask"], measure(bare))
        best["this app"] = min(best["this app"], measure(ours))
    for name, seconds in best.items():
        print(f"{name:>12}: {seconds * 1e6:6.1f} us a request")
    print(f"{'ratio':>12}: {best['this app'] / best['bare Flask']:6.2f}")


def production_app():
    """Return the application under production settings, its log off, its database unused."""
    import config  # after the environment is set

    settings = {
        "FLASK_CONFIG": "production",
        config.variable("SECRET_KEY"): "k" * 32,
        config.variable("MONGODB_URI"): "mongodb://127.0.0.1:1/unused",
        config.variable("API_LOGGING"): "0",
    }
    if any(os.environ.get(name) != value for name, value in settings.items()):
        os.environ.update(settings)
        os.execv(sys.executable, [sys.executable, "-m", "tests.benchmark"])
    from app import create_app

    return create_app(config.config).wsgi_app


def bare_app():
    """Return the least that Flask can do for the same answer."""
    from flask import Flask, jsonify, request

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


def measure(wsgi_app) -> float:
    """Return the seconds a request takes, over REQUESTS of them."""
    environs = [environ() for _ in range(REQUESTS)]
    start = perf_counter()
    for one in environs:
        response = wsgi_app(one, lambda status, headers, exc_info=None: None)
        b"".join(response)
        response.close()
    return (perf_counter() - start) / REQUESTS


if __name__ == "__main__":
    main()
