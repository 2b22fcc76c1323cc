"""Start a project from this template, or bring one up to date with it.

    python start.py Orders --without samples,log --with jwt    this clone becomes the project
    python start.py                                            asks
    python start.py --list                                     the parts and the recipes
    python start.py --update ../orders                         the engine of an older project

It needs git and the standard library; --update also needs ruff. A ruff, in `.venv` for example,
formats the result.
"""

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / ".ci/template"))

from clone import (  # noqa: E402
    RECORD,
    TEMPLATE,
    Refused,
    check_clean,
    find_ruff,
    git,
    read,
    remove,
    tracked,
    write,
)
from edit import anchors, section, without_lines  # noqa: E402
from parts import PARTS, take_out  # noqa: E402
from recipe import RECIPES, follow  # noqa: E402
from update import update  # noqa: E402

OWN = ("start.py", ".ci/template")  # what a project does not get


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", nargs="?", help="the project's name, like Orders or order-service")
    parser.add_argument("--without", metavar="PART,...", action="append", default=[])
    parser.add_argument("--with", metavar="RECIPE,...", action="append", default=[], dest="recipes")
    parser.add_argument("--keep-history", action="store_true", help="keep the template's commits")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--list", action="store_true", help="list the parts and the recipes")
    parser.add_argument("--update", metavar="PROJECT", type=Path, help="take a newer engine")
    given = parser.parse_args()
    try:
        if given.list:
            print("\n".join(listed()))
        elif given.update:
            update(given.update.resolve())
        else:
            asked = ask() if len(sys.argv) == 1 else given
            start(
                asked.name or "",
                chosen(",".join(asked.without), PARTS, "part"),
                chosen(",".join(asked.recipes), RECIPES, "recipe"),
                asked.keep_history,
                asked.dry_run,
            )
    except Refused as error:
        raise SystemExit(f"{error} Nothing was changed.") from None
    except (KeyboardInterrupt, EOFError):
        raise SystemExit("\nStopped.") from None


def listed() -> Iterator[str]:
    """Yield a line for each part, its name first, and for each recipe."""
    names = tracked(ROOT)
    for name, part in PARTS.items():
        files = [one for one in names if any(matches(one, pattern) for pattern in part.files)]
        lines = sum((ROOT / one).read_bytes().count(b"\n") for one in files)
        yield f"{name:12} {part.title} ({len(files)} files, {lines:,} lines)"
    for name, (title, _) in RECIPES.items():
        yield f"{name:12} --with: {title[0].lower()}{title[1:]}"


def ask() -> argparse.Namespace:
    """Ask for everything."""
    check_name(name := input("The project's name: ").strip())
    print("Keep these parts?")
    parts = [one for one in listed() if "--with" not in one]
    without = [one.split()[0] for one in parts if not is_so(one, "y")]
    print("Add these recipes?")
    recipes = [one for one, (title, _) in RECIPES.items() if is_so(title, "n")]
    keep = is_so("Keep the template's git history?", "n")
    return argparse.Namespace(
        name=name,
        without=without,
        recipes=recipes,
        keep_history=keep,
        dry_run=False,
    )


def is_so(question: str, default: str) -> bool:
    """Ask a question; an empty answer is the default."""
    choices = "[Y/n]" if default == "y" else "[y/N]"
    return (input(f"{question} {choices} ").strip().lower() or default) in ("y", "yes")


def chosen(text: str, known: Iterable[str], kind: str) -> list[str]:
    """Return names that are separated by commas."""
    names = list(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))
    for name in names:
        if name not in known:
            raise Refused(f"There is no {kind} {name!r}: there are {', '.join(known)}.")
    return names


def start(name: str, without: list[str], recipes: list[str], keep: bool, dry: bool) -> None:
    """Turn this clone into a project."""
    check_name(name)
    check_clean(ROOT)
    if not keep:
        check_history()
    commit = git(ROOT, "rev-parse", "HEAD").strip()
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        for one in tracked(ROOT):
            (made / one).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / one, made / one, follow_symlinks=False)
        make(made, name, without, recipes)
        answers = {"commit": base_of(commit), "name": name, "without": without, "with": recipes}
        write(made / RECORD, json.dumps(answers, indent=2) + "\n")
        has_ruff = put_in_order(made)
        if not dry:
            put_in_place(made, name, keep, commit)
        counted = sum(1 for path in made.rglob("*") if path.is_file())
    print(f"{name}: {counted} files in {name}/ and beside it", end="")
    print(f", without {', '.join(without)}" if without else "", end="")
    print(f", with {', '.join(recipes)}." if recipes else ".")
    if (app := app_name(name)) != name:
        print(f"The folder is {name}/; APP_NAME, which prefixes the settings, is {app}.")
    if not has_ruff:
        print("ruff is missing: install it and run `ruff check --fix . && ruff format .`.")
    if dry:
        print("This was a dry run: nothing was changed.")
        return
    print("Go on with:\n")
    print("  python3 -m venv .venv && .venv/bin/pip install -q -r requirements/development.txt")
    print(f"  (cd {name} && ../.venv/bin/flask test)")


