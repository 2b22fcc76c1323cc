"""The API log loses nothing and stores nothing twice, whatever happens to the database."""

import collections
import json
import random
import signal
import sys
import threading
import time
import unittest

from pymongo.errors import DuplicateKeyError

from config import APP_NAME
from model import init_db
from model.mongodb import Log
from tests.core.process import free_port, needs_secantus, wait_until
from tests.core.proxy import Proxy
from tests.system.case import APPLICATION, PRODUCTION, ProcessTestCase
from tests.system.fault import Client, Mongo, report

REQUESTS = 20_000
CLIENTS = 4
RATE = 2_000  # requests a second, of all clients together


@needs_secantus
@unittest.skipIf(sys.platform == "win32", "needs POSIX signals")
class RequestLogTestCase(ProcessTestCase):
    """20,000 requests, with the worst in the middle of them"""

    def setUp(self):
        super().setUp()
        self.mongo = Mongo()
        self.addCleanup(self.mongo.close)
        self.mongo.start()
        self.database = self.mongo.client[APP_NAME.lower()]
        init_db(self.database)
        self.proxy = Proxy(self.mongo.port)
        self.addCleanup(self.proxy.close)
        self.port = free_port()
        self.answered = []  # ids, a list for each client
        self.is_over = threading.Event()  # for the senders, when the test fails
        self.addCleanup(self.is_over.set)
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.has_room = threading.Event()
        self.has_room.set()

    def watch_queue(self):
        """Hold the senders up while the queue is more than half full, as on a busy machine."""
        client = None
        while not self.is_over.wait(0.1):
            try:
                client = client or Client(self.port)
                waiting = json.loads(client.ask("GET /health/ready")[2])["result"]["log_queue"]
            except (OSError, ValueError):
                client = client and client.close()
                continue
            if waiting > 6000:
                self.has_room.clear()
            elif waiting < 1000:
                self.has_room.set()

    def settings(self):
        return {**PRODUCTION, "MONGODB_URI": self.proxy.uri, "API_LOGGING": "1"}

    def send(self, name, answered):
        """Send one client's part of the requests, each with an id of its own, at its rate."""
        client, attempt, start = None, 0, time.monotonic()
        for number in range(REQUESTS // CLIENTS):
            ahead = number / (RATE / CLIENTS) - (time.monotonic() - start)
            if ahead > 0:
                time.sleep(ahead)
            self.goes_on.wait(60)
            self.has_room.wait(60)
            while not self.is_over.is_set():
                attempt += 1
                request_id = f"{name}-{attempt}"
                try:
                    client = client or Client(self.port)
                    status, head, _ = client.ask(
                        f"GET /probe/add?a={number}&b=1", f"X-Request-ID: {request_id}"
                    )
                except OSError:  # dropped: is sent again, with a new id
                    if client is not None:
                        client = client.close()
                    time.sleep(0.01)
                    continue
                answered.append((request_id, status))
                if "connection: close" in head:
                    client = client.close()
                break
        if client is not None:
            client.close()

    def wait_for(self, part):
        """Wait until this part of all requests is answered."""
        self.assertTrue(wait_until(lambda: sum(map(len, self.answered)) >= part * REQUESTS, 120))

    def start_senders(self):
        self.answered = [[] for _ in range(CLIENTS)]
        self.senders = [
            threading.Thread(target=self.send, args=(f"client-{number}", answered), daemon=True)
            for number, answered in enumerate(self.answered)
        ]
        threading.Thread(target=self.watch_queue, daemon=True).start()
        self.started = time.monotonic()
        for sender in self.senders:
            sender.start()

    def run_through_faults(self, recycle):
        self.start_senders()
        self.wait_for(0.15)
        self.mongo.kill()
        # On a slow machine the database takes longer to start than the queue holds.
        pause = threading.Timer(2, self.goes_on.clear)
        pause.start()
        time.sleep(0.3)
        self.mongo.start()
        pause.cancel()
        self.goes_on.set()
        self.wait_for(0.4)
        self.proxy.loses_answers = True
        time.sleep(2.2)  # timeoutMS is 2 s; the queue holds some 5 s of these requests
        self.proxy.loses_answers = False
        self.wait_for(0.75)
        recycle()
        self.assert_each_is_stored_once()

    def assert_each_is_stored_once(self):
        for sender in self.senders:
            sender.join()
        rate = REQUESTS / (time.monotonic() - self.started)
        self.stop(self.server)
        stored = collections.Counter(
            entry["request_id"]
            for entry in Log(self.database).collection.find({}, {"request_id": 1})
        )
        answers = [answer for answered in self.answered for answer in answered]
        self.assertEqual({status for _, status in answers}, {200})
        answered = {request_id for request_id, _ in answers}
        self.assertEqual(len(answered), REQUESTS)
        missing = [request_id for request_id in answered if stored[request_id] == 0]
        twice = [request_id for request_id, count in stored.items() if count > 1]
        self.assertEqual((missing[:5], len(missing), twice[:5]), ([], 0, []), self.server.output())
        report(f"{len(answered)} answered at {rate:.0f} a second, {stored.total()} stored")

    def start_granian(self):
        self.server = self.serve(
            *("granian", "--interface", "wsgi", "--blocking-threads", "4"),
            *("--port", str(self.port), APPLICATION),
            port=self.port,
            cleanup=self.addCleanup,
            **self.settings(),
        )

    def start_gunicorn(self):
        self.server = self.serve(
            *("gunicorn", "--worker-class", "gthread", "--threads", "4"),
            *("--bind", f"127.0.0.1:{self.port}", APPLICATION),
            port=self.port,
            cleanup=self.addCleanup,
            **self.settings(),
        )

    def replace_worker(self, started):
        """SIGHUP, until the server says a second time that a worker has `started`."""
        self.server.send_signal(signal.SIGHUP)
        self.assertTrue(wait_until(lambda: self.server.output().count(started) >= 2, 30))

    def test_granian(self):
        """The production server; SIGHUP has it replace its worker"""
        self.start_granian()
        self.run_through_faults(lambda: self.replace_worker("Started worker-"))

    def test_gunicorn(self):
        """The same under the other server"""
        self.start_gunicorn()
        self.run_through_faults(lambda: self.replace_worker("Booting worker"))

    def test_shard_that_is_away_for_a_while(self):
        """A third of all entries for 10 s, as mongos says it: of some it is not known"""
        chance, failed = random.Random(0), collections.Counter()
        codes = (6, 7, 50, 89, 91, 112, 133, 189, 202, 262, 9001, 10107)

        def answer(command):
            if command.get("insert") != "Log":
                return None
            errors, documents = [], command["documents"]
            for index, document in enumerate(documents):
                code, is_stored = 0, True
                if sum(document["_id"].binary) % 3 == 0:  # the shard's
                    code, is_stored = chance.choice(codes), chance.random() < 0.5
                if is_stored:
                    try:
                        self.database["Log"].insert_one(document)
                    except DuplicateKeyError:
                        code = code or 11000
                if code:
                    errors.append({"index": index, "code": code, "errmsg": "x"})
                    failed[code] += 1
            return {"ok": 1, "n": len(documents) - len(errors), "writeErrors": errors}

        self.start_granian()
        self.start_senders()
        self.wait_for(0.1)
        self.proxy.answer = answer
        time.sleep(10)
        self.proxy.answer = lambda command: None
        self.assert_each_is_stored_once()
        failed.pop(11000, None)
        report(f"{failed.total()} times an entry failed")
        self.assertEqual(failed.keys(), set(codes))

    def test_stop_in_an_outage_tells_what_is_lost(self):
        """It waits for the database a while; the entries cannot be kept"""
        for start in (self.start_granian, self.start_gunicorn):
            self.port = free_port()
            start()
            client = Client(self.port)
            self.mongo.freeze()
            for _ in range(7):
                self.assertEqual(client.ask("GET /probe/add?a=1&b=2")[0], 200)
            client.close()
            self.stop(self.server)
            self.mongo.thaw()
            lines = [
                json.loads(line) for line in self.server.output().splitlines() if line[:1] == "{"
            ]
            self.assertEqual(
                (lines[-1]["level"], lines[-1]["message"]),
                ("ERROR", "API log: 7 entries are lost: they could not be written"),
            )
