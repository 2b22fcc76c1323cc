"""A clone, as git knows it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = "IMFlask"  # its name, and that of the folder of the code
RECORD = ".ci/started.json"  # in a project: what it was started from


class Refused(Exception):
    """Nothing was done, and why."""


def check_clean(root: Path) -> None:
    """Refuse a tree that git does not know, or not as it is."""
    if not (root / ".git").exists():
        raise Refused(f"{root} is no git repository.")
    if git(root, "status", "--porcelain").strip():
        raise Refused(f"{root} has changes that are not committed: commit or stash them.")


def tracked(root: Path) -> list[str]:
    """Return the files that git knows."""
    return list(filter(None, git(root, "ls-files", "-z").split("\0")))


def git(root: Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def remove(path: Path) -> None:
    """Remove a file, or a folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def find_ruff() -> str | None:
    """Return the path of ruff: that of this Python's environment, of `.venv`, of PATH."""
    beside = [Path(sys.executable).parent, ROOT / ".venv/bin", ROOT / ".venv/Scripts"]
    return shutil.which("ruff", path=os.pathsep.join([*map(str, beside), os.environ["PATH"]]))
