"""Flask's application with our request, JSON, sessions and addresses."""

from typing import Any

from flask import Flask
from flask import Request as FlaskRequest
from werkzeug.routing import MapAdapter

from app.converter import CONVERTERS
from app.json_provider import JSONProvider
from app.request import Request
from app.session import SessionInterface

# An orchestrator's probe names the host as it likes: a pod's address, for example.
_ANY_HOST = "/health/"


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

    def create_url_adapter(self, request: FlaskRequest | None) -> MapAdapter | None:
        """Return what matches the request's address.

        Flask's own works out host, path and scheme anew, which the request
        knows already, for subdomains that nobody has here (a tenth of a small
        request's time). Raises SecurityError, a 400, when TRUSTED_HOSTS lacks
        the request's host.
        """
        if request is None or self.url_map.host_matching or self.subdomain_matching:
            return super().create_url_adapter(request)
        if self.config["TRUSTED_HOSTS"] and not request.path.startswith(_ANY_HOST):
            request.trusted_hosts = self.config["TRUSTED_HOSTS"]
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
