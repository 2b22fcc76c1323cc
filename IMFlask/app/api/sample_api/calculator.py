"""Calculator API."""

from flask import Blueprint

from app.api import Envelope, Query, ValidationRule, Validator, answers, response, shape, timer
from controller import calculator

blueprint = Blueprint("calculator", __name__)


class NotZero(ValidationRule):
    """A rule of your own: a number that can be a divisor."""

    schema = {"not": {"const": 0}}  # noqa: RUF012

    def invalid_str(self) -> str:
        """Return what the client reads after the parameter's name."""
        return "must not be 0."

    def is_valid(self, data: float) -> bool:
        """Return whether `data` keeps the rule."""
        return data != 0


@blueprint.get("/add")
@answers(shape.INTEGER)
@timer
@Validator()
def add_api(a: int = Query(int), b: int = Query(int)) -> Envelope:
    """Add two integers."""
    return response(calculator.add(a, b))


@blueprint.get("/subtract")
@answers(shape.INTEGER)
@timer
@Validator()
def subtract_api(a: int = Query(int), b: int = Query(int)) -> Envelope:
    """Subtract one integer from another."""
    return response(calculator.subtract(a, b))


@blueprint.get("/multiply")
@answers(shape.INTEGER)
@timer
@Validator()
def multiply_api(a: int = Query(int), b: int = Query(int)) -> Envelope:
    """Multiply two integers."""
    return response(calculator.multiply(a, b))


@blueprint.get("/divide")
@answers(shape.NUMBER)
@timer
@Validator()
def divide_api(a: int = Query(int), b: int = Query(int, rules=NotZero())) -> Envelope:
    """Divide one integer by another."""
    return response(calculator.divide(a, b))
