"""The numbers in a path, as strict as those in a query: ASCII digits, and not too many."""

from werkzeug.routing import FloatConverter, IntegerConverter


class Integer(IntegerConverter):
    """`<int:id>`: at most 18 digits, which 64 bits can hold."""

    regex = r"[0-9]{1,18}"


class Float(FloatConverter):
    """`<float:x>`: at most 15 digits on either side of the point."""

    regex = r"[0-9]{1,15}\.[0-9]{1,15}"


CONVERTERS = {"int": Integer, "float": Float}
