"""The parts that a project can do without, as data, and their removal."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from clone import TEMPLATE, read, remove, write
from edit import (
    without_definition,
    without_lines,
    without_names,
    without_paragraphs,
    without_section,
)


@dataclass
class Part:
    """A part that a project can do without, as data.

    Paths are those in the folder of the code or else at the top. title: in one line;
    files: files and folders; lines: of each file, texts whose lines go;
    definitions: functions, classes, methods and variables that go; paragraphs: texts
    whose paragraphs go, between two empty lines; sections: headings whose sections go;
    names: what it has given to endpoints, whose decorators, variables and imports go
    wherever they are; first: the parts that cannot stay without it; leftovers: what no file
    of the user's may contain afterwards.
    """

    title: str
    leftovers: str
    files: list[str] = field(default_factory=list)
    lines: dict[str, list[str]] = field(default_factory=dict)
    definitions: dict[str, list[str]] = field(default_factory=dict)
    paragraphs: dict[str, list[str]] = field(default_factory=dict)
    sections: dict[str, list[str]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    first: list[str] = field(default_factory=list)


CONTRACT = "tests/integration/test_contract.py"
PARTS = {
    "samples": Part(
        "the calculator, the author, a message",
        r"calculator|MasterConfig|[Aa]uthor(?!iz|_)|get_jsonify|sample_api",
        sections={"docs/input.md": ["Examples"]},
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
            "docs/input.md": ["/sample/add", "/sample/author", "/sample/jsonify"],
            "model/mongodb/__init__.py": ["MasterConfig"],
        },
        definitions={
            "tests/mock.py": ["Mock.get_author"],
            "tests/contract.py": ["AuthorContract"],
            "tests/test_mock.py": ["AuthorTestCase"],
            CONTRACT: ["AuthorTestCase"],
        },
    ),
    "files": Part(
        "upload, download and deletion of files, stored as GridFS stores them",
        r"file_kind|UPLOAD_|sample/file|core\.web\.file|GridFS",
        names=["Files", "Upload", "download"],
        files=[
            "docs/files.md",
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
            "docs/input.md": ["/sample/file"],
            "docs/production.md": ["MAX_UPLOAD_SIZE"],  # nginx takes 1 MB by itself
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
        paragraphs={
            ".env.example": ["UPLOAD_"],
            "docs/engine.md": ["core/database/chunk.py"],
        },
    ),
    "log": Part(
        "the API log: a document for each request, its page, its chart",
        r"log_requests|api_log|API_LOGGING|LOG_RETENTION|import Log\b|\bLog[(.,]|sample/log",
        files=[
            "docs/log.md",
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
            "docs/input.md": ["| `GET /sample/log"],
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
            CONTRACT: ["LogTestCase"],
            "tests/system/test_page.py": [
                "PageTestCase.test_log_grows",
                "PageTestCase.test_database_goes_away_and_comes_back",
                "PageTestCase.test_admin_token_is_asked_for_where_there_is_one",
            ],
        },
        paragraphs={
            "docs/description.md": ["Where there is an API log"],
            "docs/engine.md": ["core/batch_writer.py"],
            "docs/scaling.md": ["The API log's thread"],
            "docs/input.md": ["/sample/log?limit=1"],
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
            "docs/description.md",
            "core/web/openapi",
            "tests/core/test_openapi.py",
            "tests/system/test_openapi.py",
        ],
        lines={
            ".ci/requirements.txt": ["openapi-spec-validator", "schemathesis"],
            "app/__init__.py": ["publish_description"],
            "docs/input.md": ["/openapi.json"],
            "config.py": ["OPENAPI"],
            "tests/core/test_config.py": ["OPENAPI"],
        },
        names=["answers", "shape"],
        definitions={"tests/__init__.py": ["EXCEPTIONS"]},
        paragraphs={
            ".env.example": ["OPENAPI"],
            "docs/errors.md": ["@answers"],
            "docs/input.md": ["Its `schema`", "`@answers` goes", "`shape.stored(ORDER)`"],
            "docs/tutorial.md": ["in `NOTE`", "tags=shape"],
        },
        sections={"docs/input.md": ["Swagger UI"]},
    ),
    "page": Part(
        "the page with a form for each endpoint, and the database's health",
        r"render_template|index\.html|import template|playwright",
        sections={"docs/description.md": ["The page"]},
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
            "docs/input.md": ["| `GET /` |"],
        },
    ),
    "embedded": Part(
        "the database that development starts by itself where no URI is set",
        r"EMBEDDED_|embedded_database|EmbeddedServer",
        sections={"docs/database.md": ["The embedded database"]},
        paragraphs={"README.md": ["embedded"]},
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
        "the admin token, which opens restricted endpoints",
        r"admin_required|ADMIN_TOKEN|web\.admin",
        names=["admin_required"],
        files=[
            "core/web/admin.py",
            "tests/core/test_admin.py",
        ],
        lines={
            "docs/production.md": ["ADMIN_TOKEN"],
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
        paragraphs={
            ".env.example": ["ADMIN_TOKEN"],
            "docs/input.md": ["`admin_required`"],
            "docs/questions.md": ["`self.admin`"],
            "docs/tutorial.md": ["the admin token; [users]"],
        },
    ),
}
# When all of these go, REST goes too.
TOGETHER = {"samples", "files", "log"}
REST = ["tests/mock.py", "tests/contract.py", "tests/test_mock.py", CONTRACT]


def take_out(root: Path, names: Iterable[str]) -> None:
    """Take parts out of a tree, and those that cannot stay without them."""
    wanted = {*names, *(first for name in names for first in PARTS[name].first)}
    for name in PARTS:
        if name in wanted:
            take_part_out(root, PARTS[name])
    if wanted >= TOGETHER:
        for path in REST:
            remove(root / TEMPLATE / path)
        for name, text in (("questions", "tests/contract.py"), ("input", "`admin_required`")):
            page = root / f"docs/{name}.md"
            write(page, without_paragraphs(read(page), text).rstrip("\n") + "\n")


def take_part_out(root: Path, part: Part) -> None:
    """Take one part out of a tree."""
    code = root / TEMPLATE
    for name in part.files:
        remove(code / name)
        remove(root / name)
    for edits, edit in (
        (part.lines, without_lines),
        (part.definitions, without_definition),
        (part.paragraphs, without_paragraphs),
        (part.sections, without_section),
    ):
        for name, texts in edits.items():
            path = code / name if (code / name).exists() else root / name
            if path.exists():  # another part may have had it
                for text in texts:
                    write(path, edit(read(path), text).rstrip("\n") + "\n")
    if part.names:
        for path in (code / "app/api").rglob("*.py"):
            write(path, without_names(read(path), part.names))
        for path in (root / "docs").glob("*.md"):
            write(path, in_blocks(read(path), part.names))


def in_blocks(text: str, names: list[str]) -> str:
    """Return a page whose blocks of Python do without names."""

    def edited(match: re.Match[str]) -> str:
        try:
            return f"```python\n{without_names(match[1], names)}```"
        except SyntaxError:  # a part of a file
            return match[0]

    return re.sub(r"(?ms)^```python\n(.*?)^```$", edited, text)
