"""What MongoDB says in trouble, in the four shapes of its errors: what comes of it.

A proxy gives the answers of a real server; the driver is the real one.
"""

import itertools

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.errors import PyMongoError

from app import create_app
from config import config_dict
from core.batch_writer import PutOff
from core.database import client as clients
from core.database.bulk import insert_each_once
from core.database.client import get_client
from core.web.database import get_db, set_db
from tests.core.probe import Probe, blueprint, init_probe
from tests.core.process import needs_secantus
from tests.core.proxy import Proxy
from tests.integration.case import DatabaseTestCase

COMMAND, WRITE, WRITES, CONCERN = SHAPES = "command", "write", "writes", "write concern"
# The manual's and the server's own list: src/mongo/base/error_codes.yml.
PASSING = (
    *(6, 7, 24, 50, 64, 89, 91, 112, 133, 134, 189, 202, 262, 365, 402, 407, 433, 449, 450, 462),
    *(9001, 10058, 10107, 11600, 11602, 13435, 13436, 91331),
)
NEVER = (2, 9, 14, 15, 22, 52, 53, 55, 56, 57, 61, 116, 121, 171, 201, 378, 10334, 17419, 17420)
SOON = "The service is not available now: try again soon."
UNKNOWN = "The database did not confirm this: look whether it was done before you send it again."
OVERLOADED = ("SystemOverloadedError", "RetryableError")


def failure(shape, code, labels=(), count=1):
    """Return the server's answer to a command of `count` writes, of which the last failed."""
    error = {"code": code, "codeName": "Name", "errmsg": "secret words"}
    labels = {"errorLabels": list(labels)} if labels else {}
    if shape == COMMAND:
        return {"ok": 0.0, **error, **labels}
    if shape == CONCERN:
        return {"ok": 1.0, "n": count, "nModified": count, "writeConcernError": error, **labels}
    errors = [{"index": count - 1, **error}]
    return {"ok": 1.0, "n": count - 1, "nModified": count - 1, "writeErrors": errors, **labels}


