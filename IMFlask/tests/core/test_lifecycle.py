"""What happens around every request."""

import gc
import io
import time
from unittest import mock

from flask import Flask, Response, abort, request, session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from config import APP_NAME
from core.web.lifecycle import on_answer
from tests.core.case import ProbeTestCase

NEW_ID = r"^[0-9a-f]{32}$"


class RequestIdTestCase(ProbeTestCase):
    """The request's id"""

    def test_given_id_is_taken_over(self):
        """1 to 64 letters, digits, '.', '_' and '-'"""
        for given in ("a", "A.b_c-9", "x" * 64):
            response = self.client.get("/nowhere", headers={"X-Request-ID": given})
            self.assertEqual(response.headers.getlist("X-Request-ID"), [given])
            self.assertEqual(response.json["request_id"], given)

    def test_anything_else_is_replaced(self):
        """By a new one each time"""
        seen = set()
        for given in ("", "x" * 65, "a b", "a\tb", "ä", "a/b", "a,b", "<x>", '"', "１"):
            environ = EnvironBuilder("/nowhere").get_environ()
            environ["HTTP_X_REQUEST_ID"] = given.encode().decode("latin-1")
            _, _, headers = run_wsgi_app(self.app, environ)
            self.assertRegex(headers["X-Request-ID"], NEW_ID)
            seen.add(headers["X-Request-ID"])
        self.assertEqual(len(seen), 10)

    def test_every_answer_has_one(self):
        """Pages, files, errors of all kinds; the envelope of an error has it too"""
        self.app.add_url_rule("/bug", "bug", lambda: 1 / 0)
        self.app.add_url_rule("/abort", "abort", lambda: abort(Response("x", 418)))
        for path in ("/static/x", "/probe/hello", "/probe/add", "/bug", "/abort"):
            with self.subTest(path), mock.patch.object(self.app.logger, "error"):
                response = self.client.get(path)
                self.assertRegex(response.headers["X-Request-ID"], NEW_ID)
                if response.is_json and response.status_code >= 400:
                    self.assertEqual(response.json["request_id"], response.headers["X-Request-ID"])


