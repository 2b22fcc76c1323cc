"""Start a project from this template, or bring one up to date with it.

    python start.py Orders --without samples,log --with jwt    this clone becomes the project
    python start.py                                            asks
    python start.py --list                                     the parts and the recipes
    python start.py --update ../orders                         the engine of an older project

It needs git, and Python's standard library alone. Where ruff is at hand, in `.venv` for
example, it puts the result in order.
"""

import argparse
import contextlib
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

from clone import RECORD, TEMPLATE, Refused, check_clean, find_ruff, git, remove, tracked  # noqa: E402
from edit import anchors, section, without_lines  # noqa: E402
from parts import PARTS, take_out  # noqa: E402
from recipe import RECIPES, follow  # noqa: E402
from update import update  # noqa: E402

OWN = ("start.py", ".ci/template")  # what a project does not get


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", nargs="?", help="the project's name, like Orders or order-service")
    parser.add_argument("--without", metavar="PART,...", default="", help="parts to take out")
    parser.add_argument("--with", metavar="RECIPE,...", default="", dest="recipes")
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
                chosen(asked.without, PARTS, "part"),
                chosen(asked.recipes, RECIPES, "recipe"),
                asked.keep_history,
                asked.dry_run,
            )
    except Refused as error:
        raise SystemExit(f"{error} Nothing was changed.") from None
    except (KeyboardInterrupt, EOFError):
        raise SystemExit("\nStopped: nothing was changed.") from None


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
    name = input("The project's name: ").strip()
    print("The parts; an empty answer keeps one.")
    without = [one.split()[0] for one in listed() if "--with" not in one and is_no(one)]
    recipes = [one for one, (title, _) in RECIPES.items() if is_yes(f"Add {title}?")]
    keep = is_yes("Keep the template's git history?")
    return argparse.Namespace(
        name=name,
        without=",".join(without),
        recipes=",".join(recipes),
        keep_history=keep,
        dry_run=False,
    )


def is_no(question: str) -> bool:
    """Ask, where yes is the default."""
    return input(f"{question} [Y/n] ").strip().lower() in ("n", "no")


def is_yes(question: str) -> bool:
    """Ask, where no is the default."""
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def chosen(text: str, known: Iterable[str], kind: str) -> list[str]:
    """Return names that are separated by commas."""
    names = [one.strip() for one in text.split(",") if one.strip()]
    for name in names:
        if name not in known:
            raise Refused(f"There is no {kind} {name!r}: there are {', '.join(known)}.")
    return names


def start(name: str, without: list[str], recipes: list[str], keep: bool, dry: bool) -> None:
    """Turn this clone into a project."""
    check_name(name)
    check_clean(ROOT)
    commit = git(ROOT, "rev-parse", "HEAD").strip()
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        for one in tracked(ROOT):
            (made / one).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / one, made / one, follow_symlinks=False)
        make(made, name, without, recipes)
        answers = {"commit": commit, "name": name, "without": without, "with": recipes}
        (made / RECORD).write_text(json.dumps(answers, indent=2) + "\n")
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
        print("There is no ruff here: `ruff check --fix . && ruff format .` has yet to be run.")
    if dry:
        print("This was a dry run: nothing was changed.")
        return
    print("Go on with:\n")
    print("  python3 -m venv .venv && .venv/bin/pip install -q -r requirements/development.txt")
    print(f"  (cd {name} && ../.venv/bin/flask test)")


def check_name(name: str) -> None:
    """Refuse a name that a folder, a variable's prefix or a database may not have."""
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_-]{0,39}", name):
        raise Refused(
            f"{name!r} is no name for a project: it has letters, digits, - and _, a letter first,"
            " and at most 40 of them."
        )
    taken = [path.name.lower() for path in ROOT.iterdir()]
    if name.lower() in taken:
        raise Refused(f"There is {name!r} already: choose another name.")


def app_name(name: str) -> str:
    """Return the APP_NAME of a project."""
    return name.replace("-", "_")