@needs_secantus
class FailureTestCase(DatabaseTestCase):
    """Errors of the server's, injected"""

    def setUp(self):
        super().setUp()
        init_probe(self.database)
        self.proxy = Proxy(self.database.client.address[1])
        # The driver would try again for 2 s what the proxy answers so each time.
        self.proxied = f"{self.proxy.uri}&retryReads=false&retryWrites=false"
        self.addCleanup(self.proxy.close)
        self.addCleanup(clients.close_client, self.proxied)
        self.app = create_app(config_dict["testing"])
        self.app.register_blueprint(blueprint)
        self.app.add_url_rule("/many", "many", self.update_many, methods=["PUT"])
        self.client = self.app.test_client()

    def update_many(self):
        """A view with several writes in a command."""
        Probe(get_db()).collection.bulk_write(
            [UpdateOne({"kind": kind}, {"$set": {"name": "NB"}}) for kind in "ab"]
        )
        return {}

    def ask(self, call, answer):
        """Return the response to a method and a path where the server answers so."""
        # A new client: one waits half a second for a server that said it is no primary.
        clients.close_client(self.proxied)
        set_db(self.app, get_client(self.proxied, "tests")[self.name])
        names = ("find", "update", "insert")
        self.proxy.answer = lambda one: answer if next(iter(one)) in names else None
        method, path = call
        body = {} if method == "GET" else {"json": {"name": "NB"}}
        return self.client.open(path, method=method, **body)

    def assert_answers(self, call, is_known, *answer):
        """Assert 503, and Retry-After if and only if nothing was done."""
        with self.subTest(call=call, answer=answer):
            with self.assertLogs("app") as logs:
                response = self.ask(call, failure(*answer))
            shown = response.headers.get("Retry-After"), response.json["description"]
            self.assertEqual(response.status_code, 503)
            self.assertEqual(shown, ("2", SOON) if is_known else (None, UNKNOWN))
            (line,) = logs.output
            self.assertIn("the database cannot do this now: ", line)

    def test_read_is_503_and_may_be_tried_again(self):
        """Whatever passes"""
        for code in PASSING:
            self.assert_answers(("GET", "/probe/name"), True, COMMAND, code)

    def test_update_is_503_and_may_be_tried_again_where_nothing_was_done(self):
        """A server that is no primary; a transaction in the way. All else may be done"""
        for code, shape in itertools.product(PASSING, SHAPES):
            is_known = (shape == COMMAND and code in (10058, 10107, 13435)) or (
                shape in (COMMAND, WRITE) and code == 112
            )
            path = "/many" if shape == WRITES else "/probe/name"
            self.assert_answers(("PUT", path), is_known, shape, code)

    def test_write_that_the_driver_has_sent_twice_may_be_done(self):
        """With its label even a server that is no primary says nothing of the first try"""
        labels = ["RetryableWriteError"]
        for code in (10058, 10107, 13435):
            self.assert_answers(("PUT", "/probe/name"), False, COMMAND, code, labels)

    def test_overload_says_by_a_label_that_nothing_was_done(self):
        """SystemOverloadedError, RetryableError; of code 462 and of those to come"""
        for code in (462, 999_999):
            for method, labels, is_known in (
                ("GET", OVERLOADED, True),
                ("GET", OVERLOADED[:1], True),
                ("PUT", OVERLOADED, True),
                ("PUT", OVERLOADED[:1], False),
            ):
                self.assert_answers((method, "/probe/name"), is_known, COMMAND, code, labels)

    def test_transaction_that_was_given_up_has_not_been_done(self):
        """Unless it was its end that is unknown"""
        transient, unknown = ["TransientTransactionError"], ["UnknownTransactionCommitResult"]
        for code in (112, 251, 246, 10107):
            self.assert_answers(("PUT", "/probe/name"), True, COMMAND, code, transient)
        for code in (50, 11602, 64):
            self.assert_answers(("PUT", "/probe/name"), False, COMMAND, code, unknown)

    def test_document_that_grows_too_large_is_413(self):
        """On an update, on an upsert, on an insert"""
        for code, (shape, path) in itertools.product(
            (10334, 17419, 17420), ((WRITE, "/probe/name"), (WRITES, "/many"))
        ):
            response = self.ask(("PUT", path), failure(shape, code))
            self.assertEqual(
                (response.status_code, response.json["description"]),
                (413, "The body is too large: send less."),
            )

    def insert(self, documents, answer):
        """Insert into the log as the API log does, where the server answers so."""
        self.proxy.answer = lambda one: answer if "insert" in one else None
        clients.close_client(self.proxied)
        return insert_each_once(get_client(self.proxied, "tests")[self.name]["Log"], documents)

    def test_entry_that_passes_is_inserted_once_and_not_given_up(self):
        """Each of three, of which the last fails; errors of unknown codes as well"""
        for code, shape in itertools.product((*PASSING, 8, 999_999), (COMMAND, WRITES, CONCERN)):
            with self.subTest(code=code, shape=shape):
                documents = [{"_id": ObjectId()} for _ in range(3)]
                if shape != COMMAND:
                    self.database["Log"].insert_many(documents[:2])
                with self.assertRaises(PutOff if shape == WRITES else PyMongoError) as raised:
                    self.insert(documents, failure(shape, code, (), 3))
                again = raised.exception.again if shape == WRITES else documents
                self.assertEqual(self.insert(again, None), 0)
                ids = {"_id": {"$in": [document["_id"] for document in documents]}}
                self.assertEqual(self.database["Log"].count_documents(ids), 3)

    def test_document_that_never_fits_is_given_up(self):
        """It alone; one that is there already is passed over, one that passes is not"""
        for code in NEVER:
            answer = failure(WRITES, code, (), 3)
            answer["writeErrors"].insert(0, {"index": 0, "code": 11000, "errmsg": "dup"})
            self.assertEqual(self.insert([{}, {}, {}], answer), 1, code)
            answer["writeErrors"][0]["code"] = 6
            with self.assertRaises(PutOff) as raised:
                self.insert([{"_id": 1}, {}, {}], answer)
            self.assertEqual((raised.exception.again, raised.exception.refused), ([{"_id": 1}], 1))
