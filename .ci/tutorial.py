"""Does what the README's tutorials say, block by block, in copies of the tree, and runs them."""

import re
from pathlib import Path

from tree import CODE, copied, lint, run, section, test

# "Write `path`:", "At the end of `path`:", "In `path`, below the line with `text`:", and
# the block that follows.
STEP = re.compile(
    r"(?ms)^(?:(?P<verb>Write|At the end of|In) `(?P<path>[^`\n]+)`"
    r"(?:, (?P<where>below|above|instead of) the line with `(?P<text>[^\n]+?)`)?:\n\n"
    r"```python\n(?P<block>.*?)```$)"
)

RECIPES = (
    "When a document's shape changes",
    "Two writes in one transaction",
    "Objects in objects, and a filter",
)


def main() -> None:
    """Try the collection, then the recipes on top of it; then the extensions by themselves."""
    collection = section("Add a collection of your own")
    recipes = collection.index("\n### ")
    with copied() as root:
        follow(root, collection[:recipes])
        check("a collection", root, "system.test_openapi")
        check("and the rest", root)
        for title in RECIPES:
            follow(root, section(title))
        check("its recipes", root, "system.test_openapi", "system.test_page")
        check("and the rest", root)
    with copied() as root:
        follow(root, section("Flask extensions"))
        check("Flask extensions", root, "system.test_openapi")
        check("and the rest", root)


def follow(root: Path, text: str) -> None:
    """Do each step of a tutorial."""
    steps = list(STEP.finditer(text))
    if len(steps) != text.count("```python\n"):
        raise SystemExit("README has a block of Python that does not say where it goes")
    for step in steps:
        path = root / CODE / step["path"]
        if step["verb"] == "Write":
            path.write_text(step["block"])
        elif step["verb"] == "At the end of":
            path.write_text(path.read_text() + step["block"])
        else:
            path.write_text(edited(path, step))


def edited(path: Path, step: re.Match[str]) -> str:
    """Return a file's text with a block beside, or in the place of, the one line that is named."""
    lines = path.read_text().splitlines(keepends=True)
    found = [number for number, line in enumerate(lines) if step["text"] in line]
    if len(found) != 1:
        raise SystemExit(f"{path.name} has {len(found)} lines with {step['text']!r}")
    start = found[0] + (step["where"] == "below")
    stop = start + (step["where"] == "instead of")
    return "".join([*lines[:start], step["block"], *lines[stop:]])


def check(title: str, root: Path, *names: str) -> None:
    """Put the imports in order as README says, lint what has been made, and run these tests.

    names: by default `flask test`.
    """
    run("ruff", "check", "--fix", ".", cwd=root)
    lint(root)
    print(f"{title}: {test(root, *names)}", flush=True)


if __name__ == "__main__":
    main()
