"""What the servers make of the app, beside a bare Flask route: no test.

Run in this project's folder with `python -m tests.system.benchmark_server`, on Linux with
two cores or more and `wrk` on the path. The server, one worker of four threads,
has a core to itself; wrk, with 16 connections, and the database share another.
The API log is off or on, and the lines in the log for each request (to a file).
The cases take turns; each figure is the median of the rounds, each ratio the
median of the rounds' ratios to the bare route under the same server.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import config
from core.database.embedded import EmbeddedServer
from tests.core.process import free_port, listens, wait_until

ROUNDS, SECONDS = 3, 4
SERVERS = {
    "Granian": ("granian", "--interface=wsgi", "--blocking-threads=4", "--port={port}"),
    "gunicorn": ("gunicorn", "-k=gthread", "--threads=4", "--bind=127.0.0.1:{port}"),
}


def main() -> None:
    """Print a line for each server and case."""
    server_core, client_core = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, {client_core})  # and all that is started from here
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        database = EmbeddedServer(folder, "benchmark")
        cases = {
            "bare Flask": ("tests.system.bare:application", {}),
            "log off": ("manage:application", {"API_LOGGING": "0", "LOG_REQUESTS": "0"}),
            "log on": ("manage:application", {"API_LOGGING": "1", "LOG_REQUESTS": "0"}),
            "off, lines": ("manage:application", {"API_LOGGING": "0", "LOG_REQUESTS": "1"}),
            "on, lines": ("manage:application", {"API_LOGGING": "1", "LOG_REQUESTS": "1"}),
        }
        for server, command in SERVERS.items():
            rounds = [
                {
                    name: measure((*command, target), server_core, database.uri(), settings)
                    for name, (target, settings) in cases.items()
                }
                for _ in range(ROUNDS)
            ]
            for name in cases:
                rates, p99s, memory, dropped = zip(*(one[name] for one in rounds), strict=True)
                ratio = statistics.median(one[name][0] / one["bare Flask"][0] for one in rounds)
                print(
                    f"{server:>8}, {name:>11}: {statistics.median(rates):6.0f} requests/s,"
                    f" ratio {ratio:.2f}, p99 {statistics.median(p99s):5.2f} ms,"
                    f" {statistics.median(memory):4.0f} MB, {sum(dropped)} entries dropped",
                    flush=True,
                )
        database.close()


def measure(command, core, uri, settings):
    """Return requests/s, the 99th percentile in ms, the server's MB and the entries dropped."""
    port = free_port()
    environ = dict(os.environ)
    settings = settings | {
        "FLASK_CONFIG": "production",
        "MONGODB_URI": uri,
        "SECRET_KEY": "s" * 32,
        "ADMIN_TOKEN": "t" * 32,
    }
    environ |= {config.environment.variable(key): value for key, value in settings.items()}
    log = tempfile.TemporaryFile()  # noqa: SIM115, closed below
    server = subprocess.Popen(
        [sys.executable, "-m", *(part.format(port=port) for part in command)],
        env=environ,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    try:
        wait_until(lambda: listens(port), 30)
        url = f"http://127.0.0.1:{port}"
        run_wrk(url, 1)
        report = run_wrk(url, SECONDS)
        assert "Non-2xx" not in report and "Socket errors" not in report, report
        memory = memory_of(server.pid)
        time.sleep(1)
        dropped = 0
        if settings.get("API_LOGGING") == "1":
            with urllib.request.urlopen(f"{url}/health/ready") as answer:
                dropped = json.load(answer)["result"]["log_dropped"]
    finally:
        server.terminate()
        server.wait()
        log.close()
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1])
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", report).groups()
    return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit], memory, dropped


def run_wrk(url, seconds):
    """Return what wrk says."""
    return subprocess.run(
        ["wrk", "-t1", "-c16", f"-d{seconds}s", "--latency", f"{url}/sample/add?a=1&b=2"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def memory_of(session):
    """Return the resident memory of a session's processes, in MB; what they share counts twice."""
    pages = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                pages += int((path.parent / "statm").read_text().split()[1])
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