def make(root: Path, name: str, without: list[str], recipes: list[str]) -> None:
    """Make a project of a copy of the template."""
    code = root / TEMPLATE
    text = (root / "docs/recipes.md").read_text()
    for recipe in recipes:
        follow(root, section(text, RECIPES[recipe][0]))
    # Those of a recipe that was not chosen go; so does the comment above them.
    development = root / "requirements/development.txt"
    for _, package in RECIPES.values():
        development.write_text(without_lines(development.read_text(), package))
    development.write_text(without_lines(development.read_text(), "recipes"))
    take_out(root, without)
    for one in OWN:
        remove(root / one)
    table = re.findall(r"(?m)^\| .*$", section((ROOT / "README.md").read_text(), "How it is built"))
    readme = (ROOT / ".ci/template/project.md").read_text()
    (root / "README.md").write_text(readme.replace("@@TABLE@@", "\n".join(table)))
    settle_links(root)
    gate = root / ".ci/run"
    gate.write_text(re.sub(r"(?ms)^# The template:.*?^fi\n", "", gate.read_text()))
    config = code / "config.py"
    config.write_text(config.read_text().replace(f'"{TEMPLATE}"', f'"{app_name(name)}"', 1))
    for path in [*root.glob("*.md"), *root.glob("docs/*.md"), root / ".env.example"]:
        path.write_text(renamed(path.read_text(), name))
    code.rename(root / name)


def renamed(text: str, name: str) -> str:
    """Return a text of the template with the project's name."""
    app = app_name(name)
    text = re.sub(rf"(?<=\[){TEMPLATE}(?=\])|{TEMPLATE}(?=_)", app, text)
    return text.replace(TEMPLATE, name).replace(TEMPLATE.lower(), app.lower())


def settle_links(root: Path) -> None:
    """Make plain words of links to pages and headings that are gone; a list's item goes with it."""
    pages = [*root.glob("*.md"), *root.glob("docs/*.md")]
    there = {path: anchors(path.read_text()) for path in pages}
    link = re.compile(r"(?m)(?P<item>^- )?\[([^\]]+)\]\(([\w./-]*)#?([\w-]*)\)(?P<end>\n?)")

    for path in pages:

        def settled(match: re.Match[str], path: Path = path) -> str:
            page = Path(os.path.normpath(path.parent / match[3])) if match[3] else path
            if page.suffix != ".md" or (page in there and match[4] in {"", *there[page]}):
                return match[0]
            item, end = match["item"] or "", match["end"]
            return "" if item and end else f"{item}{match[2]}{end}"

        path.write_text(link.sub(settled, path.read_text()))


def put_in_order(root: Path) -> bool:
    """Have ruff sort the imports and format the code; returns whether there is a ruff."""
    ruff = find_ruff()
    if ruff is None:
        return False
    for command in (("check", "--fix", "-q"), ("format", "-q")):
        done = subprocess.run([ruff, *command, "--no-cache", "."], cwd=root, capture_output=True)
        if done.returncode:
            raise Refused(f"ruff failed: {done.stdout.decode()}{done.stderr.decode()}")
    return True


def put_in_place(made: Path, name: str, keep: bool, commit: str) -> None:
    """Make this clone what was made; what git ignores stays. A failure undoes it, to `commit`."""
    old, new = ROOT / TEMPLATE, ROOT / name
    history, aside = ROOT / ".git", ROOT / ".git.template"
    kept = history / "template"
    files = [str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()]
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
        git(ROOT, "add", "-A")
        if git(ROOT, "config", "--default", "", "user.email").strip():
            git(ROOT, "commit", "-q", "-m", f"Begin {name}")
        else:
            print("Git knows no user.email: what was made is staged, and not committed.")
        for env in (ROOT / ".env", new / ".env"):
            if env.exists():
                text = env.read_text()
                env.write_text(re.sub(rf"(?m)^(\s*){TEMPLATE}_", rf"\1{app_name(name)}_", text))
    except BaseException:
        if kept.exists():
            kept.rename(aside)
        if aside.exists():
            shutil.rmtree(history, ignore_errors=True)
            aside.rename(history)
        remove_files(files)
        if new.exists() and not old.exists():
            new.rename(old)
        git(ROOT, "reset", "-q", "--hard", commit)
        raise
    with contextlib.suppress(KeyboardInterrupt):  # it is done
        shutil.rmtree(kept, ignore_errors=True)


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
    main()