# Folders that tools pass over or that have a meaning of their own, MongoDB's databases, the
# devices of Windows.
RESERVED = re.compile(
    "build|dist|node_modules|venv|env|instance|tests|flask|admin|config|local"
    "|con|prn|aux|nul|(com|lpt)[0-9]"
)


def check_name(name: str) -> None:
    """Refuse a name that a folder, a variable's prefix or a database may not have."""
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_-]{0,39}", name):
        raise Refused(
            f"{name!r} is not a project name: use letters, digits, - and _, a letter first,"
            " and at most 40 of them."
        )
    if RESERVED.fullmatch(name.lower()):
        raise Refused(f"{name!r} has a meaning of its own: choose another name.")
    if name.lower() in [path.name.lower() for path in ROOT.iterdir()]:
        raise Refused(f"There is {name!r} already: choose another name.")


def check_history() -> None:
    """Refuse a new history where work would be lost with the old one."""
    branches = git(ROOT, "for-each-ref", "refs/heads", "refs/stash").splitlines()
    worktrees = git(ROOT, "worktree", "list").splitlines()
    if len(branches) > 1 or len(worktrees) > 1:
        raise Refused(
            "This clone has a stash, another branch or another worktree, which a new history would"
            " not have: use --keep-history, or remove them."
        )


def base_of(commit: str) -> str:
    """Return the newest commit that the clone's origin has as well: what can be found again."""
    with contextlib.suppress(Refused):
        return git(ROOT, "merge-base", commit, "origin/HEAD").strip()
    return commit


def app_name(name: str) -> str:
    """Return the APP_NAME of a project."""
    return name.replace("-", "_")


def make(root: Path, name: str, without: list[str], recipes: list[str]) -> None:
    """Make a project of a copy of the template."""
    code = root / TEMPLATE
    text = read(root / "docs/recipes.md")
    for recipe in recipes:
        follow(root, section(text, RECIPES[recipe][0]))
    # Those of a recipe that was not chosen go; so does the comment above them.
    development = root / "requirements/development.txt"
    for _, package in RECIPES.values():
        write(development, without_lines(read(development), package))
    write(development, without_lines(read(development), "recipes"))
    table = re.findall(r"(?m)^\| .*$", section(read(ROOT / "README.md"), "How it is built"))
    readme = read(ROOT / ".ci/template/project.md")
    write(root / "README.md", readme.replace("@@TABLE@@", "\n".join(table)))
    take_out(root, without)
    for one in OWN:
        remove(root / one)
    settle_links(root)
    gate = root / ".ci/run"
    write(gate, re.sub(r"(?ms)^# The template:.*?^fi\n", "", read(gate)))
    config = code / "config.py"
    write(config, read(config).replace(f'"{TEMPLATE}"', f'"{app_name(name)}"', 1))
    named = [root / one for one in (".env.example", ".dockerignore", "Dockerfile", "compose.yaml")]
    for path in [*root.glob("*.md"), *root.glob("docs/*.md"), *named]:
        write(path, renamed(read(path), name))
    code.rename(root / name)


def renamed(text: str, name: str) -> str:
    """Return a text of the template with the project's name: of its folder, or of its settings."""
    app = app_name(name)

    def replaced(match: re.Match[str]) -> str:
        return app.lower() if match[0].islower() else name if match["folder"] else app

    names = rf"(?<=\[){TEMPLATE}(?=\])|{TEMPLATE}(?=_)|(?P<folder>{TEMPLATE})|{TEMPLATE.lower()}"
    return re.sub(names, replaced, text)


