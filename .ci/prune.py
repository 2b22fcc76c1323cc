"""Deletes parts of the template, just as the README's lists say, and runs what is left.

Run with the names of parts (`files`, `"API log"`) or, for all of them, without any.
"""

import ast
import re
import shutil
import sys
from pathlib import Path

from tree import CODE, copied, lint, run, section, test

LISTS = "Delete what you do not need"
# What is left of a part in Python code when its list has missed something.
WORDS = {
    "the samples": r"calculator|MasterConfig|[Aa]uthor(?!iz)|get_jsonify|sample_api\.info",
    "the files": r"file_kind|file_removal|UPLOAD_|sample/file",
    "the API log": r"request_log|API_LOGGING|LOG_RETENTION|\bLog\(|import Log\b|sample/log",
    "the description": r"api\.openapi|OPENAPI",
    "the page": r"render_template|index\.html|\bKIND\b|import template",
    "the embedded database": r"[Ee]mbedded_server|EMBEDDED_|connect_embedded|EmbeddedServer",
    "the admin token": r"admin_required|ADMIN_TOKEN|api\.admin",
    "all of these": r"sample_api|batch_writer|BatchWriter",
}


def main(parts: list[str]) -> None:
    """Try each part by itself with the unit tests, then all at once with all tests."""
    titles = re.findall(r"(?m)^### Without (.*)$", section(LISTS))
    if titles != list(WORDS):
        raise SystemExit(f"WORDS are those of {list(WORDS)}, README has {titles}")
    together = not parts
    for part in parts or titles[:-1]:
        with copied() as root:
            prune(root, part)
            finish(root, [part])
            print(f"without {part}: {test(root)}", flush=True)
    if together:
        with copied() as root:
            for part in titles:
                prune(root, part)
            finish(root, titles)
            print(f"without {titles[-1]}: {test(root, 'tests')}", flush=True)


def prune(root: Path, part: str) -> None:
    """Do what the list of a part says."""
    for item in re.split(r"(?m)^- ", section(f"Without {part}"))[1:]:
        item = " ".join(item.split())
        if first := re.match(r"first, \[without (.*?)\]", item):
            prune(root, first[1])
        elif item.startswith("delete "):
            for pattern in re.findall("`(.*?)`", item):
                delete(root, pattern)
        elif match := re.fullmatch("in `(.*?)`, (.*)", item):
            path = resolve(root, match[1])
            for clause in match[2].split("; "):
                edit(path, clause)
        else:
            raise SystemExit(f"README says, of {part}, what is not understood: {item}")


def resolve(root: Path, name: str) -> Path:
    """Return the path that README means: below the code or, failing that, at the top."""
    below = root / CODE / name
    return below if below.exists() or not (root / name).exists() else root / name


def delete(root: Path, pattern: str) -> None:
    """Delete files or a folder; another list may have done so already."""
    for path in [*(root / CODE).glob(pattern.rstrip("/")), *root.glob(pattern.rstrip("/"))]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def edit(path: Path, clause: str) -> None:
    """Delete lines, definitions or paragraphs of a file that is still there."""
    if not path.exists():
        return
    text, names = path.read_text(), re.findall("`(.*?)`", clause)
    if clause.startswith("the lines with "):
        lines = text.splitlines(keepends=True)
        text = "".join(line for line in lines if not any(name in line for name in names))
    elif clause.startswith("the paragraphs with "):
        parts = text.split("\n\n")
        text = "\n\n".join(part for part in parts if not any(name in part for name in names))
    elif clause.startswith("the definitions "):
        for name in names:
            text = without_definition(text, name)
    else:
        raise SystemExit(f"README says what is not understood: {clause}")
    path.write_text(text.rstrip("\n") + "\n")


def without_definition(text: str, name: str) -> str:
    """Return Python code without a function or class, `Class.method` as well."""
    scope: list[ast.stmt] = ast.parse(text).body
    found: ast.stmt | None = None
    for part in name.split("."):
        found = next((node for node in scope if getattr(node, "name", None) == part), None)
        if not isinstance(found, ast.ClassDef | ast.FunctionDef):
            return text  # another list has deleted it
        scope = found.body
    assert isinstance(found, ast.ClassDef | ast.FunctionDef)
    first = min([found.lineno, *(node.lineno for node in found.decorator_list)])
    lines = text.splitlines(keepends=True)
    return "".join(lines[: first - 1] + lines[found.end_lineno :])


def finish(root: Path, parts: list[str]) -> None:
    """Have the linter do the rest, as README says; then all must be well and nothing left."""
    run("ruff", "check", "--fix", ".", cwd=root)
    run("ruff", "format", ".", cwd=root)
    lint(root)
    for part in parts:
        for path in (root / CODE).rglob("*.py"):
            if left := re.search(WORDS[part], path.read_text()):
                raise SystemExit(f"without {part}, {path.relative_to(root)} says {left[0]!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
