"""Recipes: pages whose steps can be done by a script."""

import re
from pathlib import Path

from clone import Refused, read, write
from edit import placed

# What `--with` adds: sections of docs/recipes.md, and the packages at the end of development.txt.
RECIPES = {
    "jwt": ("Users who log in", "Flask-JWT-Extended"),
    "cors": ("Pages of another origin", "flask-cors"),
}
# A step of a recipe or of the tutorial, and the block that follows.
STEP = re.compile(
    r"(?ms)^(?:(?P<verb>Write|At the end of|In) `(?P<path>[^`\n]+)`"
    r"(?:, (?P<where>among the imports|below the imports|(?:in|below|instead of) `(?P<name>\w+)`))?"
    r":\n\n```\w+\n(?P<block>.*?)^```$)"
)


def follow(root: Path, text: str) -> None:
    """Do each step of a page: write a file, or put a block where the code's structure says."""
    steps = list(STEP.finditer(text))
    if len(steps) != text.count("```python\n") + text.count("```text\n"):
        raise Refused("A block does not say where it goes.")
    for step in steps:
        (code,) = (path.parent for path in root.glob("*/config.py"))
        path = code / step["path"] if (code / step["path"]).parent.exists() else root / step["path"]
        if step["verb"] == "Write":
            write(path, step["block"])
        elif step["verb"] == "At the end of":
            write(path, read(path) + step["block"])
        else:
            write(path, placed(read(path), step["where"], step["name"], step["block"]))
