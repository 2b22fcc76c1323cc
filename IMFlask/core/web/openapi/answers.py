"""`@answers` declares response bodies, which cannot be inferred from a view."""

from collections.abc import Callable
from typing import Any, NamedTuple

View = Callable[..., Any]
Schema = dict[str, Any]  # a JSON Schema


class Answers(NamedTuple):
    """The declared answers of a view.

    result: the JSON Schema of the envelope's `result`, where it has one; status: that
    of a success; errors: other statuses of failure that it may answer; fields: the
    schemas of what else is in the envelope; more: what else there is to say of the answers,
    by status; example: the envelope of a success without its `msg`.
    """

    result: Schema | None = None
    status: int = 200
    errors: tuple[int, ...] = ()
    fields: dict[str, Schema] = {}  # noqa: RUF012
    more: dict[int, Schema] = {}  # noqa: RUF012
    example: dict[str, Any] | None = None


def answers(result: Schema | None = None, **more: Any) -> Callable[[View], View]:
    """Add to a view's description what cannot be inferred from it: the fields of `Answers`."""
    if callable(result):
        raise TypeError("answers is called: @answers()")

    def mark(view: View) -> View:
        view.answers = Answers(result, **more)  # type: ignore[attr-defined]
        return view

    return mark
