"""What MongoDB says in trouble, in the four shapes of its errors: what comes of it.

A proxy gives the answers of a real server; the driver is the real one.
"""

import itertools

from pymongo import UpdateOne
from pymongo.errors import (
    AutoReconnect,
    ClientBulkWriteException,
    ServerSelectionTimeoutError,
)

from app import create_app
from config import config_dict
from core.database.failure import is_duplicate, is_outage, may_be_done
from core.web.database import get_db, set_db
from tests.core.probe import Probe, blueprint, init_probe
from tests.core.proxy import COMMAND, PASSING, SHAPES, WRITE, WRITES, ProxyTestCase, failure

SOON = "The service is not available now: try again soon."
UNKNOWN = "The database did not confirm this: check whether it was done before you send it again."
OVERLOADED = ("SystemOverloadedError", "RetryableError")


class FailureTestCase(ProxyTestCase):
    """Errors of the server's, injected"""

    def setUp(self):
        super().setUp()
        init_probe(self.database)
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
        set_db(self.app, self.connect())
        names = ("find", "update")
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
        for error, labels in ((ServerSelectionTimeoutError, unknown), (AutoReconnect, OVERLOADED)):
            # The driver labels so what fails while it connects, for a second try.
            self.assertTrue(may_be_done(error("x", {"errorLabels": list(labels)})))
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

    def test_bulk_of_the_client_is_read_as_well(self):
        """MongoClient.bulk_write of MongoDB 8, which has an error within"""
        for details, outage, duplicate in (
            ({"error": AutoReconnect("closed"), "writeErrors": []}, True, False),
            ({"writeErrors": [{"code": 6}, {"code": 11000}]}, True, False),
            ({"writeErrors": [{"code": 11000}]}, False, True),
        ):
            error = ClientBulkWriteException(details, False)
            self.assertEqual((is_outage(error), is_duplicate(error)), (outage, duplicate))
            self.assertTrue(may_be_done(error))
