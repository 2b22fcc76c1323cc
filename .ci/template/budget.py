"""Prints the sizes of the code and their budgets; fails when one is exceeded.

Theirs: lines of all files but the engine, the tests and static files. The engine: lines of code,
without docstrings, comments and blank lines. Tests: lines.
"""

import ast
import io
import tokenize
from pathlib import Path

from clone import ROOT, TEMPLATE
from tree import run

BUDGETS = {"theirs": 1200, "engine": 3300, "tests": 10500, "README": 300}
LONG = 150  # lines of a module that its reader must hold in the head at once
IGNORED = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


def main() -> None:
    """Count, print, compare."""
    sizes = dict.fromkeys(BUDGETS, 0)
    lengths: list[tuple[int, Path]] = []
    for name in run("git", "ls-files", TEMPLATE, cwd=ROOT).splitlines():
        inside = (ROOT / name).relative_to(ROOT / TEMPLATE)
        if "static" in inside.parts:
            continue
        source = (ROOT / name).read_text()
        length = source.count("\n")
        kind = {"core": "engine", "tests": "tests"}.get(inside.parts[0], "theirs")
        sizes[kind] += lines_of_code(source) if kind == "engine" else length
        if kind != "tests":
            lengths.append((length, inside))
    sizes["README"] = (ROOT / "README.md").read_text().count("\n")
    for kind, size in sizes.items():
        print(f"{kind:7} {size:6,} of {BUDGETS[kind]:6,} lines")
    print(f"the longest modules, {LONG} lines at best:")
    for length, path in sorted(lengths, reverse=True)[:10]:
        print(f"{length:6} {path}")
    if over := [kind for kind, size in sizes.items() if size > BUDGETS[kind]]:
        raise SystemExit(f"FAILED: more than the budget: {', '.join(over)}")


def lines_of_code(source: str) -> int:
    """Return the number of lines that hold code, docstrings not counted."""
    documented: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                documented |= set(range(first.lineno, (first.end_lineno or 0) + 1))
    used: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in IGNORED:
            used |= set(range(token.start[0], token.end[0] + 1))
    return len(used - documented)


if __name__ == "__main__":
    main()
