"""The stand-ins keep the contract; integration/test_contract.py asks the real models."""

from tests import contract
from tests.case import UnitTestCase
from tests.mock import Mock


class LogTestCase(contract.LogContract, UnitTestCase):
    """The stand-in for the log"""

    get_log = staticmethod(Mock.get_log)


class AuthorTestCase(contract.AuthorContract, UnitTestCase):
    """The stand-in for the author"""

    get_author = staticmethod(Mock.get_author)
