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


# With these git would look at another repository than that of the folder.
for _name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
    os.environ.pop(_name, None)


def check_clean(root: Path) -> None:
    """Refuse a tree that git does not know, or not as it is."""
    if not (root / ".git").exists():
        raise Refused(f"{root} is not the top of a git repository.")
    if git(root, "status", "--porcelain").strip():
        raise Refused(f"{root} has changes that are not committed: commit them.")


def tracked(root: Path) -> list[str]:
    """Return the files that git knows."""
    return list(filter(None, git(root, "ls-files", "-z").split("\0")))


def git(root: Path, *arguments: str, stdin: str | None = None) -> str:
    """Run git and return what it prints."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, input=stdin, capture_output=True, encoding="utf-8"
        )
    except FileNotFoundError:
        raise Refused("There is no git: install it.") from None
    if done.returncode:
        raise Refused(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def read(path: Path) -> str:
    """Return the text of a file."""
    return path.read_text("utf-8")


def write(path: Path, text: str) -> None:
    """Write a text, with the same ends of lines on each system."""
    path.write_text(text, "utf-8", newline="\n")


def remove(path: Path) -> None:
    """Remove a file, or a folder, read-only files in it included."""
    if path.is_dir():
        for one in path.rglob("*"):  # else Windows keeps git's objects
            if not one.is_symlink():
                one.chmod(0o700)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def find_ruff() -> str | None:
    """Return the path of ruff: that of this Python's environment, of `.venv`, of PATH."""
    beside = [Path(sys.executable).parent, ROOT / ".venv/bin", ROOT / ".venv/Scripts"]
    return shutil.which("ruff", path=os.pathsep.join([*map(str, beside), os.environ["PATH"]]))
