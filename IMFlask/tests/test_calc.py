"""Calculator: the controller and its endpoints."""

from controller import calculator
from controller.error import Invalid
from tests.case import AppTestCase, UnitTestCase

# 4300 digits are the most that Python writes or reads.
LONGEST = "9" * 4300


class CalculatorTestCase(AppTestCase):
    """Calculator API"""

    def assert_result(self, path, result):
        response = self.client.get(path)
        self.assertEqual(
            (response.status_code, response.json), (200, {"msg": "success", "result": result})
        )
        self.assertIs(type(response.json["result"]), type(result))

    def test_add_func(self):
        """Addition"""
        self.assert_result("/sample/add?a=1&b=2", 3)
        self.assert_result("/sample/add?a=-7&b=007", 0)
        self.assert_result(f"/sample/add?a={LONGEST}&b=0", int(LONGEST))

    def test_sub_func(self):
        """Subtraction"""
        self.assert_result("/sample/subtract?a=1&b=2", -1)

    def test_multiply_func(self):
        """Multiplication"""
        self.assert_result("/sample/multiply?a=3&b=-4", -12)

    def test_divide_func(self):
        """Division gives a float"""
        self.assert_result("/sample/divide?a=7&b=2", 3.5)
        self.assert_result("/sample/divide?a=4&b=2", 2.0)

    def test_division_by_zero_is_told_by_a_rule(self):
        """b=0"""
        self.assert_fails(
            self.client.get("/sample/divide?a=1&b=0"), 400, "Query parameter 'b' must not be 0."
        )

    def test_result_that_no_number_holds_is_400(self):
        """Too long for JSON, too large for a float"""
        for name, a, b in (("add", LONGEST, "1"), ("multiply", LONGEST, "10")):
            self.assert_fails(
                self.client.get(f"/sample/{name}?a={a}&b={b}"),
                400,
                "The result has too many digits.",
            )
        self.assert_fails(
            self.client.get(f"/sample/divide?a={LONGEST}&b=1"),
            400,
            "The result is too large for a number.",
        )

    def test_parameters_are_integers(self):
        """What is no integer is refused on every route"""
        for name in ("add", "subtract", "multiply", "divide"):
            self.assert_fails(
                self.client.get(f"/sample/{name}?a=1.1&b=1"),
                400,
                "Query parameter 'a' is malformed: it must be an integer.",
            )
            self.assert_fails(
                self.client.get(f"/sample/{name}?a=1"), 400, "Query parameter 'b' is missing."
            )


class CalculatorControllerTestCase(UnitTestCase):
    """Calculator controller, without an app"""

    def test_refusals(self):
        """A result that cannot be given raises Invalid"""
        self.assertRaises(Invalid, calculator.divide, 1, 0)
