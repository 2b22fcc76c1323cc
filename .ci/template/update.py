"""A newer engine for a project: what it has changed itself is merged in three ways."""

import contextlib
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from clone import RECORD, ROOT, Refused, check_clean, find_ruff, git, read, tracked

# In a project: the engine, and what goes with it.
ENGINE = ("core/", "tests/core/", "tests/system/")
ENGINE_TOP = ("docs/", "requirements/", ".ci/", "pyproject.toml")


def update(project: Path) -> None:
    """Give a project the engine of this clone, and keep what it has changed itself."""
    check_clean(ROOT)
    check_clean(project)
    if find_ruff() is None:
        raise Refused("There is no ruff: run this with the Python of an environment that has it.")
    record = read_record(project)
    head = git(ROOT, "rev-parse", "HEAD").strip()
    try:
        git(ROOT, "merge-base", "--is-ancestor", record["commit"], head)
    except Refused:
        raise Refused(
            f"The project's engine is of the commit {record['commit']}, which this clone does not"
            " have before its own: it is older, or shallow (`git fetch --unshallow`)."
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        base = made_at(record["commit"], record, Path(folder) / "base")
        newest = made_at(head, record, Path(folder) / "newest")
        merge = Merge(project, base, newest)
        differences = merge.differences()
        merge.write()
        with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):  # it is done
            report(project, record["name"], merge.news, differences)


def report(project: Path, name: str, news: dict[str, list[str]], differences: str) -> None:
    """Print what was done, and what is left to do."""
    for title, names in news.items():
        if names:
            print(f"{title}:\n" + "".join(f"  {name}\n" for name in names), end="")
    if differences:
        print("\nWhat has changed in the half that is yours, to read and to take over:\n")
        print(differences)
    if not any(news.values()):
        print("The engine is the newest already.")
        return
    print(f"\nGo on, in {project}: mend the conflicts, if there are some, then\n")
    print(f"  git diff\n  (cd {name} && ../.venv/bin/flask test)\n  git add -A && git commit")


def read_record(project: Path) -> dict[str, Any]:
    """Return what a project was started from, and with which answers."""
    try:
        record = json.loads(read(project / RECORD))
        parts = [*record["without"], *record["with"]]
        texts = [record["commit"], record["name"], *parts]
        forms = ["[0-9a-f]{40,64}", "[A-Za-z][A-Za-z0-9_-]*", *("[a-z]+" for _ in parts)]
        if not all(map(re.fullmatch, forms, texts)):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused(f"{project} has no {RECORD} of a project that was started here.") from None
    if not (project / record["name"] / "core").is_dir():
        raise Refused(f"{project} no longer has its engine in {record['name']}/core/.")
    found: dict[str, Any] = record
    return found


def made_at(commit: str, record: dict[str, Any], root: Path) -> Path:
    """Return a project as this template makes it at a commit, with the answers of another."""
    git(ROOT, "clone", "-q", "--shared", "--no-checkout", str(ROOT), str(root))
    git(root, "checkout", "-q", "-B", "update", commit)
    command = [sys.executable, "-X", "utf8", "start.py", record["name"], "--keep-history"]
    command += ["--without", ",".join(record["without"]), "--with", ",".join(record["with"])]
    path = os.pathsep.join([str(Path(find_ruff() or "").parent), os.environ["PATH"]])
    # No hooks and signatures: nobody will see these commits.
    plain = {"core.hooksPath": os.devnull, "commit.gpgSign": "false"}
    environ = {**os.environ, "PATH": path, "GIT_CONFIG_COUNT": str(len(plain))}
    for number, (key, value) in enumerate(plain.items()):
        environ |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, encoding="utf-8")
    if done.returncode:
        reason = done.stderr.strip().removesuffix(" Nothing was changed.")
        raise Refused(f"The template at {commit} does not make the project: {reason}")
    return root


class Merge:
    """What becomes of a project's files, computed whole before anything is written.

    news: what has happened, by kind, each a list of paths.
    """

    def __init__(self, project: Path, base: Path, newest: Path) -> None:
        self.project, self.base, self.newest = project, base, newest
        self.results: dict[str, bytes | None] = {}  # None: deleted
        self.news: dict[str, list[str]] = {
            "Replaced, or deleted": [],
            "Merged with your changes": [],
            "CONFLICTS, marked in the file": [],
            "Left as you have it, although the template has changed or deleted it": [],
        }
        names = {*tracked(project), *tracked(base), *tracked(newest)} - {RECORD}
        self.engine = sorted(name for name in names if is_engine(name))
        self.others = sorted(names - set(self.engine))
        for name in self.engine:
            self._merge(name)
        self.results[RECORD] = content(newest, RECORD)  # the last: a killed update is not done

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
        paths = {name: self.project / name for name in self.results}
        before = {one: path.read_bytes() for one, path in paths.items() if path.is_file()}
        try:
            for name, data in self.results.items():
                if data is not None and b"\r\n" in before.get(name, b""):
                    data = data.replace(b"\n", b"\r\n")
                put(paths[name], data)
                if data is not None:
                    shutil.copymode(self.newest / name, paths[name])
        except BaseException:
            for name, path in paths.items():
                put(path, before.get(name))
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
    """Return what a file has, ends of lines as on Linux; None where there is none."""
    path = root / name
    if not path.is_file():
        return None
    data = path.read_bytes()
    return data if b"\0" in data else data.replace(b"\r\n", b"\n")


def put(path: Path, data: bytes | None) -> None:
    """Write a file; None deletes it."""
    if data is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
