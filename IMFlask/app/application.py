"""Flask's application with our request, JSON, sessions and addresses.

What is overridden does what Flask does, only sooner: where there are no hooks it
does not walk through the blueprints, and it works out a host once. That is some
seven of sixty microseconds.
"""

from functools import lru_cache
from typing import Any

from flask import Flask, request_tearing_down
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

    def preprocess_request(self) -> Any:
        """Run what is to run before the view; nothing, where nobody has registered anything."""
        if self.before_request_funcs or self.url_value_preprocessors:
            return super().preprocess_request()
        return None

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Run what is to run after the answer, and say that the request is over."""
        if self.teardown_request_funcs:
            super().do_teardown_request(exc)
        else:
            request_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=exc)

    def create_url_adapter(self, request: FlaskRequest | None) -> MapAdapter | None:
        """Return what matches the request's address.

        Flask's own works out the host twice and the path anew, for subdomains and
        websockets: a tenth of a small request's time. Where there are such it is
        asked. Raises SecurityError, a 400, when TRUSTED_HOSTS lacks the host,
        which has no case here; /health/ may be asked under any.
        """
        if (
            request is None
            or self.url_map.host_matching
            or self.subdomain_matching
            or self.config["SERVER_NAME"]
            or "HTTP_UPGRADE" in request.environ
        ):
            return super().create_url_adapter(request)
        header = request.environ.get("HTTP_HOST")
        trusted = self.config["TRUSTED_HOSTS"]
        request.host = _known_host(
            request.scheme,
            header.lower() if header else header,
            request.server,
            tuple(trusted) if trusted and not request.path.startswith(_ANY_HOST) else None,
        )
        return MapAdapter(
            self.url_map,
            request.host,
            request.root_path,
            self.url_map.default_subdomain,
            request.scheme,
            request.path,
            request.method,
            request.query_string.decode(errors="replace"),
        )
