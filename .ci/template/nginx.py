"""Tries the nginx configuration of docs/production.md: two instances, TLS, a real nginx.

Run as `python .ci/template/nginx.py` in an environment with development.txt, where nginx and
openssl are installed.
"""

import contextlib
import hashlib
import http.client
import importlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from clone import ROOT, TEMPLATE
from tree import environment

sys.path.insert(0, str(ROOT / TEMPLATE))

NAME = "api.example.com"
TOKEN = "t" * 32
CLIENT = "127.0.0.2"  # nginx reaches the app from 127.0.0.1
FORGED = "6.6.6.6"
MEGABYTE = 1024 * 1024
Answer = tuple[int, bytes, float]  # status, body, seconds
SEEN = """
from flask import request
from manage import application

@application.get("/seen")
def seen():
    return {"url": request.url, "address": request.remote_addr}
"""


def main() -> None:
    """Try all of it; the first thing that is not as it should be ends this."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        uri, database = stack.enter_context(served_database(folder))
        instances = [stack.enter_context(Instance(uri, folder)) for _ in range(2)]
        for off in (False, True):
            with Proxy(folder, instances, buffering="off" if off else "on") as proxy:
                check_upload(proxy, "without" if off else "with")
        with Proxy(folder, instances) as proxy:
            check_address(proxy, database)
            check_refusals(proxy)
            check_restart(proxy, instances)
            check_faults(proxy, instances)
            check_absence(proxy, instances)
            check_redirect(proxy)
        with Proxy(folder, instances, rate="1r/s") as proxy:
            check_rate(proxy)


@contextlib.contextmanager
def served_database(folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield the URI of a server, and its initialised database `nginx`."""
    embedded = importlib.import_module("core.database.embedded")
    server = embedded.EmbeddedServer(str(folder / "data"), "nginx")
    with contextlib.closing(server):
        database = importlib.import_module("pymongo").MongoClient(server.uri())["nginx"]
        importlib.import_module("model").init_db(database)
        yield server.uri(), database


