"""Flask's application with our request, JSON, sessions and addresses.

What is overridden below does what Flask does, but does not work out at every
request what cannot have changed: together a sixth of a small request's time.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask
from flask import Request as FlaskRequest
from werkzeug.routing import MapAdapter
from werkzeug.sansio.utils import get_host

from app.converter import CONVERTERS
from app.json_provider import JSONProvider
from app.request import Request
from app.session import SessionInterface

# An orchestrator's probe names the host as it likes: a pod's address, for example.
_ANY_HOST = "/health/"

_known_host = lru_cache(128)(get_host)  # of the hosts that requests name there are few


class Application(Flask):
    """One application; `create_app` makes it."""

    request_class = Request
    json_provider_class = JSONProvider
    session_interface = SessionInterface()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url_map.converters.update(CONVERTERS)
        # No redirects in HTML: a slash at the end does not matter, a doubled one is a 404.
        self.url_map.strict_slashes = False
        self.url_map.merge_slashes = False

        self._synchronous: dict[Callable[..., Any], Callable[..., Any]] = {}

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return `func`, made synchronous if it is not: a view, a hook, an error handler."""
        if func not in self._synchronous:
            self._synchronous[func] = super().ensure_sync(func)
        return self._synchronous[func]

    def preprocess_request(self) -> Any:
        """Run what is to run before the view, if there is anything."""
        if self.before_request_funcs or self.url_value_preprocessors:
            return super().preprocess_request()
        return None

    def create_url_adapter(self, request: FlaskRequest | None) -> MapAdapter | None:
        """Return what matches the request's address.

        Raises SecurityError, a 400, when TRUSTED_HOSTS lacks the request's host.
        """
        if request is None or self.url_map.host_matching or self.subdomain_matching:
            return super().create_url_adapter(request)
        if self.config["TRUSTED_HOSTS"] and not request.path.startswith(_ANY_HOST):
            request.trusted_hosts = self.config["TRUSTED_HOSTS"]
        else:
            header = request.environ.get("HTTP_HOST")
            request.host = _known_host(request.scheme, header, request.server)
        return MapAdapter(
            self.url_map,
            request.host,
            request.root_path,
            "",
            request.scheme,
            request.path,
            request.method,
            request.environ.get("QUERY_STRING", ""),
        )
