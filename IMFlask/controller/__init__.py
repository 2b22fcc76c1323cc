"""The logic: plain functions, one per use case, that know nothing of Flask."""
