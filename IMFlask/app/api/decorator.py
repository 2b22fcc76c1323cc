"""Decorators that endpoints share; yours go here."""

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any

from flask import current_app, g


def timer(view: Callable[..., Any]) -> Callable[..., Any]:
    """Time the view, in seconds: in `g.process_time`, and in the place that TIMER_OUTPUT names.

    `response` adds `process_time` to the envelope, `log` logs it, `none` does
    neither; unset it is `response` in debug, else `none`. The view's own result is not
    touched: it may be shared.
    """

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        try:
            result = view(*args, **kwargs)
        finally:
            seconds = g.process_time = perf_counter() - start
        output = current_app.config["TIMER_OUTPUT"]
        if output == "response" or (output is None and current_app.debug):
            return _with_process_time(result, seconds)
        if output == "log":
            current_app.logger.info("%s took %.6f s", view.__name__, seconds)
        return result

    return wrapper


def _with_process_time(result: Any, seconds: float) -> Any:
    """Return a view's result with the time in its envelope, if it has one."""
    if isinstance(result, dict):
        return {**result, "process_time": seconds}
    if isinstance(result, tuple) and result and isinstance(result[0], dict):
        return ({**result[0], "process_time": seconds}, *result[1:])
    return result
