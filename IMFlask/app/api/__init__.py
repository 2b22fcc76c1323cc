"""The request's lifecycle: timing, slow requests, headers."""

from time import perf_counter

from flask import Flask, Response, current_app, g, request

from controller.util import one_line


def init_app(app: Flask) -> None:
    """Time every request of `app` and warn of the slow ones."""
    app.before_request(start_clock)
    app.after_request(track_slow_request)


def start_clock() -> None:
    """Note when the request began."""
    g.started = perf_counter()


def elapsed() -> float:
    """Return the seconds since the request began; 0.0 before it did."""
    return perf_counter() - g.started if "started" in g else 0.0


def track_slow_request(response: Response) -> Response:
    """Log one WARNING, on one line, for a request of SLOW_API_TIME seconds or more."""
    seconds = elapsed()
    if seconds >= current_app.config["SLOW_API_TIME"]:
        current_app.logger.warning(
            "slow API: %.3f s, ip %s, %s %s, body %s",
            seconds,
            request.remote_addr,
            one_line(request.method),
            one_line(request.shown_url),
            one_line(request.shown_body),
        )
    return response
