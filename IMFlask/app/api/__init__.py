"""The request's lifecycle: slow requests."""

from flask import Flask, Response, current_app

from app.request import current_request
from controller.util import one_line


def init_app(app: Flask) -> None:
    """Warn of each request of `app` that takes SLOW_API_TIME seconds or more."""

    @app.after_request
    def track_slow_request(response: Response) -> Response:
        if current_request().elapsed() >= app.config["SLOW_API_TIME"]:
            warn_of_slow_request()
        return response


def warn_of_slow_request() -> None:
    """Log one WARNING, on one line whatever the client has sent."""
    request = current_request()
    current_app.logger.warning(
        "slow API: %.3f s, ip %s, %s %s, body %s",
        request.elapsed(),
        request.remote_addr,
        one_line(request.method),
        one_line(request.shown_url),
        one_line(request.shown_body),
    )