class Instance:
    """The application under Granian, with the options of docs/production.md."""

    def __init__(self, uri: str, folder: Path, workers: int = 2) -> None:
        self.port = free_port()
        self._uri, self._folder = uri, folder
        page = (ROOT / "docs/production.md").read_text()
        (command,) = re.findall(r"(?m)^ExecStart=\S+/(granian .*)", page)
        command = command.replace("--workers 2", f"--workers {workers}")
        self._command = command.replace("manage:", "seen:").split()
        (folder / "seen.py").write_text(SEEN)

    def __enter__(self) -> "Instance":
        settings = {
            "MONGODB_URI": self._uri,
            "MONGODB_NAME": "nginx",
            "ADMIN_TOKEN": TOKEN,
            "API_LOGGING": "1",
            "PROXY_HOPS": "for=1,proto=1",
            "TRUSTED_HOSTS": f"{NAME},127.0.0.1",
        }
        named = {f"{TEMPLATE}_{name}": value for name, value in settings.items()}
        environ = environment() | named | {"FLASK_CONFIG": "production"}
        environ["PYTHONPATH"] = str(self._folder)
        self._log = (self._folder / f"{self.port}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self._command, "--port", str(self.port)],
            cwd=ROOT / TEMPLATE,
            env=environ,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        with undone(self):
            wait_until(self.listens)
        time.sleep(1)  # a worker of Granian's may miss a signal in its first second
        return self

    def __exit__(self, *args: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._log.close()

    def listens(self) -> bool:
        """Whether it takes connections."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all its processes."""
        os.killpg(self.process.pid, number)

    def workers(self) -> set[str]:
        """Return the ids of the processes that the server has started."""
        main = self.process.pid
        return set(Path(f"/proc/{main}/task/{main}/children").read_text().split())

    def reload(self) -> None:
        """Have the workers replaced, and wait until the last of the old ones has ended."""
        before = self.workers()
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not self.workers() & before and len(self.workers()) == len(before))


class Proxy:
    """nginx with the configuration of docs/production.md, on ports of this machine's own."""

    def __init__(
        self,
        folder: Path,
        instances: list[Instance],
        buffering: str = "on",
        rate: str = "100000r/s",
    ) -> None:
        self.port, self.plain_port = free_port(), free_port()
        page = (ROOT / "docs/production.md").read_text()
        (text,) = re.findall(r"(?ms)^```nginx\n(.*?)^```$", page)
        for old, new in (
            ("10.0.0.1:8000", f"127.0.0.1:{instances[0].port}"),
            ("10.0.0.2:8000", f"127.0.0.1:{instances[1].port}"),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            ("listen [::]:80;", ""),
            ("listen [::]:443 ssl;", ""),
            ("rate=50r/s", f"rate={rate}"),
            ("/etc/nginx/", f"{folder}/"),
            ("proxy_http_version", f"proxy_request_buffering {buffering}; proxy_http_version"),
        ):
            if old not in text:
                raise SystemExit(f"production.md's configuration of nginx has no {old}")
            text = text.replace(old, new)
        make_certificate(folder)
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self._config = folder / "nginx.conf"
        self._config.write_text(
            "daemon off; user root; worker_processes 4;"
            f" pid {folder}/nginx.pid; error_log {folder}/nginx.log;"
            f" events {{}} http {{ access_log off; {temporary}\n{text}}}\n"
        )
        self._context = ssl.create_default_context(cafile=str(folder / f"{NAME}.pem"))

    def __enter__(self) -> "Proxy":
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
        self._process = subprocess.Popen([nginx, "-c", self._config])
        with undone(self):
            wait_until(lambda: self.get("/health/live")[0] == 200)
        return self

    def __exit__(self, *args: object) -> None:
        self._process.terminate()
        self._process.wait()

    def get(self, path: str) -> Answer:
        """Ask for a path."""
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request as a client with an address of its own; 0 is what has no answer."""
        given = {"Host": NAME, "X-Forwarded-For": FORGED, "X-Forwarded-Proto": "http"}
        given["Authorization"] = f"Bearer {TOKEN}"
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        start = time.monotonic()
        try:
            raw = socket.create_connection(("127.0.0.1", self.port), 60, (CLIENT, 0))
            connection = http.client.HTTPConnection(NAME)
            with contextlib.closing(connection):
                connection.sock = self._context.wrap_socket(raw, server_hostname=NAME)
                connection.request(method, path, body, given)
                response = connection.getresponse()
                return response.status, response.read(), time.monotonic() - start
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error).encode(), time.monotonic() - start


def check_upload(proxy: Proxy, how: str) -> None:
    """50 MB go up and come down."""
    data = os.urandom(MEGABYTE) * 50
    status, body, up = post_file(proxy, data)
    expect(status, 201, body)
    (file,) = json.loads(body)["result"]
    expect(file["sha256"], hashlib.sha256(data).hexdigest())
    status, body, down = proxy.get(f"/sample/file/{file['id']}")
    expect((status, body == data), (200, True))
    print(f"50 MB {how} request buffering: up in {up:.1f} s, down in {down:.1f} s", flush=True)


def post_file(proxy: Proxy, data: bytes) -> Answer:
    """Upload a file."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    form = head + data + b"\r\n--x--\r\n"
    return proxy.ask("POST", "/sample/file", form, Content_Type="multipart/form-data; boundary=x")


def check_address(proxy: Proxy, database: Any) -> None:
    """Address and scheme are the client's own, whatever it says, in the API log as well."""
    _, body, _ = proxy.get("/seen")
    expect(json.loads(body), {"url": f"https://{NAME}/seen", "address": CLIENT})
    status, body, _ = proxy.get("/sample/add?a=1&b=2&marked=1")
    expect(status, 200, body)
    log = database["Log"]
    wait_until(lambda: log.find_one({"url": {"$regex": "marked"}}) is not None)
    expect(log.find_one({"url": {"$regex": "marked"}})["ipv4"], CLIENT)
    expect(log.count_documents({"ipv4": {"$ne": CLIENT}}), 0)
    print(f"the API log's address: {CLIENT}, and {FORGED} nowhere", flush=True)


def check_refusals(proxy: Proxy) -> None:
    """Bodies that are too large are refused in the envelope, by the application or by nginx."""
    large = b'"' + b"a" * 2 * MEGABYTE + b'"'
    found = {
        "JSON of 2 MB": proxy.ask("POST", "/sample/author", large, Content_Type="application/json"),
        "a form of 65 MB": post_file(proxy, bytes(65 * MEGABYTE)),
    }
    for what, (status, body, _) in found.items():
        expect(status, 413, body)
        print(f"413 of {what}: {json.loads(body)['description']}", flush=True)


def check_restart(proxy: Proxy, instances: list[Instance]) -> None:
    """Workers are replaced, one instance after the other, under load: reads do not fail.

    Granian resets a connection once in some ten thousand requests; nginx repeats no POST.
    """
    with load(proxy) as answers:
        for instance in instances:
            time.sleep(1)
            instance.reload()
        time.sleep(1)
    report("a rolling restart by SIGHUP", answers)
    expect(set(failures(answers)) <= {"POST 503"} and failures(answers).total() <= 2, True)


def check_faults(proxy: Proxy, instances: list[Instance]) -> None:
    """An instance is frozen, another time it is killed: what does a client see?"""
    first = instances[0]
    with load(proxy) as answers:
        time.sleep(1)
        first.signal(signal.SIGSTOP)
        time.sleep(15)
        first.signal(signal.SIGCONT)
        time.sleep(1)
    report("an instance frozen for 15 s", answers)
    expect(set(failures(answers)) <= {"GET 503", "POST 503"}, True)
    expect(failures(answers).total() <= 12, True)
    with load(proxy) as answers:
        time.sleep(1)
        first.signal(signal.SIGKILL)
        time.sleep(5)
    report("an instance killed", answers)
    expect(set(failures(answers)) <= {"POST 503"}, True)  # those that were being answered
    first.__exit__()
    first.__enter__()


def check_absence(proxy: Proxy, instances: list[Instance]) -> None:
    """Where no instance is left, nginx says so in the envelope; they come back by themselves."""
    for instance in instances:
        instance.__exit__()
    status, body, _ = proxy.get("/sample/add?a=1&b=2")
    said = json.loads(body)
    expect((status, said["msg"], len(said["request_id"])), (503, "fail", 32), body)
    print(f"without an instance: {status}, {said['description']}", flush=True)
    for instance in instances:
        instance.__enter__()
    wait_until(lambda: proxy.get("/sample/add?a=1&b=2")[0] == 200)


def check_redirect(proxy: Proxy) -> None:
    """Plain HTTP leads to HTTPS."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain_port)
    with contextlib.closing(connection):
        connection.request("GET", "/a?b=1", headers={"Host": "elsewhere.example.com"})
        response = connection.getresponse()
        found = response.status, response.headers["Location"]
    expect(found, (308, f"https://{NAME}/a?b=1"))


def check_rate(proxy: Proxy) -> None:
    """A client that sends too many requests is told so, in the envelope."""
    found = [proxy.get("/sample/add?a=1&b=2") for _ in range(400)]
    counted = Counter(status for status, _, _ in found)
    refused = next(body for status, body, _ in found if status == 429)
    print(f"400 requests at once: {dict(counted)}, {json.loads(refused)}", flush=True)
    expect(set(counted), {200, 429})


@contextlib.contextmanager
def undone(manager: Any) -> Iterator[None]:
    """End what a manager has started where the rest of its start fails."""
    try:
        yield
    except BaseException:
        manager.__exit__()
        raise


@contextlib.contextmanager
def load(proxy: Proxy) -> Iterator[list[tuple[str, Answer]]]:
    """Have four clients send requests, reads and writes in turns, until the block is over."""
    answers: list[tuple[str, Answer]] = []
    is_over = threading.Event()

    def send() -> None:
        while not is_over.is_set():
            answers.append(("GET", proxy.get("/sample/author")))
            body = json.dumps({"name": "IML"})
            sent = proxy.ask("POST", "/sample/author", body, Content_Type="application/json")
            answers.append(("POST", sent))

    clients = [threading.Thread(target=send) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        yield answers
    finally:
        is_over.set()
        for client in clients:
            client.join()


def failures(answers: list[tuple[str, Answer]]) -> Counter[str]:
    """Count what has failed, by method and status."""
    return Counter(f"{method} {one[0]}" for method, one in answers if not 200 <= one[0] < 400)


def report(title: str, answers: list[tuple[str, Answer]]) -> None:
    """Print what came of a load."""
    slow = [one[2] for _, one in answers if one[2] > 1]
    print(
        f"{title}: {len(answers)} requests, failed {dict(failures(answers))},"
        f" over 1 s {len(slow)}, the longest {max(one[2] for _, one in answers):.1f} s",
        flush=True,
    )


def expect(found: object, expected: object, said: bytes = b"") -> None:
    """End this script where something is not as it should be."""
    if found != expected:
        raise SystemExit(f"FAILED: {found!r} is not {expected!r} {said.decode()}")


def make_certificate(folder: Path) -> None:
    """Make a certificate of this test's own, once."""
    if not (folder / f"{NAME}.pem").exists():
        command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj"
        subject = [f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
        files = ["-keyout", f"{folder}/{NAME}.key", "-out", f"{folder}/{NAME}.pem"]
        subprocess.run([*command.split(), *subject, *files], check=True, capture_output=True)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something; end this script where it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("FAILED: waited in vain")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
