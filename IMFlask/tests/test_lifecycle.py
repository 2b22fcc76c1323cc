"""What happens around every request."""

import time
from unittest import mock

from flask import Response, abort, session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.case import AppTestCase

NEW_ID = r"^[0-9a-f]{32}$"


class RequestIdTestCase(AppTestCase):
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
        for path in ("/", "/static/x", "/sample/jsonify", "/sample/add", "/bug", "/abort"):
            with self.subTest(path), mock.patch.object(self.app.logger, "error"):
                response = self.client.get(path)
                self.assertRegex(response.headers["X-Request-ID"], NEW_ID)
                if response.is_json and response.status_code >= 400:
                    self.assertEqual(response.json["request_id"], response.headers["X-Request-ID"])


class HeadersTestCase(AppTestCase):
    """Headers of security"""

    def test_every_answer_has_them(self):
        """Success, failure, page"""
        for path in ("/", "/nowhere", "/sample/add", "/sample/jsonify"):
            headers = self.client.get(path).headers
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            self.assertNotIn("Strict-Transport-Security", headers)

    def test_page_has_a_content_security_policy(self):
        """Which lets it load what is ours alone; JSON needs none"""
        policy = self.client.get("/").headers["Content-Security-Policy"]
        self.assertIn("default-src 'self';", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotIn("Content-Security-Policy", self.client.get("/sample/jsonify").headers)

    def test_view_has_the_last_word(self):
        """A header that is there stays, and stays alone"""
        own = {"x-frame-options": "SAMEORIGIN", "Content-Security-Policy": "sandbox"}
        self.app.view_functions["template.index"] = lambda: ("<p>", 200, own)
        headers = self.client.get("/").headers
        self.assertEqual(headers.getlist("X-Frame-Options"), ["SAMEORIGIN"])
        self.assertEqual(headers.getlist("Content-Security-Policy"), ["sandbox"])
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")

    def test_cookies_are_guarded(self):
        """HttpOnly and SameSite; Secure where the config says so"""

        def view():
            session["a"] = 1
            return {}

        self.app.view_functions["template.index"] = view
        cookie = self.client.get("/").headers["Set-Cookie"]
        self.assertIn("; HttpOnly", cookie)
        self.assertIn("; SameSite=Lax", cookie)
        self.app.config["SESSION_COOKIE_SECURE"] = True
        self.assertIn("; Secure", self.client.get("/").headers["Set-Cookie"])


class HSTSTestCase(AppTestCase):
    """HSTS_SECONDS"""

    settings = {"HSTS_SECONDS": 60}

    def test_browsers_are_told(self):
        """By every answer"""
        header = self.client.get("/").headers["Strict-Transport-Security"]
        self.assertEqual(header, "max-age=60")


class TrustedHostsTestCase(AppTestCase):
    """TRUSTED_HOSTS"""

    settings = {"TRUSTED_HOSTS": ["api.example.com", ".example.org"]}

    def test_only_these_are_answered(self):
        """With any port; by name or suffix"""
        for host in ("api.example.com", "api.example.com:8000", "a.example.org", "example.org"):
            response = self.client.get("/sample/jsonify", headers={"Host": host})
            self.assertEqual(response.status_code, 200, host)
        for host in ("example.com", "evil.com", "api.example.com.evil.com", "", "a b"):
            response = self.client.get("/sample/jsonify", headers={"Host": host})
            self.assert_fails(
                response, 400, "The Host header does not name a host of this service."
            )

    def test_probes_may_name_any(self):
        """A pod's address, for example"""
        for host in ("10.0.0.1:8000", "", "a b/<x>"):
            response = self.client.get("/health/live", headers={"Host": host})
            self.assertEqual(response.status_code, 200, host)


class ProxyTestCase(AppTestCase):
    """PROXY_HOPS"""

    settings = {"PROXY_HOPS": {"x_for": 1, "x_proto": 1}, "SLOW_API_TIME": 0}

    def test_so_many_proxies_are_believed(self):
        """The client's address is what the nearest proxy says"""
        with self.assertLogs("app", "WARNING") as logs:
            headers = {"X-Forwarded-For": "6.6.6.6, 10.9.8.7", "X-Forwarded-Host": "evil.com"}
            self.client.get("/sample/jsonify", headers=headers)
        self.assertIn("ip 10.9.8.7, GET /sample/jsonify", logs.output[0])


class NoProxyTestCase(AppTestCase):
    """No PROXY_HOPS"""

    settings = {"SLOW_API_TIME": 0}

    def test_no_proxy_is_believed(self):
        """Anybody can send the header"""
        with self.assertLogs("app", "WARNING") as logs:
            self.client.get("/sample/jsonify", headers={"X-Forwarded-For": "6.6.6.6"})
        self.assertIn("ip 127.0.0.1, GET", logs.output[0])


class SlowRequestTestCase(AppTestCase):
    """Slow API tracking"""

    settings = {"SLOW_API_TIME": 0.05}

    def test_slow_request_is_one_line(self):
        """ip, url, body, time; redacted and escaped"""

        def slow(*args):
            time.sleep(0.06)

        with (
            mock.patch("model.mongodb.MasterConfig.change_author", side_effect=slow),
            self.assertLogs("app", "WARNING") as logs,
        ):
            self.client.post(
                "/sample/author?q=a%0Ab&token=x", json={"name": "a\u2028b", "password": "x"}
            )
        self.assertEqual(len(logs.output), 1)
        self.assertRegex(
            logs.output[0],
            r"^WARNING:app:slow API: 0\.\d{3} s, ip 127\.0\.0\.1,"
            r" POST /sample/author\?q=a%0Ab&token=\*\*\*,"
            r' body \{"name": "a\\u2028b", "password": "\*\*\*"\}$',
        )
        record = logs.records[0]
        self.assertEqual((record.request.path, record.status), ("/sample/author", 404))
        self.assertGreaterEqual(record.milliseconds, 60)

    def test_line_breaks_of_the_client_are_escaped(self):
        """In the path and in the method"""
        self.app.config["SLOW_API_TIME"] = 0
        with self.assertLogs("app", "WARNING") as logs:
            self.client.open("/a%0AWARNING:app:forged%1B[2J", method="A\nB")
        self.assertEqual(len(logs.output), 1)
        self.assertIn("A\\nB /a\\nWARNING:app:forged\\x1b[2J, body ", logs.output[0])

    def test_quick_request_is_not_mentioned(self):
        """Below SLOW_API_TIME"""
        self.app.config["SLOW_API_TIME"] = 60
        with self.assertNoLogs("app", "WARNING"):
            self.client.get("/sample/add?a=1&b=2")
