"""Deletes parts of the template, just as the README's lists say, and runs what is left.

Run with the names of parts (`files`, `"API log"`) or, for all of them, without any.
"""

import ast
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tree import CODE, copied, lint, run, section, test

LISTS = "Delete what you do not need"
# What is left of a part in the code when its list has missed something.
WORDS = {
    "the samples": r"calculator|MasterConfig|[Aa]uthor(?!iz)|get_jsonify|sample_api\.info",
    "the files": r"file_kind|file_removal|UPLOAD_|sample/file",
    "the API log": r"request_log|API_LOGGING|LOG_RETENTION|\bLog\(|import Log\b|sample/log|showLog",
    "the description": r"api\.openapi|OPENAPI|@answers|api\.shape|\.security\b",
    "the page": r"render_template|index\.html|\bKIND\b|import template",
    "the embedded database": r"[Ee]mbedded_server|EMBEDDED_|connect_embedded|EmbeddedServer",
    "the admin token": r"admin_required|ADMIN_TOKEN|api\.admin",
    "all of these": r"sample_api|batch_writer|BatchWriter",
}
# Parts that go together as a rule.
STARTED = ["the samples", "the files", "the API log", "all of these"]


def main(parts: list[str]) -> None:
    """Try each part by itself with the unit tests, then all at once with all tests."""
    titles = re.findall(r"(?m)^### Without (.*)$", section(LISTS))
    if titles != list(WORDS):
        raise SystemExit(f"WORDS are those of {list(WORDS)}, README has {titles}")
    tries: list[tuple[list[str], list[str]]] = [([part], []) for part in parts or titles[:-1]]
    if not parts:
        started = ["tests.test_basics", "integration.test_openapi", "integration.test_page"]
        tries = [(titles, ["tests"]), (STARTED, started), *tries]
    with ThreadPoolExecutor(2) as executor:  # they wait about as long as they compute
        for line in executor.map(lambda tried: try_without(*tried), tries):
            print(line, flush=True)


def try_without(parts: list[str], tests: list[str]) -> str:
    """Delete parts of a copy, lint and test what is left, and return how many tests ran."""
    with copied() as root:
        for part in parts:
            prune(root, part, is_alone=len(parts) == 1)
        finish(root, parts)
        return f"without {', '.join(parts)}: {test(root, *tests)}"


def prune(root: Path, part: str, is_alone: bool) -> None:
    """Do what the list of a part says.

    is_alone: whether all that it names has to be there; other lists may have had it.
    """
    for item in re.split(r"(?m)^- ", section(f"Without {part}"))[1:]:
        item = " ".join(item.split())
        if first := re.match(r"first, \[without (.*?)\]", item):
            prune(root, first[1], is_alone)
        elif item.startswith("delete "):
            for pattern in re.findall("`(.*?)`", item):
                if not delete(root, pattern) and is_alone:
                    raise SystemExit(f"README deletes, of {part}, what is not there: {pattern}")
        elif match := re.fullmatch("in `(.*?)`, (.*)", item):
            path = resolve(root, match[1])
            for clause in match[2].split("; "):
                if not edit(path, clause) and is_alone:
                    raise SystemExit(f"{match[1]} has nothing, of {part}, of {clause}")
        else:
            raise SystemExit(f"README says, of {part}, what is not understood: {item}")


def resolve(root: Path, name: str) -> Path:
    """Return the path that README means: below the code or, failing that, at the top."""
    below = root / CODE / name
    return below if below.exists() or not (root / name).exists() else root / name


def delete(root: Path, pattern: str) -> bool:
    """Delete files or a folder; returns whether there were any."""
    found = [*(root / CODE).glob(pattern.rstrip("/")), *root.glob(pattern.rstrip("/"))]
    for path in found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return bool(found)


def edit(path: Path, clause: str) -> bool:
    """Delete something in a file; returns whether all that is named was there."""
    if not path.exists():
        return False
    names = re.findall("`(.*?)`", clause)
    text = path.read_text()
    done = True
    for name in names:
        before = text
        if clause.startswith("the lines with "):
            lines = text.splitlines(keepends=True)
            text = "".join(line for line in lines if name not in line)
        elif clause.startswith("the paragraphs with "):
            text = "\n\n".join(part for part in text.split("\n\n") if name not in part)
        elif clause.startswith("the definitions "):
            text = without_definition(text, name)
        elif clause.startswith("the decorators "):
            text = without_decorator(text, name)
        else:
            raise SystemExit(f"README says what is not understood: {clause}")
        done &= text != before
    path.write_text(text.rstrip("\n") + "\n")
    return done


def without_definition(text: str, name: str) -> str:
    """Return Python code without a function, class or variable, `Class.method` as well."""
    scope: list[ast.stmt] = ast.parse(text).body
    found: ast.stmt | None = None
    for part in name.split("."):
        found = next((node for node in scope if part in names_of(node)), None)
        if found is None:
            return text
        scope = getattr(found, "body", [])
    assert found is not None
    nodes: list[ast.stmt | ast.expr] = [found, *getattr(found, "decorator_list", [])]
    return without_lines(text, min(node.lineno for node in nodes), found)


def without_decorator(text: str, name: str) -> str:
    """Return Python code without the decorators of a name, called or not."""
    for node in ast.walk(ast.parse(text)):
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        for decorator in decorators:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(called, ast.Name) and called.id == name:
                shorter = without_lines(text, decorator.lineno, decorator)
                return without_decorator(shorter, name)
    return text


def without_lines(text: str, first: int, node: ast.stmt | ast.expr) -> str:
    """Return text without the lines from the `first` to the last one of `node`."""
    lines = text.splitlines(keepends=True)
    return "".join(lines[: first - 1] + lines[node.end_lineno :])


def names_of(node: ast.stmt) -> list[str]:
    """Return the names that a statement gives to something."""
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return [node.name] if isinstance(node, ast.ClassDef | ast.FunctionDef) else []


def finish(root: Path, parts: list[str]) -> None:
    """Have the linter do the rest, as README says; then all must be well and nothing left."""
    run("ruff", "check", "--fix", ".", cwd=root)
    run("ruff", "format", ".", cwd=root)
    lint(root)
    for part in parts:
        for path in sorted((root / CODE).rglob("*.*")):
            if path.suffix not in (".py", ".html", ".css", ".js"):
                continue
            if left := re.search(WORDS[part], path.read_text()):
                raise SystemExit(f"without {part}, {path.relative_to(root)} says {left[0]!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
