"""Arithmetic on integers.

>>> add(1, 2)
3
"""

from controller.error import Invalid


def add(a: int, b: int) -> int:
    """Return a + b."""
    return _writable(a + b)


def subtract(a: int, b: int) -> int:
    """Return a - b."""
    return _writable(a - b)


def multiply(a: int, b: int) -> int:
    """Return a * b."""
    return _writable(a * b)


def divide(a: int, b: int) -> float:
    """Return a / b; raise Invalid when b is 0 or the quotient is beyond a float."""
    if b == 0:
        raise Invalid("The divisor must not be 0.")
    try:
        return a / b
    except OverflowError:
        raise Invalid("The result is too large for a number.") from None


def _writable(number: int) -> int:
    """Return `number`; raise Invalid when it is too long to be written as a decimal.

    Python refuses more than sys.get_int_max_str_digits() digits, 4300 by default.
    """
    try:
        str(number)
    except ValueError:
        raise Invalid("The result has too many digits.") from None
    return number
