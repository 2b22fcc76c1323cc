"""The unit tests' own guard: no test opens a socket unseen."""

import contextlib
import socket
import unittest

from tests.case import UnitTestCase


class GuardTestCase(unittest.TestCase):
    """UnitTestCase"""

    def run_test(self, body):
        class Inner(UnitTestCase):
            def runTest(self):
                body()

        result = unittest.TestResult()
        Inner().run(result)
        return result

    def test_socket_fails_the_test(self):
        """Opened, and refused"""
        self.assertFalse(self.run_test(socket.socket).wasSuccessful())

    def test_hidden_socket_fails_the_test(self):
        """Although the code under test swallows the error"""

        def hide():
            with contextlib.suppress(BaseException):
                socket.create_connection(("127.0.0.1", 1))

        self.assertFalse(self.run_test(hide).wasSuccessful())

    def test_other_tests_pass(self):
        """And sockets are there again afterwards"""
        self.assertTrue(self.run_test(lambda: None).wasSuccessful())
        socket.socket().close()
