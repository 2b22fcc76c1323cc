"""Edits of files: by the structure of the code, where it is Python."""

import ast
import re
from collections.abc import Iterable
from typing import Any

from clone import Refused


def without_lines(text: str, part: str) -> str:
    """Return a text without the lines that have `part`."""
    return "".join(line for line in text.splitlines(keepends=True) if part not in line)


def without_paragraphs(text: str, part: str) -> str:
    """Return a text without the paragraphs that have `part`."""
    return "\n\n".join(paragraph for paragraph in text.split("\n\n") if part not in paragraph)


def without_definition(text: str, name: str) -> str:
    """Return Python code without a function, class or variable, `Class.method` as well."""
    nodes: list[ast.stmt] = ast.parse(text).body
    found: ast.stmt | None = None
    for part in name.split("."):
        found = next((node for node in nodes if part in names_of(node)), None)
        if found is None:
            return text
        nodes = getattr(found, "body", [])
    assert found is not None
    return without_nodes(text, [found])


def without_names(text: str, names: list[str]) -> str:
    """Return Python code without the decorators, variables and imports of these names."""
    gone: list[ast.AST] = []
    tree = ast.parse(text)
    lines = text.splitlines(keepends=True)
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", []):
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(called, ast.Name) and called.id in names:
                gone.append(decorator)
        if isinstance(node, ast.ImportFrom):
            kept = [one for one in node.names if (one.asname or one.name) not in names]
            if not kept:
                gone.append(node)
            elif node.lineno == node.end_lineno:
                line = ast.ImportFrom(node.module, kept, node.level)
                lines[node.lineno - 1] = f"{ast.unparse(line)}\n"
            else:  # a name a line
                gone += [one for one in node.names if one not in kept]
    for node in tree.body:
        used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        if isinstance(node, ast.Assign) and used & set(names):
            gone.append(node)
    return without_nodes("".join(lines), gone)


def without_nodes(text: str, nodes: Iterable[Any]) -> str:
    """Return Python code without the lines of some nodes, and the comments right above them."""
    lines: list[str | None] = list(text.splitlines(keepends=True))
    for node in nodes:
        decorators = getattr(node, "decorator_list", [])
        first = min(one.lineno for one in [node, *decorators])
        while first > 1 and (lines[first - 2] or "").startswith("#"):
            first -= 1
        lines[first - 1 : node.end_lineno] = [None] * (node.end_lineno - first + 1)
    return "".join(line for line in lines if line is not None)


def names_of(node: ast.AST) -> list[str]:
    """Return what a statement defines."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [target.id for target in targets if isinstance(target, ast.Name)]
    return [node.name] if isinstance(node, ast.ClassDef | ast.FunctionDef) else []


def placed(text: str, where: str, name: str | None, block: str) -> str:
    """Return Python code with a block in its place."""
    tree = ast.parse(text)
    lines = text.splitlines(keepends=True)
    if name is None:
        imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        if where == "among the imports":
            at = imports[0].lineno - 1
        else:
            at, block = imports[-1].end_lineno or 0, f"\n{block}"
        return "".join([*lines[:at], block, *lines[at:]])
    node: Any = next((node for node in ast.walk(tree) if name in names_of(node)), None)
    if node is None:
        raise Refused(f"There is no {name} to put a block {where.split()[0]}.")
    end = node.end_lineno or 0
    value = getattr(node, "value", None)
    if where.startswith("instead of"):
        first = min(one.lineno for one in [node, *getattr(node, "decorator_list", [])])
        return "".join([*lines[: first - 1], block, *lines[end:]])
    if where.startswith("below") or value is None:  # in a function, a class: at its end
        return "".join([*lines[:end], block, *lines[end:]])
    # In a list: before the bracket that closes it.
    last, at = lines[end - 1], value.end_col_offset - 1
    so_far = "".join(lines[: end - 1]) + last[:at]
    comma = "" if so_far.rstrip().endswith((",", "[", "(", "{")) else ","
    return "".join([so_far.rstrip() + comma + "\n", block, last[at:], *lines[end:]])


def section(text: str, title: str) -> str:
    """Return what is under a heading of a page, up to the next one of its level or above."""
    lines = text.splitlines(keepends=True)
    first, end = bounds(lines, title)
    return "".join(lines[first + 1 : end])


def without_section(text: str, title: str) -> str:
    """Return a page without a section."""
    lines = text.splitlines(keepends=True)
    first, end = bounds(lines, title)
    return "".join(lines[:first] + lines[end:])


def bounds(lines: list[str], title: str) -> tuple[int, int]:
    """Return the number of a heading's line, and of the line that ends its section."""
    first, level, is_code = -1, 0, False
    for number, line in enumerate(lines):
        is_code ^= line.startswith("```")
        marks = "" if is_code else (re.match("#*", line) or [""])[0]
        if level and marks and len(marks) <= level:
            return first, number
        if marks and line.strip() == f"{marks} {title}":
            first, level = number, len(marks)
    if not level:
        raise Refused(f"There is no section {title!r}.")
    return first, len(lines)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found = re.findall(r"(?m)^#+ (.*)$", re.sub(r"(?ms)^```.*?^```$", "", text))
    return {re.sub(r"[^\w -]", "", one).strip().lower().replace(" ", "-") for one in found}
