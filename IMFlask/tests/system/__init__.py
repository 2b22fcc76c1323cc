"""Tests of minutes: servers, databases and browsers that are killed, frozen and driven."""
