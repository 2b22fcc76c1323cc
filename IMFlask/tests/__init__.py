"""The tests: those in this folder need no database, those in integration/ do."""

# The checks of schemathesis that an operation, by its operationId, cannot keep. Where it
# refuses what no schema can say: `positive_data_acceptance`. Where it has a fixed path beside
# one like `/<id>`, which takes other methods: `unsupported_method`, `allow_header_conformance`.
EXCEPTIONS: dict[str, list[str]] = {}  # "note.transfer_api.post": ["positive_data_acceptance"]