def settle_links(root: Path) -> None:
    """Make plain words of links to pages and headings that are gone; a list's item goes with it."""
    pages = [*root.glob("*.md"), *root.glob("docs/*.md")]
    there = {path: anchors(read(path)) for path in pages}
    link = re.compile(r"(?m)(?P<item>^- )?\[([^\]]+)\]\(([\w./-]*)#?([\w-]*)\)(?P<end>\n?)")

    for path in pages:

        def settled(match: re.Match[str], path: Path = path) -> str:
            page = Path(os.path.normpath(path.parent / match[3])) if match[3] else path
            if page.suffix != ".md" or (page in there and match[4] in {"", *there[page]}):
                return match[0]
            item, end = match["item"] or "", match["end"]
            return "" if item and end else f"{item}{match[2]}{end}"

        write(path, link.sub(settled, read(path)))


def put_in_order(root: Path) -> bool:
    """Have ruff sort the imports and format the code; returns whether there is a ruff."""
    ruff = find_ruff()
    if ruff is None:
        return False
    for command in (("check", "--fix", "--exit-zero", "-q"), ("format", "-q")):
        done = subprocess.run(
            [ruff, *command, "--no-cache", "."], cwd=root, capture_output=True, encoding="utf-8"
        )
        if done.returncode:
            raise Refused(f"ruff failed: {done.stdout}{done.stderr}")
    return True


def put_in_place(made: Path, name: str, keep: bool, commit: str) -> None:
    """Make this clone what was made; what git ignores stays. A failure undoes it, to `commit`."""
    old, new = ROOT / TEMPLATE, ROOT / name
    history, aside = ROOT / ".git", ROOT / ".git.template"
    kept = history / "template"
    files = [path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()]
    listed = git(ROOT, "ls-files", "-s").splitlines()
    programs = [line.partition("\t")[2] for line in listed if line.startswith("100755")]
    try:
        remove_files(tracked(ROOT))
        if old.exists():  # with what git ignores: .env, the embedded database
            old.rename(new)
        shutil.copytree(made, ROOT, dirs_exist_ok=True)
        if not keep:
            branch = git(ROOT, "branch", "--show-current").strip() or "main"
            history.rename(aside)
            git(ROOT, "init", "-q", "-b", branch)
            aside.rename(kept)
            for own in ("config", "info/exclude"):  # the clone's own settings
                if (kept / own).exists():
                    (history / own).parent.mkdir(exist_ok=True)
                    shutil.copy(kept / own, history / own)
            for remote in git(ROOT, "remote").split():
                git(ROOT, "remote", "remove", remote)
        # By name, for a user's own .gitignore may hide some, and git's own may show others.
        git(ROOT, "rm", "-rq", "--cached", "--ignore-unmatch", ".")
        git(ROOT, "add", "-f", "--pathspec-from-file=-", stdin="\n".join(files))
        git(ROOT, "update-index", "--chmod=+x", *(one for one in programs if one in files))
        try:
            git(ROOT, "var", "GIT_COMMITTER_IDENT")
        except Refused:
            print("Git has no identity for you: the project is staged but not committed.")
        else:
            git(ROOT, "commit", "-q", "-m", f"Begin {name}")
    except BaseException:
        if kept.exists():
            kept.rename(aside)
        if aside.exists():
            remove(history)
            aside.rename(history)
        remove_files(files)
        if new.exists() and not old.exists():
            new.rename(old)
        git(ROOT, "reset", "-q", "--hard", commit)
        raise
    with contextlib.suppress(KeyboardInterrupt, OSError):  # it is done
        remove(kept)
    for env in (ROOT / ".env", new / ".env"):
        if env.exists():
            prefix = re.compile(rf"\b{TEMPLATE}_".encode())
            env.write_bytes(prefix.sub(f"{app_name(name)}_".encode(), env.read_bytes()))


def remove_files(names: list[str]) -> None:
    """Remove files of this clone, and the folders that have nothing then but compiled Python."""
    for name in names:
        (ROOT / name).unlink(missing_ok=True)
    for folder in sorted({one for name in names for one in Path(name).parents}, reverse=True):
        path = ROOT / folder
        shutil.rmtree(path / "__pycache__", ignore_errors=True)
        if path != ROOT and path.exists() and not any(path.iterdir()):
            path.rmdir()


def matches(name: str, pattern: str) -> bool:
    """Whether a file is one of a pattern, in the folder of the code or at the top."""
    inside = name.removeprefix(f"{TEMPLATE}/")
    return inside == pattern or inside.startswith(f"{pattern}/")


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal may not have all letters
    main()
