"""The rules: ours, and the package's made strict."""

import flask_validation_extended as package

from core.web.validation import rule
from tests.case import UnitTestCase


class RuleTestCase(UnitTestCase):
    """Rules"""

    def assert_rule(self, tested, valid, invalid):
        is_valid = rule.checker(tested)
        for text in valid:
            self.assertTrue(is_valid(text), repr(text))
        for text in invalid:
            self.assertFalse(is_valid(text), repr(text))
        self.assertTrue(rule.sentence(tested))

    def test_datetime(self):
        """A date and time of a given format"""
        self.assert_rule(
            rule.DatetimeRule("%Y-%m-%d %H:%M"),
            ["2026-01-02 03:04"],
            ["", "2026-01-02", "2026-13-02 03:04", "2026-02-30 03:04", "２０２６-01-02 03:04"],
        )

    def test_sentences_are_what_a_client_can_act_on(self):
        """Where the package's are not: at the bound, in its own words"""
        for tested, words in (
            (package.Min(1), "must be 1 or more."),
            (package.Max(1.5), "must be 1.5 or less."),
            (package.MinLen(2), "must have a length of 2 or more."),
            (package.MaxLen(2), "must have a length of 2 or less."),
            (package.Regex("[a-z]"), "must match the pattern [a-z] as a whole."),
            (package.In(["a b", 1]), "must be one of these: 'a b', 1."),
            (package.Datetime("%H:%M"), "must be a date and time in the format %H:%M."),
        ):
            self.assertEqual(rule.sentence(tested), words)