class HeadersTestCase(ProbeTestCase):
    """Headers of security"""

    def test_every_answer_has_them(self):
        """Success, failure, page"""
        self.set_view(lambda: "<p>")
        for path in ("/view", "/nowhere", "/probe/add", "/probe/hello"):
            headers = self.client.get(path).headers
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            self.assertNotIn("Strict-Transport-Security", headers)

    def test_page_has_a_content_security_policy(self):
        """Which lets it load what is ours alone; JSON needs none"""
        self.set_view(lambda: "<p>")
        policy = self.client.get("/view").headers["Content-Security-Policy"]
        self.assertIn("default-src 'self';", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotIn("Content-Security-Policy", self.client.get("/probe/hello").headers)
        self.set_view(lambda: ("<p>", {"Content-Security-Policy": "default-src https:"}))
        policies = self.client.get("/view").headers.getlist("Content-Security-Policy")
        self.assertEqual(policies, ["default-src https:"])

    def test_no_cache_keeps_json(self):
        """Unless the view says otherwise; pages and files are not meant"""
        self.set_view(lambda: ({}, 200, {"cache-control": "max-age=60"}))
        for path in ("/probe/hello", "/nowhere", "/probe/add"):
            self.assertEqual(self.client.get(path).headers["Cache-Control"], "no-store")
        self.assertEqual(self.client.get("/view").headers.getlist("Cache-Control"), ["max-age=60"])
        self.set_view(lambda: ("{}", 400, {"Content-Type": "application/problem+json"}))
        self.assertEqual(self.client.get("/view").headers["Cache-Control"], "no-store")
        self.set_view(lambda: "<p>")
        self.assertNotIn("Cache-Control", self.client.get("/view").headers)

    def test_view_has_the_last_word(self):
        """A header that is there stays, and stays alone"""
        own = {"x-frame-options": "SAMEORIGIN", "Content-Security-Policy": "sandbox"}
        self.set_view(lambda: ("<p>", 200, own))
        headers = self.client.get("/view").headers
        self.assertEqual(headers.getlist("X-Frame-Options"), ["SAMEORIGIN"])
        self.assertEqual(headers.getlist("Content-Security-Policy"), ["sandbox"])
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")

    def test_view_may_set_the_id(self):
        """An answer passed on from elsewhere; there are not two"""
        self.set_view(lambda: ("", 200, {"X-Request-ID": "mine"}))
        self.assertEqual(self.client.get("/view").headers.getlist("X-Request-ID"), ["mine"])

    def test_cookies_are_guarded(self):
        """HttpOnly and SameSite; Secure where the config says so"""

        def view():
            session["a"] = 1
            return {}

        self.set_view(view)
        cookie = self.client.get("/view").headers["Set-Cookie"]
        self.assertIn("; HttpOnly", cookie)
        self.assertIn("; SameSite=Lax", cookie)
        self.app.config["SESSION_COOKIE_SECURE"] = True
        self.assertIn("; Secure", self.client.get("/view").headers["Set-Cookie"])


class MiddlewareTestCase(ProbeTestCase):
    """What can happen within the lifecycle"""

    def test_failure_after_the_view_is_in_the_envelope_too(self):
        """teardown_request, which Flask lets through, and a status that is none"""
        self.set_view(lambda: ("x", "weird"))

        @self.app.teardown_request
        def fail(error):
            raise ZeroDivisionError("secret")

        starts = []
        environ = EnvironBuilder("/probe/hello").get_environ()
        with self.assertLogs("core", "ERROR") as logs:
            body = self.app(environ, lambda *args: starts.append(args))
        self.assertIn("ZeroDivisionError", logs.output[0])
        line, headers, exc_info = starts[-1]  # which servers take while nothing is sent
        self.assertEqual((line[:3], exc_info[0] is None), ("500", False))
        envelope = self.app.json.loads(b"".join(body))
        self.assertEqual(
            envelope["description"], "The server failed to answer this; the failure is logged."
        )
        self.assertEqual(dict(headers)["X-Request-ID"], envelope["request_id"])
        self.assertEqual(dict(headers)["X-Frame-Options"], "DENY")
        self.app.teardown_request_funcs.clear()
        with self.assertLogs("core", "ERROR"):
            self.app(EnvironBuilder("/view").get_environ(), lambda *args: starts.append(args))
        self.assertEqual(starts[-1][0][:3], "500")

    def test_server_that_refuses_a_header_gets_the_envelope(self):
        """As one with a line break; the body of the first answer is closed"""
        body, start = mock.MagicMock(), mock.Mock(side_effect=[ValueError("header"), None])
        self.app.wsgi_app._next = lambda environ, begin: begin("200 OK", []) or body
        with self.assertLogs("core", "ERROR"):
            self.assertIn(b"is logged", b"".join(self.app({}, start)))
        self.assertEqual([call.args[0][:3] for call in start.call_args_list], ["200", "500"])
        body.close.assert_called_once_with()

    def test_failing_hook_changes_no_answer(self):
        """It is logged, and the next hook is called all the same"""

        def hook(request, status, seconds):
            raise ZeroDivisionError

        seen = []
        on_answer(self.app, hook)
        on_answer(self.app, lambda *args: seen.append(args[1]))
        with self.assertLogs("core", "ERROR"):
            self.assertEqual(self.client.get("/probe/hello").status_code, 200)
        self.assertEqual(seen, [200])

    def test_middleware_within_may_answer_itself_or_copy_the_environ(self):
        """As extensions do"""
        lifecycle = self.app.wsgi_app
        flask_app = lifecycle._next

        def middleware(environ, start_response):
            if environ["PATH_INFO"] == "/metrics":
                start_response("200 OK", [("Content-Type", "text/plain")])
                return [b"1"]
            return flask_app(dict(environ), start_response)

        lifecycle._next = middleware
        response = self.client.get("/metrics")
        self.assertEqual((response.data, response.headers["X-Frame-Options"]), (b"1", "DENY"))
        self.assertRegex(response.headers["X-Request-ID"], NEW_ID)
        headers = {"X-Request-ID": "abc"}
        response = self.client.get("/probe/hello", headers=headers)
        self.assertEqual((response.status_code, response.headers["X-Request-ID"]), (200, "abc"))

    def test_extension_that_answers_itself_is_within(self):
        """Its answers have the headers as well"""

        def register(app):
            app.wsgi_app = Response("1")

        with mock.patch("app.register_extensions", register):
            self.setUp()
        headers = self.client.get("/anything").headers
        self.assertRegex(headers["X-Request-ID"], NEW_ID)
        self.assertEqual(headers["X-Frame-Options"], "DENY")

    def test_rest_of_a_body_is_read_before_the_answer(self):
        """Not where the answer is made of it, nor where it is whole; whatever its length is said"""
        self.app.add_url_rule("/echo", "echo", lambda: Response(request.blocks()), methods=["POST"])
        for path, body, read in (
            ("/nowhere", b"x" * 100_000, 100_000),
            ("/probe/hello", b"x" * 100_000, 100_000),
            ("/nowhere", b"", 0),
        ):
            stream = io.BytesIO(body)
            environ = {"CONTENT_LENGTH": str(len(body)), "wsgi_input_terminated": True}
            self.send(path, stream, "text/plain", **environ)
            self.assertEqual(stream.tell(), read)
        for length in ("5", "0" * 5000 + "5", "x", "-1", str(2**70)):
            environ = {"CONTENT_LENGTH": length, "wsgi_input_terminated": True}
            response = self.send("/nowhere", io.BytesIO(b"12345"), "text/plain", **environ)
            self.assertEqual(response.status_code, 404, length[-9:])
        with mock.patch("core.web.lifecycle.drain") as drained:
            self.client.post("/probe/name", json={"nam": "x"})
            drained.assert_not_called()  # it would wait behind clients that stall
            self.client.post("/nowhere", json={"nam": "x"})
            drained.assert_called_once()
        body = b"x" * 300_000
        environ = {"CONTENT_LENGTH": str(len(body)), "wsgi_input_terminated": True}
        response = self.send("/echo", io.BytesIO(body), "text/plain", **environ)
        self.assertEqual(response.data, body)

    def test_nothing_is_left_for_the_garbage_collector(self):
        """No request, whatever its answer, but for what Flask itself leaves"""

        def left(app, path):
            app.test_client().get(path)
            gc.collect()
            gc.disable()
            app.test_client().get(path)
            found = [one for one in gc.get_objects() if type(one) is app.request_class]
            gc.enable()
            return len(found)

        bare = Flask("bare")
        bare.add_url_rule("/", "view", lambda: {})
        by_flask = left(bare, "/")
        for path in ("/probe/hello", "/probe/add", "/nowhere"):
            self.assertLessEqual(left(self.app, path), by_flask, path)


class TrustedHostsTestCase(ProbeTestCase):
    """TRUSTED_HOSTS"""

    settings = {"TRUSTED_HOSTS": ["api.example.com", ".example.org"]}

    def test_only_these_are_answered(self):
        """With any port; by name or suffix"""
        for host in ("api.example.com", "API.Example.com:8000", "a.example.org", "example.org"):
            response = self.client.get("/probe/hello", headers={"Host": host})
            self.assertEqual(response.status_code, 200, host)
        for host in ("example.com", "evil.com", "api.example.com.evil.com", "", "a b"):
            response = self.client.get("/probe/hello", headers={"Host": host})
            self.assert_fails(
                response, 400, "The Host header does not name a host of this service."
            )

    def test_probes_may_name_any(self):
        """A pod's address, for example; also where a client offers another protocol"""
        for host in ("10.0.0.1:8000", "", "a b/<x>"):
            for headers in ({}, {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}):
                response = self.client.get("/health/live", headers=headers | {"Host": host})
                self.assertEqual(response.status_code, 200, host)


class LocalHostsTestCase(ProbeTestCase):
    """In development"""

    settings = {"KIND": "development", "TRUSTED_HOSTS": ["dev.example"]}

    def test_only_this_machine_is_named(self):
        """No page of a name that leads here (DNS rebinding); TRUSTED_HOSTS adds names"""
        for host in ("localhost:5000", "127.0.0.1", "[::1]:5000", "[::1]", "dev.example:1"):
            response = self.client.get("/probe/hello", headers={"Host": host})
            self.assertEqual(response.status_code, 200, host)
        for host in ("evil.example", "127.0.0.1.evil.example", "[::2]", "[::1]:@x", "localhost.x"):
            self.assert_fails(
                self.client.get("/probe/hello", headers={"Host": host}),
                400,
                "The Host header does not name a host of this service:"
                f" {APP_NAME}_TRUSTED_HOSTS adds one.",
            )


class ProxyTestCase(ProbeTestCase):
    """PROXY_HOPS"""

    settings = {"PROXY_HOPS": {"x_for": 1, "x_proto": 1}, "SLOW_API_TIME": 0}

    def test_so_many_proxies_are_believed(self):
        """The client's address is what the nearest proxy says"""
        with self.assertLogs("core", "WARNING") as logs:
            headers = {"X-Forwarded-For": "6.6.6.6, 10.9.8.7", "X-Forwarded-Host": "evil.com"}
            self.client.get("/probe/hello", headers=headers)
            self.client.get("/probe/hello", headers={"X-Forwarded-For": "::1%<x>"})
            for given in ("198.51.100.7:51234", "[2001:db8::1]:443", "[2001:db8::1]", "1.2.3.4:x"):
                self.client.get("/probe/hello", headers={"X-Forwarded-For": given})
        self.assertIn("ip 10.9.8.7, GET /probe/hello", logs.output[0])
        self.assertIn("ip None, GET /probe/hello", logs.output[1])  # no address
        found = [record.request.remote_addr for record in logs.records[2:]]
        self.assertEqual(found, ["198.51.100.7", "2001:db8::1", "2001:db8::1", None])


class SlowRequestTestCase(ProbeTestCase):
    """Slow API tracking"""

    settings = {"SLOW_API_TIME": 0.05, "LOG_BODIES": True}

    def test_slow_request_is_one_line(self):
        """ip, url, body, time; redacted and escaped"""

        def slow(*args):
            time.sleep(0.06)

        with (
            mock.patch("tests.core.probe.Probe.change_name", side_effect=slow),
            self.assertLogs("core", "WARNING") as logs,
        ):
            self.client.post(
                "/probe/name?q=a%0Ab&token=x", json={"name": "a\u2028b", "password": "x"}
            )
        self.assertEqual(len(logs.output), 1)
        self.assertRegex(
            logs.output[0],
            r"^WARNING:core.web.access_log:slow API: 0\.\d{3} s, ip 127\.0\.0\.1,"
            r" POST /probe/name\?q=a%0Ab&token=\*\*\*,"
            r' body \{"name": "a\\u2028b", "password": "\*\*\*"\}$',
        )
        record = logs.records[0]
        self.assertEqual((record.request.path, record.status), ("/probe/name", 404))
        self.assertGreaterEqual(record.milliseconds, 60)

    def test_body_is_told_by_its_length_without_log_bodies(self):
        """It can hold anybody's address"""
        self.settings = {"LOG_BODIES": False, "SLOW_API_TIME": 0}
        self.setUp()
        with self.assertLogs("core", "WARNING") as logs:
            self.client.post("/probe/hello", json={"mail": "nb@example.com"})
            self.client.post("/nowhere", json={"mail": "nb@example.com"})
        for line in logs.output:
            self.assertTrue(line.endswith(", body (25 bytes)"), line)

    def test_quick_request_is_not_mentioned(self):
        """Below SLOW_API_TIME"""
        self.app.config["SLOW_API_TIME"] = 60
        with self.assertNoLogs("core", "WARNING"):
            self.client.get("/probe/add?a=1&b=2")
