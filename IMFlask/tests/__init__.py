"""The tests: those in this folder need no database, those in integration/ do."""
