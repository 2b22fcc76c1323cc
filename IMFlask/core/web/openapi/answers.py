"""`@answers` declares response bodies, which cannot be inferred from a view."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

View = Callable[..., Any]
Schema = dict[str, Any]  # a JSON Schema


@dataclass(frozen=True)
class Answers:
    """The declared answers of a view, and the decorator that declares them.

    result: the JSON Schema of the envelope's `result`, where it has one; status: that
    of a success; errors: other statuses of failure; fields: the schemas of the envelope's
    other fields; more: more OpenAPI fields of the responses, by status; example: the
    envelope of a success without its `msg`.
    """

    result: Schema | None = None
    status: int = 200
    errors: tuple[int, ...] = ()
    fields: dict[str, Schema] = field(default_factory=dict)
    more: dict[int, Schema] = field(default_factory=dict)
    example: dict[str, Any] | None = None

    def __call__(self, view: View) -> View:
        """Mark a view with its answers."""
        view.answers = self  # type: ignore[attr-defined]
        return view


answers = Answers
