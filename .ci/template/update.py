"""A newer engine for a project: what it has changed itself is merged in three ways."""

import difflib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from clone import RECORD, ROOT, Refused, check_clean, find_ruff, git, tracked

# In a project: the engine, and what goes with it.
ENGINE = ("core/", "tests/core/", "tests/system/")
ENGINE_TOP = ("docs/", "requirements/", ".ci/", "pyproject.toml")


def update(project: Path) -> None:
    """Give a project the engine of this clone, and keep what it has changed itself."""
    check_clean(ROOT)
    check_clean(project)
    if not (project / RECORD).exists():
        raise Refused(f"{project} has no {RECORD}: it was not started by this script.")
    record = json.loads((project / RECORD).read_text())
    if not (project / record["name"] / "core").is_dir():
        raise Refused(f"{project} has its engine no longer in {record['name']}/core/.")
    if find_ruff() is None:
        raise Refused("There is no ruff: run this with the Python of an environment that has it.")
    with tempfile.TemporaryDirectory() as folder:
        head = git(ROOT, "rev-parse", "HEAD").strip()
        base = made_at(record["commit"], record, Path(folder) / "base")
        newest = made_at(head, record, Path(folder) / "newest")
        merge = Merge(project, base, newest)
        merge.write()
        for title, names in merge.news.items():
            if names:
                print(f"{title}:\n" + "".join(f"  {name}\n" for name in names), end="")
        if not any(merge.news.values()):
            print("The engine is the newest already.")
            return
        if differences := merge.differences():
            print("\nWhat has changed in the half that is yours, to read and to take over:\n")
            print(differences)
    print(f"\nGo on, in {project}: mend the conflicts, if there are some, then\n")
    print(f"  git diff\n  (cd {record['name']} && ../.venv/bin/flask test)\n  git commit -a")


def made_at(commit: str, record: dict[str, object], root: Path) -> Path:
    """Return a project as this template makes it at a commit, with the answers of another."""
    git(ROOT, "clone", "-q", "--shared", "--no-checkout", str(ROOT), str(root))
    try:
        git(root, "checkout", "-q", "-B", "update", commit)
    except Refused:
        raise Refused(
            f"This clone does not have the commit {commit}, of which the project's engine is: it is"
            " older, or shallow (`git fetch --unshallow`)."
        ) from None
    without, recipes = (",".join(record[key]) for key in ("without", "with"))  # type: ignore[arg-type]
    command = [sys.executable, "start.py", str(record["name"]), "--keep-history"]
    command += ["--without", without, "--with", recipes]
    path = os.pathsep.join([str(Path(find_ruff() or "").parent), os.environ["PATH"]])
    environ = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"The template at {commit} does not make the project: {done.stderr.strip()}")
    return root


class Merge:
    """What becomes of a project's files, computed whole before anything is written.

    news: what has happened, by kind, each a list of paths.
    """

    def __init__(self, project: Path, base: Path, newest: Path) -> None:
        self.project, self.base, self.newest = project, base, newest
        self.results: dict[str, bytes | None] = {}  # None: deleted
        self.news: dict[str, list[str]] = {
            "Replaced": [],
            "Merged with your changes": [],
            "CONFLICTS, marked in the file": [],
            "Left as you have it, although the template has changed or deleted it": [],
        }
        self.results[RECORD] = content(newest, RECORD)
        names = {*tracked(project), *tracked(base), *tracked(newest)} - {RECORD}
        self.engine = sorted(name for name in names if is_engine(name))
        self.others = sorted(names - set(self.engine))
        for name in self.engine:
            self._merge(name)

    def _merge(self, name: str) -> None:
        roots = (self.project, self.base, self.newest)
        ours, base, newest = (content(root, name) for root in roots)
        replaced, merged, conflicts, left = self.news.values()
        if newest in (base, ours):
            return
        if ours == base:
            self.results[name] = newest
            replaced.append(name)
        elif ours is None or newest is None or b"\0" in ours + newest:
            left.append(name)
        else:
            with tempfile.TemporaryDirectory() as folder:
                paths = [Path(folder, one) for one in ("yours", "started from", "newest")]
                for path, data in zip(paths, (ours, base or b"", newest), strict=True):
                    path.write_bytes(data)
                labels = [text for path in paths for text in ("-L", path.name)]
                done = subprocess.run(
                    ["git", "merge-file", "-p", *labels, *map(str, paths)], capture_output=True
                )
            if done.returncode < 0 or done.returncode > 127:
                raise Refused(f"git cannot merge {name}: {done.stderr.decode().strip()}")
            self.results[name] = done.stdout
            (conflicts if done.returncode else merged).append(name)

    def write(self) -> None:
        """Write the results; a failure undoes it."""
        before = {name: content(self.project, name) for name in self.results}
        try:
            for name, data in self.results.items():
                put(self.project / name, data)
                if data is not None:
                    shutil.copymode(self.newest / name, self.project / name)
        except BaseException:
            for name, data in before.items():
                put(self.project / name, data)
            raise

    def differences(self) -> str:
        """Return what the template has changed in the half that is the project's, as a diff."""
        lines: list[str] = []
        for name in self.others:
            before, after = content(self.base, name), content(self.newest, name)
            if before != after and name != "README.md":
                texts = ((one or b"").decode(errors="replace") for one in (before, after))
                old, new = (text.splitlines() for text in texts)
                lines += difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="")
        return "\n".join(lines)


def is_engine(name: str) -> bool:
    """Whether a file of a project is the engine's, or goes with it."""
    return name.startswith(ENGINE_TOP) or name.partition("/")[2].startswith(ENGINE)


def content(root: Path, name: str) -> bytes | None:
    """Return what a file has; None where there is none."""
    path = root / name
    return path.read_bytes() if path.is_file() else None


def put(path: Path, data: bytes | None) -> None:
    """Write a file; None deletes it."""
    if data is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
