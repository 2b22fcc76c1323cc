"""The application with the tests' own views, as servers run it in these tests."""

from manage import application
from tests.core.probe import blueprint

application.register_blueprint(blueprint)
