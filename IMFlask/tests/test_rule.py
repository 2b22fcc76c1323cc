"""The rules: ours, and the package's made strict."""

from app.api import rule
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

    def test_object_id(self):
        """24 hexadecimal digits"""
        self.assert_rule(
            rule.ObjectIdRule(),
            ["0" * 24, "0123456789abcdefABCDEF00"],
            ["", "0" * 23, "0" * 25, "g" * 24, "x" * 12, "٣" * 24, "0" * 23 + "\n"],
        )

    def test_datetime(self):
        """A date and time of a given format"""
        self.assert_rule(
            rule.DatetimeRule("%Y-%m-%d %H:%M"),
            ["2026-01-02 03:04"],
            ["", "2026-01-02", "2026-13-02 03:04", "2026-02-30 03:04", "２０２６-01-02 03:04"],
        )

    def test_package_rules_take_ascii_digits_alone(self):
        """Datetime, IsoDatetime, Number, PhoneNum"""
        self.assert_rule(rule.Datetime("%Y"), ["2026"], ["２０２６", "26", "x"])
        self.assert_rule(rule.IsoDatetime(), ["2026-01-02T03:04:05"], ["２026-01-02", "x"])
        self.assert_rule(rule.Number(), ["12"], ["", "-1", "１２", "٣", "²"])
        self.assert_rule(rule.PhoneNum(), ["010-1234-5678"], ["０１０-1234-5678", "010"])

    def test_regex_matches_the_whole(self):
        """Not a part, not before a line's end"""
        self.assert_rule(rule.Regex("a|b"), ["a", "b"], ["ab", "xa", "a\n", ""])
        self.assert_rule(rule.Regex("^[a-z]+$"), ["abc"], ["abc\n", "ABC"])

    def test_sentences_are_right_at_the_bound(self):
        """Where the package's are not"""
        for tested, words in (
            (rule.Min(1), "must be 1 or more."),
            (rule.Max(1.5), "must be 1.5 or less."),
            (rule.MinLen(2), "must have a length of 2 or more."),
            (rule.MaxLen(2), "must have a length of 2 or less."),
            (rule.Ext([".png", ".jpg"]), "must have a name that ends with .png or .jpg."),
            (rule.MinFileCount(2), "must be 2 files or more."),
            (rule.MaxFileCount(2), "must be 2 files or fewer."),
            (rule.Regex("[a-z]"), "must match the pattern [a-z]"),
            (rule.Strip(), rule.Strip().invalid_str()),
        ):
            self.assertEqual(rule.sentence(tested), words)

    def test_other_rules_are_the_package_s(self):
        """Email, Strip, In, lengths and bounds"""
        self.assert_rule(rule.Email(), ["a@b.kr"], ["a", "a@b@c", "a@b.kr\n"])
        self.assert_rule(rule.Strip(), ["a"], [" a"])
        self.assert_rule(rule.In(["a"]), ["a"], ["b"])
        self.assert_rule(rule.MinLen(2), ["ab"], ["a"])
        self.assert_rule(rule.MaxLen(1), ["a"], ["ab"])
        self.assert_rule(rule.Min(1), [1], [0])
        self.assert_rule(rule.Max(1), [1], [2])
