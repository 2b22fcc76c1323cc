"""Starts projects in copies of this tree, and tests them: what `start.py` makes must hold.

python .ci/template/starts.py                 each part alone, all, a pair, the recipes, an update
python .ci/template/starts.py pairs           each pair of parts
python .ci/template/starts.py whole           one project, with all its tests
"""

import datetime
import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from clone import ROOT, TEMPLATE
from docs import check_links
from parts import PARTS
from recipe import RECIPES, follow
from tree import code_of, commit, copied, lint, run, start, test

PAIRS = list(itertools.combinations(PARTS, 2))
WHOLE = ["", "system"]
OURS = "\n\n# ours\n"  # an edit of a project's
SERVED = ["", "system.test_openapi", "system.test_page"]


def main(what: str) -> None:
    """Try them, two at a time: they wait about as long as they compute."""
    tries: list[Callable[[], str]]
    if what == "whole":
        tries = [partial(try_start, ("samples", "log"), name="order-service", tests=WHOLE)]
    elif what == "pairs":
        tries = [partial(try_start, pair) for pair in PAIRS]
    else:
        today = datetime.datetime.now(datetime.UTC).toordinal()
        tries = [
            try_refusals,
            try_update,
            partial(try_start, (), tuple(RECIPES)),
            partial(try_start, tuple(PARTS), tuple(RECIPES), follows=True),
            partial(try_start, ("files", "log", "samples"), tests=SERVED),
            partial(try_start, PAIRS[today % len(PAIRS)]),
            *(partial(try_start, (part,)) for part in PARTS),
        ]
    with ThreadPoolExecutor(2) as executor:
        for line in executor.map(lambda one: one(), tries):
            print(line, flush=True)


def try_start(
    without: tuple[str, ...],
    recipes: tuple[str, ...] = (),
    name: str = "Orders",
    tests: list[str] | None = None,
    follows: bool = False,
) -> str:
    """Start a project in a copy, look for what should be gone, lint and test it.

    follows: whether the project's own tutorial is followed, too; tests: what is run, by
    default `flask test`; "" stands for that.
    """
    with copied() as root:
        start(root, name, "--without", ",".join(without), "--with", ",".join(recipes))
        title = f"{name}, without {', '.join(without) or 'none'}"
        title += f", with {', '.join(recipes)}" if recipes else ""
        if left := [*left_of(root, without), *name_left(root)]:
            raise SystemExit(f"{title}: there is still {left}")
        check_links(root)
        if follows:
            tutorial = (root / "docs/tutorial.md").read_text()
            follow(root, tutorial[: tutorial.index("\n## ")])
            run("ruff", "check", "--fix", ".", cwd=root)
            run("ruff", "format", ".", cwd=root)
        lint(root)
        ran = [test(root, *([one] if one else [])) for one in tests or [""]]
    return f"{title}: {'; '.join(ran)}"


def left_of(root: Path, parts: tuple[str, ...]) -> list[str]:
    """Return what of parts is left in what the user owns: file and text."""
    found = []
    code = code_of(root)
    for path in sorted(code.rglob("*.*")):
        folders = path.relative_to(code).parts
        if folders[0] == "core" or folders[:2] in (("tests", "core"), ("tests", "system")):
            continue  # the engine mentions its own parts
        if path.suffix in (".py", ".html", ".css", ".js"):
            for part in parts:
                texts = re.findall(PARTS[part].leftovers, path.read_text())
                found += [f"{path.relative_to(root)}: {text}" for text in texts]
    return found


def name_left(root: Path) -> list[str]:
    """Return the files that still have the template's name."""
    names = run("git", "ls-files", cwd=root).splitlines()
    return [
        name
        for name in names
        if name != "LICENSE" and TEMPLATE.lower() in (name + (root / name).read_text()).lower()
    ]


def try_refusals() -> str:
    """What cannot be done leaves the clone as it was: a wrong answer, a commit that fails."""
    with copied() as root:
        before = run("git", "rev-parse", "HEAD", cwd=root)
        hook = root.parent / "pre-commit"
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o700)
        settings = {"core.hooksPath": str(root.parent), "user.name": "a", "user.email": "a@b"}
        for key, value in settings.items():
            run("git", "config", key, value, cwd=root)
        tries = (["1x"], ["docs"], ["Orders", "--without", "x"], ["Orders", "--dry-run"])
        for arguments in (*tries, ["Orders", "--keep-history"], ["Orders"]):
            command = [sys.executable, "start.py", *arguments]
            done = subprocess.run(command, cwd=root, capture_output=True, text=True)
            is_said = "Nothing was changed." in done.stderr and done.returncode == 1
            expect(is_said or "--dry-run" in arguments, done.stdout + done.stderr)
            expect(run("git", "rev-parse", "HEAD", cwd=root) == before, f"{arguments}: HEAD moved")
            expect(not run("git", "status", "--short", cwd=root), f"{arguments}: files changed")
        run("git", "branch", "work", cwd=root)
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        expect("another branch" in done.stderr, done.stderr)
    return "refused, and undone: nothing was changed"


def try_update() -> str:
    """Bring a project up to date with a template that has moved on since the commit before."""
    engine, theirs = "core/page.py", "config.py"
    with copied(older()) as older_template, copied() as template:
        start(older_template, "Orders", "--without", "log", "--with", "cors")
        project = older_template  # which it has become
        for path, text in ((engine, OURS), (theirs, OURS), ("core/error.py", OURS)):
            append(project / "Orders" / path, text)
        commit(project, "Ours")
        newer = template / TEMPLATE / engine
        newer.write_text(newer.read_text().replace('"""', '"""Newer: ', 1))
        append(template / TEMPLATE / theirs, "\n# a newer setting\n")
        append(template / TEMPLATE / "core/error.py", "\n\n# theirs\n")
        (template / "docs/added.md").write_text("# Added\n")
        commit(template, "It moves on")
        printed = start(template, "--update", str(project))
        for text in ("docs/added.md", "core/page.py", "CONFLICTS", "+# a newer setting"):
            expect(text in printed, printed)
        merged = (project / "Orders" / engine).read_text()
        expect(merged.startswith('"""Newer: ') and merged.endswith(OURS), merged)
        expect("newer" not in (project / "Orders" / theirs).read_text(), theirs)
        error = project / "Orders/core/error.py"
        expect("<<<<<<<" in error.read_text(), "no conflict is marked")
        run("git", "checkout", "-q", "core/error.py", cwd=project / "Orders")
        commit(project, "Newer")
        again = start(template, "--update", str(project))
        expect("core/page.py" not in again, again)
        lint(project)
        return f"Orders, updated from the commit before: {test(project)}"


def older() -> str:
    """Return the commit before this one, where there is one that can start a project."""
    try:
        run("git", "cat-file", "-e", "HEAD~1:start.py", cwd=ROOT)
    except SystemExit:
        return ""
    return "HEAD~1"


def append(path: Path, text: str) -> None:
    """Write a text at the end of a file."""
    path.write_text(path.read_text() + text)


def expect(holds: bool, what: str) -> None:
    """End this script unless something holds."""
    if not holds:
        raise SystemExit(f"FAILED: {what}")


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else "")
