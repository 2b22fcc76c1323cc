"""What the engine's unit tests share."""

from tests.case import AppTestCase
from tests.core.probe import blueprint


class ProbeTestCase(AppTestCase):
    """A unit test of the engine, with the views of tests/probe.py."""

    def setUp(self):
        super().setUp()
        self.app.register_blueprint(blueprint)
