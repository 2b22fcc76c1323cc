"""The envelope's constructors."""

from core.web.response import created, fail, response
from tests.case import UnitTestCase


class ResponseTestCase(UnitTestCase):
    """Responses"""

    def test_success(self):
        """With a result unless it is None; 0 and [] are results"""
        self.assertEqual(response(), {"msg": "success"})
        self.assertEqual(
            list(response(1, next=2).items()), [("msg", "success"), ("result", 1), ("next", 2)]
        )
        for result in (0, [], "", False):
            self.assertEqual(response(result), {"msg": "success", "result": result})

    def test_created(self):
        """201, and where it is"""
        envelope, status, headers = created({"a": 1}, "/a/1")
        self.assertEqual((status, headers), (201, {"Location": "/a/1"}))
        self.assertEqual(list(envelope.items()), [("msg", "created"), ("result", {"a": 1})])
        self.assertEqual(created(), ({"msg": "created"}, 201, {}))

    def test_failure(self):
        """With its status"""
        self.assertEqual(fail(409, "No."), ({"msg": "fail", "description": "No."}, 409))
