"""Holds README.md and docs/ to the tree: links, commands, what they print, each block of code."""

import json
import re
import socket
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from clone import ROOT, TEMPLATE
from edit import anchors, section
from recipe import follow
from tree import copied, environment, lint, run, test

README = (ROOT / "README.md").read_text()
PAGES = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
# Strings that are other ones each time, and figures.
RANDOM = re.compile(r"[0-9a-f]{24}|[0-9a-f]{32}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FIGURES = {"process_time", "log_queue"}
TEST = f"(cd {TEMPLATE} && ../.venv/bin/flask test)"
# Sections of the tutorial, on top of its collection.
RECIPES = (
    "When a document's shape changes",
    "A command",
    "Two writes in one transaction",
    "Objects in objects, and a filter",
    "A field that is unique",
)


def main() -> None:
    """Check all of it."""
    if not re.search(rf"(?ms)^```sh\n[^`]*{re.escape(TEST)}$", README):
        raise SystemExit(f"README's test command is not {TEST}, as the gate's is")
    print(f"links: {check_links(ROOT)}", flush=True)
    print(f"tree: {check_tree()} files", flush=True)
    print(f"commands: {check_commands()}", flush=True)
    print(f"servers: {check_server()}", flush=True)
    check_code()


def check_links(root: Path) -> int:
    """Each link leads to a file that is there, and to one of its headings."""
    count = 0
    for page in (root / "README.md", *sorted((root / "docs").glob("*.md"))):
        name, text = page.relative_to(root), page.read_text()
        if text.count("```") % 2:
            raise SystemExit(f"{name} has a block without an end")
        for target, _, heading in re.findall(r"\]\(((?!https?:)[^)#\s]*)(#([\w-]+))?\)", text):
            path = page.parent / target if target else page
            if not path.exists():
                raise SystemExit(f"{name} links to {target}, which is not there")
            if heading and heading not in anchors(path.read_text()):
                raise SystemExit(f"{name} links to {target}#{heading}, which is not there")
            count += 1
    return count


def check_tree() -> int:
    """Each line of the README's tree is a file or folder that is there, and each file has one."""
    (block,) = re.findall(rf"(?s)```\n({TEMPLATE}/\n.*?)```", README)
    folders: list[str] = []
    patterns: list[str] = []
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name, *words = line.split()
        folders = [*folders[:depth], name]
        if words or not name.endswith("/"):
            patterns.append("".join(folders))
    files = run("git", "ls-files", TEMPLATE, cwd=ROOT).splitlines()
    files.remove(f"{TEMPLATE}/.flaskenv")
    for pattern in patterns:
        if not any(matches(name, pattern) for name in files):
            raise SystemExit(f"README's tree has {pattern}, which is not there")
    for name in files:
        if not any(matches(name, pattern) for pattern in patterns):
            raise SystemExit(f"README's tree has not {name}")
    return len(files)


def matches(name: str, pattern: str) -> bool:
    """Whether a path is of a line: a folder that is described has all that is in it."""
    if pattern.endswith("/"):
        return name.startswith(pattern)
    return fnmatch(name, pattern) and name.count("/") == pattern.count("/")


def check_server() -> int:
    """The production server is started with the options that the tests use."""
    lines = re.findall(r"(?m)^\S*/granian .*", PAGES["production.md"])
    image = (ROOT / "Dockerfile").read_text()
    variables = re.findall(r"GRANIAN_(\w+)=", image.replace("GRANIAN_HOST", ""))
    options = [f"--{name.lower().replace('_', '-')}" for name in variables]
    lines.append(" ".join([*options, image[image.rindex("\nCMD") :]]))
    tests = (ROOT / TEMPLATE / "tests/system/case.py").read_text()
    (tried,) = re.findall(r'(?s)"granian": \((.*?)\n    \),', tests)
    if not lines:
        raise SystemExit("production.md starts no server")
    for line in lines:
        given, wanted = (set(re.findall("--[a-z-]+", text)) for text in (line, tried))
        if given | {"--port"} != wanted:
            raise SystemExit(f"its server has not the tests' options: {given ^ wanted}")
    return len(lines)


def check_code() -> None:
    """Each block of Python does what its page says, in copies of the tree."""
    with copied() as root:
        follow(root, section(README, "Your first endpoint"))
        check("README's endpoint", root, "system.test_openapi")
    with copied() as root:
        tutorial = PAGES["tutorial.md"]
        follow(root, tutorial[: tutorial.index("\n## ")])
        check("tutorial.md", root, "system.test_openapi")
        for title in RECIPES:
            follow(root, section(tutorial, title))
        check("with its sections", root, "system.test_openapi", "system.test_page")
        check("and the rest", root)
    with copied() as root:
        follow(root, PAGES["recipes.md"])
        follow(root, PAGES["input.md"])
        check("recipes.md", root, "integration", "test_cors", "system.test_openapi")


def check(title: str, root: Path, *names: str) -> None:
    """Put the code in order as the pages say, lint what has been made, and run these tests.

    names: by default `flask test`.
    """
    run("ruff", "check", "--fix", ".", cwd=root)
    run("ruff", "format", ".", cwd=root)
    lint(root)
    print(f"{title}: {test(root, *names)}", flush=True)


def check_commands() -> int:
    """Commands print what the pages show: in a copy, on an embedded database."""
    text = section(README, "The API") + PAGES["input.md"] + PAGES["files.md"]
    blocks = [block for kind, block in re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", text) if not kind]
    commands = [part for block in blocks for part in re.split(r"(?m)^\$ ", block)[1:]]
    with copied() as root:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = str(probe.getsockname()[1])
        server = subprocess.Popen(
            [sys.executable, "-m", "flask", "run", "--no-reload", "--port", port],
            cwd=root / TEMPLATE,
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
            known: dict[str, str] = {}  # the pages' ids, and what they are here
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
    """Run a command of a page, and compare what it prints."""
    for theirs, ours in known.items():
        command = command.replace(theirs, ours)
    command = command.replace("127.0.0.1:5000", f"127.0.0.1:{port}")
    command = re.sub(r"\bcurl\b", "curl -s" if expected else "curl -sf", command)
    printed = run("bash", "-c", command, cwd=root / TEMPLATE).strip()
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
    main()
