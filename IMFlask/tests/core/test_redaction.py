"""What may be shown of a client's data."""

import json
import time
from urllib.parse import quote

from core import redaction
from tests.case import UnitTestCase

SECRET = """
password Password1 new_password user-pass passwd pwd token access_token csrfToken secret
client.secret Authorization api_key apiKey X-API-Key private_key session_id cookie credentials
auth pin pw pass1 totp pin_code cvv2 signing-key auth_code jwt creditCard key otp signature
bearer 비밀번호 ｐａｓｓｗｏｒｄ newpass userpass dbpass pswd code code_verifier mfa senha 密码
パスワード contraseña mot_de_passe Пароль user_pass set-cookie SAMLResponse X-Amz-Signature
"""
NO_SECRET = "editor name key_name spin hotpot compass passenger design bypass status_code zipcode"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.hunter2sig-_x"
# Under any name.
TOKENS = (
    *("Bearer hunter2aaaa", "Basic hunter2aaa==", JWT, f"ghp_hunter2{'a' * 20}", "xoxb-hunter2-aa"),
    *("glpat-hunter2aaaaaaaaaa", "sk_live_hunter2aaa", f"AIzahunter2{'a' * 30}", "token=hunter2"),
    *(
        "-----BEGIN RSA PRIVATE KEY-----hunter2",
        "<password>hunter2</password>",
        "AKIAHUNTER2AAAAAAAAA",
    ),
    *(
        "postgres://bob:hunter2@hunter2@host/x",
        "/cb?next=%2Freset%3Ftoken%3Dhunter2",
        "%252Fx%253Fpwd%253Dhunter2",
    ),
    'mutation { login(password: "hunter2") }',
)
PAIRS = (
    {"op": "replace", "path": "/password", "value": "hunter2"},
    {"op": "add", "path": "/users/0/password/-", "value": "hunter2"},
    {"name": "Authorization", "value": "hunter2"},
    {"Key": "api_key", "Val": ["hunter2"]},
)


