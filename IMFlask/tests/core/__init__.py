"""The engine's tests: they stay with it."""
