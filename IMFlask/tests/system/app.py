"""The application with the tests' own views, as servers run it in these tests."""

from manage import application
from tests.core.probe import blueprint

# The page's tests have put them into their copy of the application already.
if not any(name.endswith(blueprint.name) for name in application.blueprints):
    application.register_blueprint(blueprint)
