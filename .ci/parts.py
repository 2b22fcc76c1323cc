"""The parts that a project can do without, as data, and their removal.

    python .ci/parts.py samples files      takes these parts out of this tree
    python .ci/parts.py                    lists the parts

A part is whole files, and as few lines elsewhere as can be.
"""

import ast
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tree import CODE, ROOT, run

TESTS = "tests/integration/test_contract.py"


@dataclass
class Part:
    """What a part consists of. Paths are those in the folder of the code or else at the top.

    title: in one line; files: patterns of files and folders; lines: of each file, texts
    whose lines go; definitions: functions (with their decorators), classes, methods and
    variables that go; decorators: names that go; paragraphs: texts whose paragraphs go,
    between two empty lines; first: the parts that cannot stay without this one; leftovers:
    what no file may contain afterwards.
    """

    title: str
    leftovers: str
    files: list[str] = field(default_factory=list)
    lines: dict[str, list[str]] = field(default_factory=dict)
    definitions: dict[str, list[str]] = field(default_factory=dict)
    decorators: dict[str, list[str]] = field(default_factory=dict)
    paragraphs: dict[str, list[str]] = field(default_factory=dict)
    first: list[str] = field(default_factory=list)


PARTS = {
    "samples": Part(
        "the calculator, the author, a message",
        r"calculator|MasterConfig|[Aa]uthor(?!iz|_)|get_jsonify|sample_api",
        files=[
            "app/api/sample_api",
            "controller/calculator.py",
            "controller/author.py",
            "model/mongodb/master_config.py",
            "tests/test_calc.py",
            "tests/test_info.py",
            "tests/test_author.py",
            "tests/integration/test_author.py",
        ],
        lines={
            "app/__init__.py": ["sample_api"],
            "model/mongodb/__init__.py": ["MasterConfig"],
        },
        definitions={
            "tests/mock.py": ["Mock.get_author"],
            "tests/contract.py": ["AuthorContract"],
            "tests/test_mock.py": ["AuthorTestCase"],
            TESTS: ["AuthorTestCase"],
        },
    ),
    "files": Part(
        "upload, download and deletion of files, stored as GridFS stores them",
        r"file_kind|UPLOAD_|sample/file|core\.web\.file|GridFS",
        files=[
            "app/api/file.py",
            "controller/file.py",
            "core/database/chunk.py",
            "core/database/file.py",
            "core/file.py",
            "core/web/file",
            "model/mongodb/file.py",
            "tests/core/test_download.py",
            "tests/core/test_file.py",
            "tests/core/test_gridfs.py",
            "tests/file_contract.py",
            "tests/system/test_file.py",
            "tests/test_file.py",
        ],
        lines={
            "app/__init__.py": ["    file,", "file.blueprint"],
            "app/api/__init__.py": ["core.file", "core.web.file"],
            "config.py": ["UPLOAD_"],
            "model/mongodb/__init__.py": ["File", "Chunk"],
            "pyproject.toml": ['"core.file"'],
            "tests/core/test_openapi.py": ["core.web.file"],
            "tests/core/test_config.py": ["UPLOAD_"],
        },
        definitions={
            "tests/core/test_openapi.py": ["FilesTestCase"],
            "tests/system/test_page.py": ["PageTestCase.test_file_goes_up_and_comes_down"],
        },
        paragraphs={".env.example": ["UPLOAD_"]},
    ),
    "log": Part(
        "the API log: a document for each request, its page, its chart",
        r"log_requests|api_log|API_LOGGING|LOG_RETENTION|\bLog\b|sample/log|showLog",
        files=[
            "app/api/log.py",
            "app/asset/static/log.js",
            "core/api_log.py",
            "core/batch_writer.py",
            "core/database/bulk.py",
            "core/web/api_log.py",
            "model/mongodb/log.py",
            "tests/core/test_api_log.py",
            "tests/core/test_batch_writer.py",
            "tests/core/test_bulk.py",
            "tests/integration/test_log.py",
            "tests/system/test_request_log.py",
            "tests/test_log.py",
        ],
        lines={
            "app/__init__.py": ["log_requests", "    log,", "log.blueprint", "import Log"],
            "app/asset/static/endpoints.js": ["showLog"],
            "config.py": ["API_LOGGING", "LOG_RETENTION_DAYS"],
            "model/mongodb/__init__.py": ["Log"],
            "pyproject.toml": ['"core.api_log"', '"core.batch_writer"'],
            "tests/core/test_config.py": ["API_LOGGING", "LOG_RETENTION_DAYS"],
            "tests/system/test_openapi.py": ["API_LOGGING"],
        },
        definitions={
            "tests/mock.py": ["Mock.get_log"],
            "tests/contract.py": ["LogContract"],
            "tests/test_mock.py": ["LogTestCase"],
            TESTS: ["LogTestCase"],
            "tests/system/test_page.py": [
                "PageTestCase.test_log_grows",
                "PageTestCase.test_database_goes_away_and_comes_back",
                "PageTestCase.test_admin_token_is_asked_for_where_there_is_one",
            ],
        },
        paragraphs={
            ".env.example": ["API_LOGGING", "LOG_RETENTION_DAYS"],
            "app/asset/index.html": ['id="log"'],
            "app/asset/static/page.css": ["#log"],
        },
    ),
    "description": Part(
        "the API's description of itself, OpenAPI 3.1",
        r"openapi|OPENAPI|@answers|\bshape\.",
        first=["page"],
        files=[
            "core/web/openapi",
            "tests/core/test_openapi.py",
            "tests/system/test_openapi.py",
        ],
        lines={
            ".ci/requirements.txt": ["openapi-spec-validator", "schemathesis"],
            "app/__init__.py": ["publish_description"],
            "app/api/__init__.py": ["openapi"],
            "config.py": ["OPENAPI"],
            "tests/core/test_config.py": ["OPENAPI"],
        },
        definitions={
            "tests/__init__.py": ["EXCEPTIONS"],
            "app/api/file.py": ["FILE"],
            "app/api/log.py": ["ENTRY"],
            "app/api/sample_api/info.py": ["AUTHOR"],
        },
        decorators={
            "app/api/file.py": ["answers"],
            "app/api/health.py": ["answers"],
            "app/api/log.py": ["answers"],
            "app/api/sample_api/calculator.py": ["answers"],
            "app/api/sample_api/info.py": ["answers"],
        },
        paragraphs={".env.example": ["OPENAPI"]},
    ),
    "page": Part(
        "the page with a form for each endpoint, and the database's health",
        r"render_template|index\.html|import template|playwright",
        files=[
            "app/api/template.py",
            "app/asset",
            "tests/system/browser.py",
            "tests/system/test_page.py",
            "tests/test_page.py",
        ],
        lines={
            ".ci/requirements.txt": ["playwright"],
            "app/__init__.py": ["    template,", "template.blueprint"],
        },
    ),
    "embedded": Part(
        "the database that development starts by itself where no URI is set",
        r"EMBEDDED_|embedded_database|EmbeddedServer",
        files=[
            "core/database/embedded.py",
            "core/database/embedded_server.py",
            "tests/core/test_embedded.py",
            "tests/system/test_embedded.py",
        ],
        lines={
            "config.py": ["EMBEDDED"],
            "model/__init__.py": ["embedded", "EMBEDDED"],
            ".env.example": ["embedded"],
        },
    ),
    "admin": Part(
        "the admin token, which opens what is not for everybody",
        r"admin_required|ADMIN_TOKEN|web\.admin",
        files=[
            "core/web/admin.py",
            "tests/core/test_admin.py",
        ],
        lines={
            "app/api/__init__.py": ["admin_required"],
            "app/api/file.py": ["@admin_required"],
            "app/api/log.py": ["@admin_required"],
            "app/api/sample_api/info.py": ["@admin_required"],
            "config.py": ["ADMIN_TOKEN"],
            "tests/core/test_config.py": ["ADMIN_TOKEN"],
            "tests/system/case.py": ["ADMIN_TOKEN"],
        },
        definitions={
            "tests/system/test_page.py": [
                "PageTestCase.test_admin_token_is_asked_for_where_there_is_one",
            ],
            "tests/case.py": ["AppMixin.admin"],
            "tests/test_file.py": ["AdminTestCase"],
            "tests/test_info.py": ["AdminTestCase"],
            "tests/test_log.py": ["AdminTestCase"],
        },
        paragraphs={".env.example": ["ADMIN_TOKEN"]},
    ),
}
# When all of these go, REST goes too.
TOGETHER = {"samples", "files", "log"}
REST = ["tests/mock.py", "tests/contract.py", "tests/test_mock.py", TESTS]


