"""Holds the README to the tree, and to what its commands print."""

import json
import re
import socket
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tree import CODE, README, ROOT, copied, environment, run, section

# Strings that are other ones each time, and figures.
RANDOM = re.compile(r"[0-9a-f]{24}|[0-9a-f]{32}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FIGURES = {"process_time", "log_queue"}


def main() -> None:
    """Check all of it."""
    print(f"tree: {check_tree()} files", flush=True)
    print(f"commands: {check_commands()}", flush=True)
    print(f"servers: {check_server()}", flush=True)


def check_tree() -> int:
    """Each line of the tree is a file that is there, and each file has a line."""
    (block,) = re.findall(r"(?s)```\n(requirements/\n.*?)```", section("How it is built"))
    folders: list[str] = []
    patterns = []
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name = line.split()[0]
        folders = [*folders[:depth], name]
        if not name.endswith("/"):
            patterns.append("".join(folders))
    known = run("git", "ls-files", cwd=ROOT).splitlines()
    files = [name for name in known if name not in (".gitignore", "LICENSE", "README.md")]
    for pattern in patterns:
        if not any(matches(name, pattern) for name in files):
            raise SystemExit(f"README's tree has {pattern}, which is not there")
    for name in files:
        if not any(matches(name, pattern) for pattern in patterns):
            raise SystemExit(f"README's tree has not {name}")
    return len(files)


def check_server() -> int:
    """README starts its server with the options that the tests use."""
    lines = re.findall(r"(?m)^\S*/granian .*", section("Production"))
    tests = (ROOT / CODE / "tests/system/case.py").read_text()
    (tried,) = re.findall(r'(?s)"granian": \((.*?)\n    \),', tests)
    if not lines:
        raise SystemExit("README's Production starts no server")
    for line in lines:
        given, wanted = (set(re.findall("--[a-z-]+", text)) for text in (line, tried))
        if given | {"--port"} != wanted:
            raise SystemExit(f"README's server has not the tests' options: {given ^ wanted}")
    return len(lines)


def matches(name: str, pattern: str) -> bool:
    """Whether a path is of a line; a star stays within its folder."""
    return fnmatch(name, pattern) and name.count("/") == pattern.count("/")


def check_commands() -> int:
    """README's commands print what README shows: in a copy, on an embedded database."""
    text = section("How it is built") + section("The API")
    blocks = [block for kind, block in re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", text) if not kind]
    commands = [part for block in blocks for part in re.split(r"(?m)^\$ ", block)[1:]]
    with copied() as root:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = str(probe.getsockname()[1])
        server = subprocess.Popen(
            [sys.executable, "-m", "flask", "run", "--no-reload", "--port", port],
            cwd=root / CODE,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            run(
                "curl",
                "-sf",
                "--retry",
                "30",
                "--retry-connrefused",
                "--retry-delay",
                "1",
                f"http://127.0.0.1:{port}/health/ready",
                cwd=root,
            )
            known: dict[str, str] = {}  # README's ids, and what they are here
            for part in commands:
                command, _, expected = part.partition("\n")
                check_command(root, command, expected.strip(), port, known)
        finally:
            server.terminate()
            server.wait()
    return len(commands)


def check_command(
    root: Path, command: str, expected: str, port: str, known: dict[str, str]
) -> None:
    """Run a command of README's, and compare what it prints."""
    for theirs, ours in known.items():
        command = command.replace(theirs, ours)
    command = command.replace("127.0.0.1:5000", f"127.0.0.1:{port}")
    command = re.sub(r"\bcurl\b", "curl -s" if expected else "curl -sf", command)
    printed = run("bash", "-c", command, cwd=root / CODE).strip()
    if expected.startswith("{"):
        is_same = alike(json.loads(expected), json.loads(printed), known)
    else:
        is_same = printed == expected or not expected
    if not is_same:
        raise SystemExit(f"{command}\nprints {printed}\nand not {expected}")


def alike(expected: Any, found: Any, known: dict[str, str], name: str = "") -> bool:
    """Whether two values of JSON are the same, but for what is another one each time."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return list(expected) == list(found) and all(
            alike(expected[key], found[key], known, key) for key in expected
        )
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(
            alike(*pair, known) for pair in zip(expected, found, strict=True)
        )
    if name != "sha256" and RANDOM.fullmatch(str(expected)) and RANDOM.fullmatch(str(found)):
        # What is the same twice there has to be the same twice here, but for dates.
        is_id = "T" not in expected
        return len(expected) == len(found) and (
            known.setdefault(expected, found) == found or not is_id
        )
    if name in FIGURES:
        return type(expected) in (int, float) and type(found) in (int, float)
    return bool(expected == found)


if __name__ == "__main__":
    if README.count("```") % 2:
        raise SystemExit("README has a block without an end")
    main()
