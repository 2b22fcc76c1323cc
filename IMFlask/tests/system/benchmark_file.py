"""What an upload and a download of 200 MB take: no test.

Run in this project's folder with `python -m tests.system.benchmark_file`, on Linux. Over
loopback, under the production server with one worker of four threads: the app; a
bare Flask route that reads the same form, and one that sends a file from the disk;
beside them pymongo's own GridFSBucket, in a process of its own, from a file and
into nothing. All use one server of the embedded database.

The cases take turns; speeds are medians of the rounds, ratios medians of the
rounds' ratios to the app. Memory is the largest peak of the process above what it
had before, after a small upload and download.
"""

import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gridfs import GridFSBucket
from pymongo import MongoClient

from core.database.embedded import EmbeddedServer
from model import init_db
from tests.core.process import environment, free_port, listens, wait_until

ROUNDS = 3
SIZE = 200_000_000  # bytes
BOUNDARY = b"boundary"
HEAD = b'--%s\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n' % BOUNDARY
TAIL = b"\r\n--%s--\r\n" % BOUNDARY


def main() -> None:
    """Print a line for each case."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        database = EmbeddedServer(str(folder / "data"), "benchmark")
        stack.callback(database.close)
        uri = database.uri()
        path = folder / "file"
        path.write_bytes(os.urandom(SIZE))
        init_db(stack.enter_context(MongoClient(uri))["benchmark"])
        app = stack.enter_context(serving("manage:application", uri, path))
        bare = stack.enter_context(serving("tests.system.bare_file:application", uri, path))
        rounds = []
        for _ in range(ROUNDS):
            rounds.append(dict(measure(app, bare, uri, path)))
    for name in rounds[0]:
        kind, other = name.split(", ")
        speeds = [one[name][0] for one in rounds]
        ratio = statistics.median(one[name][0] / one[f"{kind}, app"][0] for one in rounds)
        memory = max(one[name][1] for one in rounds)
        print(
            f"{kind:>8}, {other:>10}: {statistics.median(speeds):5.0f} MB/s"
            f" ({min(speeds):.0f} to {max(speeds):.0f}), {ratio:5.2f} of the app's,"
            f" memory +{memory:.1f} MB"
        )


def measure(app, bare, uri, path):
    """Yield each case's name, its speed in MB/s and its memory in MB."""
    ids = []
    for name, (port, pid) in (("app", app), ("bare Flask", bare)):
        yield f"upload, {name}", timed(pid, lambda port=port: ids.append(upload(port, path)))
    yield "upload, pymongo", by_pymongo("upload", uri, path)
    for name, (port, pid), file_id in (("app", app, ids[0]), ("bare Flask", bare, "1")):
        yield (
            f"download, {name}",
            timed(pid, lambda port=port, file_id=file_id: download(port, file_id)),
        )
    yield "download, pymongo", by_pymongo("download", uri, path)


def timed(pid, work):
    """Return the speed of moving the file, and by how much the process's memory rose."""
    before = status(pid, "VmRSS")
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is from now on
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return SIZE / 1e6 / seconds, status(pid, "VmHWM") - before


def status(pid, field):
    """Return a line of the process's status, in MB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", text)[1]) / 1000


def upload(port, path):
    """Upload the file, and return its id."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        length = len(HEAD) + path.stat().st_size + len(TAIL)
        connection.sendall(
            b"POST /sample/file HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            b"Authorization: Bearer %s\r\nContent-Length: %d\r\n"
            b"Content-Type: multipart/form-data; boundary=%s\r\n\r\n"
            % (b"t" * 32, length, BOUNDARY)
            + HEAD
        )
        with path.open("rb") as file:
            connection.sendfile(file)
        connection.sendall(TAIL)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] in (b"200", b"201"), answer
    return json.loads(body).get("result", [{}])[0].get("id")


def download(port, file_id):
    """Download the file into nothing."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(
            f"GET /sample/file/{file_id} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        buffer, total = bytearray(256 * 1024), 0
        while count := connection.recv_into(buffer):
            total += count
    assert SIZE < total < SIZE + 10_000, total  # with the headers


def by_pymongo(kind, uri, path):
    """Return what `timed` does of GridFSBucket, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.system.benchmark_file", kind, uri, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(json.loads(done.stdout))


def run_pymongo(kind, uri, path):
    """Print the speed and the memory of one upload or download by GridFSBucket."""
    with MongoClient(uri) as client:
        bucket = GridFSBucket(client["benchmark"], "pymongo")
        bucket.upload_from_stream("small", b"x")

        def work():
            if kind == "upload":
                with open(path, "rb") as file:
                    bucket.upload_from_stream("x", file)
            else:
                with open(os.devnull, "wb") as sink:
                    bucket.download_to_stream_by_name("x", sink)

        print(json.dumps(timed(os.getpid(), work)))


@contextlib.contextmanager
def serving(application, uri, path):
    """Serve an application; give its port and its worker's process id."""
    port = free_port()
    settings = {
        "MONGODB_URI": uri,
        "MONGODB_NAME": "benchmark",
        "SECRET_KEY": "s" * 32,
        "ADMIN_TOKEN": "t" * 32,
        "MAX_UPLOAD_SIZE": str(SIZE * 2),
        "LOG_REQUESTS": "0",
    }
    environ = environment(**settings) | {"FLASK_CONFIG": "production", "BARE_FILE": str(path)}
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface=wsgi", "--blocking-threads=4"),
            *(f"--port={port}", application),
        ],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: listens(port), 30)
        with tempfile.NamedTemporaryFile() as small:
            small.write(b"x")
            small.flush()
            for _ in range(8):  # each of the threads
                upload(port, Path(small.name))
        yield port, int(Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text())
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    run_pymongo(*sys.argv[1:]) if sys.argv[1:] else main()
