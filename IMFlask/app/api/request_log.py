"""The API log: one document a request."""

from flask import Flask, Response, current_app

from app.database import get_db
from app.request import current_request
from controller.util import one_line
from model.mongodb import Log


def init_app(app: Flask) -> None:
    """Log the requests of `app` where API_LOGGING is on."""
    if app.config["API_LOGGING"]:
        app.after_request(write_entry)


def write_entry(response: Response) -> Response:
    """Write the request's entry; a failure to do so is logged and changes no answer."""
    request = current_request()
    if _is_logged(request.endpoint):
        try:
            Log(get_db()).insert_log(
                {
                    "ipv4": request.remote_addr,
                    "url": request.shown_url,
                    "method": request.method,
                    "params": request.shown_body,
                    "status_code": response.status_code,
                    "process_time": request.elapsed(),
                }
            )
        except Exception as error:
            reason = one_line(f"{type(error).__name__}: {error}")
            current_app.logger.warning("the API log lost an entry: %s", reason[:300])
    return response


def _is_logged(endpoint: str | None) -> bool:
    if endpoint is None:  # no such address
        return True
    view = current_app.view_functions.get(endpoint)
    return endpoint != "static" and not getattr(view, "unlogged", False)
