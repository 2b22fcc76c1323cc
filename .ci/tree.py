"""Copies of this tree to try things on, and how they are tried."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = next(ROOT.glob("*/config.py")).parent.name
README = (ROOT / "README.md").read_text()


@contextlib.contextmanager
def copied() -> Iterator[Path]:
    """Yield the root of a copy of what git knows of this tree; it is deleted afterwards."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, root / name)
        yield root


def section(title: str) -> str:
    """Return the README's section under a heading, up to the next one of its level or above."""
    found, level, is_code = [], 0, False
    for line in README.splitlines(keepends=True):
        is_code ^= line.startswith("```")
        marks = "" if is_code else (re.match("#*", line) or [""])[0]
        if level and marks and len(marks) <= level:
            break
        if level:
            found.append(line)
        elif marks and line.strip() == f"{marks} {title}":
            level = len(marks)
    if not level:
        raise SystemExit(f"README has no section {title!r}")
    return "".join(found)


def environment() -> dict[str, str]:
    """Return this process's environment without any setting of the project's, or of coverage's."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("FLASK_", "COVERAGE_", f"{CODE.upper()}_"))
    }
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    return environ


def run(*command: str, cwd: Path) -> str:
    """Run a command to its end and return what it printed; one that fails ends this script.

    Its tools are those of the environment that runs this script.
    """
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print(done.stdout)
        raise SystemExit(f"FAILED, with exit code {done.returncode}: {' '.join(command)}")
    return done.stdout


def lint(root: Path, code: str = CODE) -> None:
    """Run the linters of the gate on a copy, types included."""
    run("ruff", "check", ".", cwd=root)
    run("ruff", "format", "--check", ".", cwd=root)
    run("lint-imports", "--config", "../pyproject.toml", "--no-logo", cwd=root / code)
    run("mypy", "--config-file", "../pyproject.toml", cwd=root / code)


def test(root: Path, *names: str, code: str = CODE) -> str:
    """Run tests of a copy, by default `flask test`; none may be skipped. Returns their count."""
    printed = run("flask", "test", *names, cwd=root / code)
    if "skipped=" in printed:
        raise SystemExit(f"FAILED: tests were skipped:\n{printed}")
    counts: list[str] = re.findall(r"(?m)^Ran .*$", printed)
    return counts[-1]
