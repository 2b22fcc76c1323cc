"""Tests with a real database over a real socket; yours are beside these."""
