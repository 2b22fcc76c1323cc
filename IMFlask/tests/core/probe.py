"""What the tests of the core ask: views and a collection of their own, which need no sample."""

from flask import Blueprint
from pymongo import ASCENDING, IndexModel

from app.api import (
    Envelope,
    Json,
    Max,
    Min,
    ObjectIdRule,
    Query,
    Validator,
    get_db,
    response,
    timer,
)
from core import page
from core.database.initializer import Initializer
from core.database.model import Model
from core.database.value import storable, utc_now
from core.error import NotFound

blueprint = Blueprint("probe", __name__, url_prefix="/probe")

_KEY = {"kind": "name"}


class Probe(Model):
    """One document, with a unique index and a seed."""

    VERSION = 1

    @property
    def index(self):
        """One document a kind."""
        return [IndexModel([("kind", ASCENDING)], unique=True)]

    @property
    def schema(self):
        """A name of now."""
        return {"kind": None, "name": None, "created_at": utc_now(), "__version__": self.VERSION}

    @property
    def seeds(self):
        """The first name."""
        return [(_KEY, {"name": "IML"})]

    def get_name(self):
        """Return the name, or None."""
        return (self.collection.find_one(_KEY) or {}).get("name")

    def change_name(self, name):
        """Change the name; returns False when there is none."""
        result = self.collection.update_one(_KEY, {"$set": {"name": storable(name)}})
        return result.matched_count > 0


def init_probe(database):
    """Prepare `database` for it, as db-init would."""
    return Initializer([Probe], database).run()


@blueprint.get("/add")
@timer
@Validator()
def add_api(a: int = Query(int), b: int = Query(int)) -> Envelope:
    """Add."""
    return response(a + b)


@blueprint.get("/hello")
@timer
def hello_api() -> Envelope:
    """Greet, in Korean."""
    return response("안녕하세요")


@blueprint.get("/list")
@Validator()
def list_api(
    limit: int = Query(int, default=10, rules=[Min(1), Max(100)]),
    before: str = Query(str, rules=ObjectIdRule(), optional=True),
) -> Envelope:
    """List the documents."""
    documents, cursor = page.newest(Probe(get_db()).find_newest, limit, before)
    return response(documents, next=cursor)


@blueprint.get("/name")
@timer
def get_name_api() -> Envelope:
    """Show the name."""
    return response(Probe(get_db()).get_name())


@blueprint.route("/name", methods=["POST", "PUT"])
@timer
@Validator()
def change_name_api(name: str = Json(str)) -> Envelope:
    """Change the name."""
    if not Probe(get_db()).change_name(name):
        raise NotFound("There is no name yet.")
    return response()
