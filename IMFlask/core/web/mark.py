"""Marks on views that the engine reads."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request


def unlogged(view: Callable[..., Any]) -> Callable[..., Any]:
    """Log the view's requests only when they fail, and never in the API log."""
    view.unlogged = True  # type: ignore[attr-defined]
    return view


def is_unlogged(app: Flask, request: Request) -> bool:
    """Return whether a request was for a view that is `unlogged`, or for a static file."""
    endpoint = request.endpoint or ""  # where there is no such address
    return is_static(endpoint) or getattr(app.view_functions.get(endpoint), "unlogged", False)


def is_static(endpoint: str) -> bool:
    """Return whether Flask answers there itself, from a static folder."""
    return endpoint == "static" or endpoint.endswith(".static")
