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

from clone import ROOT, TEMPLATE, git

# Commits in copies are nobody's.
SOMEONE = ("-c", "user.name=gate", "-c", "user.email=gate@localhost")


@contextlib.contextmanager
def copied(commit: str = "") -> Iterator[Path]:
    """Yield a clone of this tree, what is not committed included; it is deleted afterwards.

    commit: an older state instead.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        run("git", "clone", "-q", str(ROOT), str(root), cwd=ROOT)
        if commit:
            run("git", "checkout", "-q", "-B", "main", commit, cwd=root)
        else:
            overlay(root)
        yield root


def overlay(root: Path) -> None:
    """Commit to a clone what this tree has and it has not."""
    for one in git(root, "ls-files", "-z").split("\0"):
        (root / one).unlink() if one else None
    known = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for one in filter(None, known.split("\0")):
        if (ROOT / one).is_file():
            (root / one).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / one, root / one)
    commit(root, "As it is")


def commit(root: Path, message: str) -> None:
    """Commit all that has changed."""
    run("git", "add", "-A", cwd=root)
    run("git", *SOMEONE, "commit", "-q", "--allow-empty", "-m", message, cwd=root)


def environment() -> dict[str, str]:
    """Return this process's environment without any setting of the project's, or of coverage's."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("FLASK_", "COVERAGE_", f"{TEMPLATE.upper()}_"))
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


def start(root: Path, *arguments: str) -> str:
    """Start a project in a copy, and return what that printed."""
    return run(sys.executable, "start.py", *arguments, cwd=root)


def code_of(root: Path) -> Path:
    """Return the folder of the code."""
    (config,) = root.glob("*/config.py")
    return config.parent


def lint(root: Path) -> None:
    """Run the linters of the gate on a copy, types included."""
    run("ruff", "check", ".", cwd=root)
    run("ruff", "format", "--check", ".", cwd=root)
    run("lint-imports", "--config", "../pyproject.toml", "--no-logo", cwd=code_of(root))
    run("mypy", "--config-file", "../pyproject.toml", cwd=code_of(root))


def test(root: Path, *names: str) -> str:
    """Run tests of a copy, by default `flask test`; none may be skipped. Returns their count."""
    printed = run("flask", "test", *names, cwd=code_of(root))
    if "skipped=" in printed:
        raise SystemExit(f"FAILED: tests were skipped:\n{printed}")
    counts: list[str] = re.findall(r"(?m)^Ran .*$", printed)
    return counts[-1]
