"""What the unit tests share: an app, a client, and no network."""

import socket
import unittest
from unittest import mock

from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from app import create_app
from config import config_dict


class UnitTestCase(unittest.TestCase):
    """A test that may open no socket; one that does fails, even if the app hides the error."""

    def setUp(self):
        self._opened = []

        def refuse(*args, **kwargs):
            self._opened.append(args)
            raise AssertionError("a unit test opened a socket")

        patch = mock.patch.object(socket.socket, "__init__", refuse)
        patch.start()
        self.addCleanup(self._check_sockets)
        self.addCleanup(patch.stop)

    def _check_sockets(self):
        self.assertEqual(self._opened, [], "the test opened a socket")


class AppMixin:
    """What a test does with an app: `self.app`, `self.client`; `settings` are the class's."""

    settings: dict[str, object] = {}

    def setUp(self):
        super().setUp()
        config = type("Config", (config_dict["testing"],), self.settings)
        self.app = create_app(config)
        context = self.app.app_context()
        context.push()
        self.addCleanup(context.pop)
        self.client = self.app.test_client()

    @property
    def admin(self):
        """A client that sends the admin token, if the settings have one."""
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.app.config['ADMIN_TOKEN']}"
        return client

    def patch(self, name, **kwargs):
        """Have a mock stand in for a model's method, "Note.get_note"; return it."""
        patch = mock.patch(f"model.mongodb.{name}", autospec=True, **kwargs)
        self.addCleanup(patch.stop)
        return patch.start()

    def set_view(self, view):
        """Have `view` answer GET /view."""
        if "view" not in self.app.view_functions:
            self.app.add_url_rule("/view", "view")
        self.app.view_functions["view"] = view

    def send(self, path, stream, content_type, **environ):
        """POST what the test client would not send: these very entries of the environ."""
        environ = {
            **EnvironBuilder(path="/", method="POST").get_environ(),
            "PATH_INFO": path,
            "CONTENT_TYPE": content_type,
            "wsgi.input": stream,
            **{name.replace("wsgi_", "wsgi."): value for name, value in environ.items()},
        }
        return TestResponse(*run_wsgi_app(self.app, environ), request=None)

    def assert_fails(self, response, status, description):
        """Assert the whole of a failure, to the letter; its id is that of the header."""
        request_id = response.headers["X-Request-ID"]
        self.assertEqual(
            (response.status_code, response.json),
            (status, {"msg": "fail", "description": description, "request_id": request_id}),
        )


class AppTestCase(AppMixin, UnitTestCase):
    """A unit test with the testing app, which has no database."""
