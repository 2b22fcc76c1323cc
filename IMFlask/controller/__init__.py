"""The logic: plain functions, one a use case, that know nothing of Flask."""