class RedactTestCase(UnitTestCase):
    """Redaction"""

    def test_names_of_secrets(self):
        """In any spelling; what only looks alike is left"""
        for name in SECRET.split():
            self.assertTrue(redaction.is_secret(name), name)
        for name in ("", *NO_SECRET.split()):
            self.assertFalse(redaction.is_secret(name), name)

    def test_json_is_redacted_at_any_depth(self):
        """Objects in arrays in objects; a secret that is an object goes whole"""
        body = {"a": [{"b": {"Password": "x", "c": 1}}], "token": {"d": "x"}, "e": "안녕"}
        self.assertEqual(
            redaction.redact_body(json.dumps(body).encode(), "application/json"),
            '{"a": [{"b": {"Password": "***", "c": 1}}], "token": "***", "e": "안녕"}',
        )

    def test_query_is_redacted(self):
        """By the decoded name, every time it is given"""
        self.assertEqual(
            redaction.redact_query(b"a=1&pass%77ord=x&p%2561ssword=y&b=%EC%95%88&c&api_key="),
            "a=1&password=***&***=***&b=안&c=&api_key=***",
        )

    def test_query_stays_one_query(self):
        """What would split it is encoded, what cannot be decoded is replaced"""
        self.assertEqual(redaction.redact_query(b"a=%26b%3D%25&d=%0A+x"), "a=%26b%3D%25&d=%0A%20x")
        self.assertEqual(redaction.redact_query(b"a=%ff&b=\xff"), "a=\ufffd&b=\ufffd")

    def test_secrets_go_before_the_cut(self):
        """2 KB, after redaction"""
        body = json.dumps({"a": "안" * 5000, "password": "hunter2"}).encode()
        shown = redaction.redact_body(body, "application/json")
        self.assertLessEqual(len(shown.encode()), 2048)
        self.assertGreater(len(shown.encode()), 2040)
        body = json.dumps({"password": "hunter2" * 1000, "b": "end"}).encode()
        self.assertEqual(
            redaction.redact_body(body, "application/json"), '{"password": "***", "b": "end"}'
        )

    def test_text_that_names_a_secret_is_redacted(self):
        """JSON in a string, a query in a query"""
        body = json.dumps({"a": '{"password": "hunter2"}', "b": "/x?token=1", "c": "a: b"})
        self.assertEqual(
            redaction.redact_body(body.encode(), "application/json"),
            '{"a": "***", "b": "***", "c": "a: b"}',
        )
        for query in (
            *(b"next=/x?token=hunter2", b"user=a;password=hunter2", b"password%3Dhunter2"),
            *(b"password%3Dhunter2=1", b"a=password%5B%5D=hunter2"),
            b"a=\\%22password\\%22:\\%22hunter2",
            b"PHPSESSID=hunter2&my_session=hunter2&userpwd=hunter2&OTPcode=hunter2",
            b"a=https://user:hunter2@host/",
            b"a=smtp://bob@gmail.com:hunter2@host",
            b"a=https://u:" + b"x" * 300 + b"hunter2@host",
            b"sk_live_hunter2aaaaaa=1",
            b"name=password&value=hunter2",
            b"f[0][name]=password&f[0][value]=hunter2",
        ):
            self.assertNotIn("hunter2", redaction.redact_query(query), query)

    def test_names_in_json_are_redacted_too(self):
        """One that holds a value, one that is no name"""
        body = json.dumps({"password=hunter2": 1, "hunter2" * 10: 2, "a": 3}).encode()
        shown = json.loads(redaction.redact_body(body, "application/json"))
        self.assertEqual(shown, {"***": "***", "hunter2" * 10: "***", "a": 3})

    def test_token_is_known_under_any_name(self):
        """In a query, in JSON, in a path, by its form; what only looks alike is left"""
        for token in TOKENS:
            shown = redaction.redact({"note": [token]})
            shown = f"{shown} {redaction.redact_query(f'x={quote(token)}'.encode())}"
            shown += redaction.redact_path(f"/fetch/{token}")
            self.assertNotIn("hunter2", shown.lower(), token)
        for pair in PAIRS:
            self.assertNotIn("hunter2", str(redaction.redact([pair])), pair)
        for text in (
            "a bearer of news",
            "eyJ.b.c",
            "100%",
            "50%25 off",
            "http://host:80/x",
            "sk-1",
        ):
            self.assertEqual(redaction.redact({"name": "x", "value": text})["value"], text)

    def test_path_is_redacted(self):
        """What passes for a query in it, a login over several of its parts"""
        self.assertEqual(redaction.redact_path("/x;password=hunter2/a"), "/***/a")
        shown = redaction.redact_path("/fetch/https://bob:hunter2@host/x")
        self.assertEqual(shown, "/fetch/https://***/x")

    def test_form_that_is_none_is_not_stored(self):
        """What curl -d sends as a form by default"""
        for body in (
            b'{"user": "a", "password": "hunter2"}',
            b'{"user": "a=b", "password": "hunter2"}',
            b"hunter2 password",
        ):
            shown = redaction.redact_body(body, "application/x-www-form-urlencoded")
            self.assertEqual(shown, f"({len(body)} bytes)")

    def test_time_grows_with_the_body_alone(self):
        """1 MiB of the worst"""
        n = 2**20
        for body in (
            b'{"a": "' + b"x" * n + b'"}',
            b'{"a": "' + b":" * n + b'"}',
            b'{"a": "' + b"x:" * (n // 2) + b'"}',
            b"[" + b'"x:",' * (n // 5) + b"1]",
            ('{"a' + "\u0301\u0323" * (n // 4 - 10) + '":1}').encode(),
            b"{" + b",".join(b'"%d":1' % i for i in range(n // 10)) + b"}",
            b'["' + b'","'.join([b"eyJ" * 600 + b"." + b"eyJ" * 60] * (n // 2000)) + b'"]',
            b'["' + b'","'.join([b"%25" * 600] * (n // 2000)) + b'"]',
        ):
            for mimetype in ("application/json", "application/x-www-form-urlencoded"):
                start = time.perf_counter()
                redaction.redact_body(body, mimetype)
                self.assertLess(time.perf_counter() - start, 6, body[:20])  # about 0.5

    def test_what_cannot_be_parsed_is_not_stored(self):
        """Its length is"""
        for body, mimetype in (
            (b'{"password": "hunter2"', "application/json"),
            (b"[" * 100_000, "application/json"),
            (b"\xff", "application/json"),
            (b"password=hunter2", "text/plain"),
            (b"--x hunter2", "multipart/form-data"),
        ):
            with self.subTest(body[:20]):
                self.assertEqual(redaction.redact_body(body, mimetype), f"({len(body)} bytes)")
        self.assertEqual(redaction.redact_body(b"", "application/json"), "")

    def test_half_a_surrogate_pair_can_be_stored(self):
        """Replaced, for neither UTF-8 nor BSON can hold it"""
        shown = redaction.redact_body(b'{"a": "\\ud800"}', "application/json")
        self.assertEqual(shown, '{"a": "?"}')

    def test_one_line(self):
        """Everything that breaks a line or hides one is escaped"""
        self.assertEqual(
            redaction.one_line("a\r\nb\x1b[2Jc\u2028d\x85e\u202ef안 g\ud800"),
            "a\\r\\nb\\x1b[2Jc\\u2028d\\x85e\\u202ef안 g\\ud800",
        )
