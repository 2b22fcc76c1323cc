"""The stand-ins keep the contract; integration/test_contract.py asks the real models."""

from tests.case import UnitTestCase
from tests.contract import Contract
from tests.mock import Mock


class MockTestCase(Contract, UnitTestCase):
    """The stand-ins"""

    get_log = staticmethod(Mock.get_log)
    get_author = staticmethod(Mock.get_author)