def take_out(root: Path, names: list[str]) -> None:
    """Take parts out of a tree, and those that cannot stay without them; format what is left."""
    wanted = {*names, *(first for name in names for first in PARTS[name].first)}
    for name in PARTS:
        if name in wanted:
            _take_out(root, PARTS[name])
    if wanted >= TOGETHER:
        for path in REST:
            (root / CODE / path).unlink()
    run("ruff", "check", "--fix", "-q", ".", cwd=root)
    run("ruff", "format", "-q", ".", cwd=root)


def _take_out(root: Path, part: Part) -> None:
    for pattern in part.files:
        for path in [*(root / CODE).glob(pattern), *root.glob(pattern)]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    for edits, edit in (
        (part.lines, without_lines),
        (part.definitions, without_definition),
        (part.decorators, without_decorator),
        (part.paragraphs, without_paragraphs),
    ):
        for name, texts in edits.items():
            path = root / CODE / name
            path = path if path.exists() else root / name
            if path.exists():  # another part may have had it
                for text in texts:
                    path.write_text(edit(path.read_text(), text).rstrip("\n") + "\n")


def without_lines(text: str, part: str) -> str:
    """Return a text without the lines that have `part`."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if part not in line)


def without_paragraphs(text: str, part: str) -> str:
    """Return a text without the paragraphs that have `part`."""
    return "\n\n".join(paragraph for paragraph in text.split("\n\n") if part not in paragraph)


def without_definition(text: str, name: str) -> str:
    """Return Python code without a function, class or variable, `Class.method` as well."""
    scope: list[ast.stmt] = ast.parse(text).body
    found: ast.stmt | None = None
    for part in name.split("."):
        found = next((node for node in scope if part in _names_of(node)), None)
        if found is None:
            return text
        scope = getattr(found, "body", [])
    assert found is not None
    nodes: list[ast.stmt | ast.expr] = [found, *getattr(found, "decorator_list", [])]
    return _without_nodes(text, min(node.lineno for node in nodes), found)


def without_decorator(text: str, name: str) -> str:
    """Return Python code without the decorators of a name, called or not."""
    for node in ast.walk(ast.parse(text)):
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        for decorator in decorators:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(called, ast.Name) and called.id == name:
                return without_decorator(_without_nodes(text, decorator.lineno, decorator), name)
    return text


def _without_nodes(text: str, first: int, last: ast.stmt | ast.expr) -> str:
    lines = text.splitlines(keepends=True)
    # With the comment right above it.
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    return "".join(lines[: first - 1] + lines[last.end_lineno :])


def _names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return [node.name] if isinstance(node, ast.ClassDef | ast.FunctionDef) else []


def left_of(root: Path, name: str) -> list[str]:
    """Return what of a part is left in what the user owns: file and text."""
    found = []
    for path in sorted((root / CODE).rglob("*.*")):
        folders = path.relative_to(root / CODE).parts
        if folders[0] == "core" or folders[:2] in (("tests", "core"), ("tests", "system")):
            continue  # the engine mentions its own parts
        if path.suffix in (".py", ".html", ".css", ".js"):
            texts = re.findall(PARTS[name].leftovers, path.read_text())
            found += [f"{path.relative_to(root)}: {text}" for text in texts]
    return found


def main(names: list[str]) -> None:
    """Take the parts that are named out of this tree; without a name, list them."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise SystemExit(f"There is no part {unknown[0]}: the parts are {', '.join(PARTS)}.")
    if not names:
        for name, part in PARTS.items():
            print(f"{name:12} {part.title}")
        return
    try:
        run("ruff", "--version", cwd=ROOT)
    except FileNotFoundError:
        raise SystemExit("There is no ruff: run this with .venv/bin/python.") from None
    take_out(ROOT, names)
    print(f"Without {', '.join(names)}: run `flask test`, then edit README.md and commit.")


if __name__ == "__main__":
    main(sys.argv[1:])
