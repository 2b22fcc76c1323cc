"""Decorators that endpoints share."""

import copy
from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any, NamedTuple, cast

from flask import Flask, Response, current_app
from flask.ctx import AppContext
from flask.globals import app_ctx
from werkzeug.local import LocalProxy

from app.api.admin import admin_required as admin_required
from app.request import Request

_current = cast("LocalProxy[AppContext]", app_ctx)

View = Callable[..., Any]
Schema = dict[str, Any]  # a JSON Schema


class Answers(NamedTuple):
    """What a view answers, as far as the view itself does not tell; see `answers`."""

    result: Schema | None = None
    status: int = 200
    errors: tuple[int, ...] = ()
    fields: dict[str, Schema] = {}  # noqa: RUF012
    more: dict[int, Schema] = {}  # noqa: RUF012
    example: dict[str, Any] | None = None


def timer(view: View) -> View:
    """Time the view: seconds, in `g.process_time` and where TIMER_OUTPUT says.

    `response` adds `process_time` to the envelope, `log` logs it, `none` does
    neither; unset it is `response` in debug, else `none`. What the view
    returned is not touched: it may be shared.
    """

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        try:
            result = view(*args, **kwargs)
        finally:
            seconds = perf_counter() - start
            context = _current._get_current_object()  # the proxies cost at every use
            context.g.process_time = seconds
        app = context.app
        output = app.config["TIMER_OUTPUT"]
        if output == "response" or (output is None and app.debug):
            return _with_process_time(result, seconds)
        if output == "log":
            app.logger.info("%s took %.6f s", view.__name__, seconds)
        return result

    return wrapper


def answers(
    result: Schema | None = None,
    *,
    status: int = 200,
    errors: tuple[int, ...] = (),
    fields: dict[str, Schema] | None = None,
    more: dict[int, Schema] | None = None,
    example: dict[str, Any] | None = None,
) -> Callable[[View], View]:
    """Add to a view's description what cannot be read off it.

    result: the JSON Schema of the envelope's `result`, where it has one; status: that
    of a success; errors: other statuses of failure that it may answer; fields: the
    schemas of what else is in the envelope; more: what else there is to say of the answers,
    by status; example: the envelope of a success without its `msg`.
    """

    if callable(result):
        raise TypeError("answers is called: @answers()")

    def mark(view: View) -> View:
        view.answers = Answers(  # type: ignore[attr-defined]
            result, status, errors, fields or {}, more or {}, example
        )
        return view

    return mark


def unlogged(view: View) -> View:
    """Keep the view's requests out of what is logged of each, but for failures."""
    view.unlogged = True  # type: ignore[attr-defined]
    return view


def is_unlogged(app: Flask, request: Request) -> bool:
    """Whether a request was for a view that is `unlogged`, or for a static file."""
    endpoint = request.endpoint or ""  # where there is no such address
    return is_static(endpoint) or getattr(app.view_functions.get(endpoint), "unlogged", False)


def is_static(endpoint: str) -> bool:
    """Whether Flask itself answers there, from the static folder of the app or a blueprint."""
    return endpoint == "static" or endpoint.endswith(".static")


def _with_process_time(result: Any, seconds: float) -> Any:
    """Return a view's result with the time in its envelope, if it has one."""
    if isinstance(result, dict):
        return {**result, "process_time": seconds}
    if isinstance(result, tuple) and result:
        return (_with_process_time(result[0], seconds), *result[1:])
    if isinstance(result, Response) and result.is_json and not result.is_streamed:
        envelope = result.get_json(silent=True)
        if isinstance(envelope, dict) and not {"ETag", "Content-Encoding"} & {
            *result.headers.keys()
        }:
            timed = copy.copy(result)
            timed.headers = result.headers.copy()
            timed.set_data(current_app.json.dumps({**envelope, "process_time": seconds}) + "\n")
            return timed
    return result
