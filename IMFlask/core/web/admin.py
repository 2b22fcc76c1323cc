"""The admin token: one secret, from the settings, for restricted endpoints."""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, current_app
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from core.web.request import current_request


def admin_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Ask for `Authorization: Bearer ADMIN_TOKEN`, where that setting is set; else answer 401."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        token = current_app.config["ADMIN_TOKEN"]
        if token and not _is_given(token):
            challenge = WWWAuthenticate("bearer", {"realm": current_app.config["APP_NAME"]})
            raise Unauthorized(
                "Send the admin token, in the header Authorization: Bearer <token>.",
                www_authenticate=challenge,
            )
        return view(*args, **kwargs)

    wrapper.security = security  # type: ignore[attr-defined]
    return wrapper


def security(app: Flask) -> dict[str, dict[str, Any]]:
    """Return the view's security schemes by name, for the description."""
    if not app.config["ADMIN_TOKEN"]:
        return {}
    return {"admin": {"type": "http", "scheme": "bearer", "description": "The admin token."}}


def _is_given(token: str) -> bool:
    """Whether the request has this token; compared in constant time."""
    authorization = current_request().authorization
    if authorization is None or authorization.type != "bearer":
        return False
    given = authorization.token or ""
    return hmac.compare_digest(given.encode(errors="replace"), token.encode())
