"""What a failed query means: may it be tried again, and may it have been done?

An error of MongoDB's comes in four shapes: of a command, of one write, in a bulk's list, or
as a write concern's, after the write was done. A `mongos` passes a shard's outage on in any
of them (https://github.com/mongodb/mongo, src/mongo/base/error_codes.yml).

>>> from pymongo.errors import WriteConcernError, WriteError
>>> one, other = WriteError("", 89, {"code": 89}), WriteConcernError("", 89, {"code": 89})
>>> is_outage(one), is_outage(other), is_duplicate(one)
(True, True, False)
"""

from collections.abc import Mapping
from typing import Any

from pymongo import errors
from pymongo.errors import PyMongoError

_BULK = errors.BulkWriteError | errors.ClientBulkWriteException
DUPLICATE = 11000
_TOO_LARGE = {10334, 17419, 17420}  # on an insert, on an update, on an upsert
_WRITE_CONFLICT = 112
# Said before anything is done: NotWritablePrimary, NotPrimaryNoSecondaryOk, and its old form.
_NOT_PRIMARY = {10107, 13435, 10058}
# Temporary errors: the server, or the shard behind it, can do it soon, but not now.
_PASSING = _NOT_PRIMARY | {
    *(6, 7, 89, 9001),  # HostUnreachable, HostNotFound, NetworkTimeout, SocketException
    *(133, 134),  # FailedToSatisfyReadPreference, ReadConcernMajorityNotAvailableYet
    *(50, 202, 262, 407),  # a time limit: the query's, of the network, of a lock, of a pool
    *(43, 175, 237, 246, 13388),  # a cursor, a plan, a snapshot, a shard's version is gone
    *(64, 24, _WRITE_CONFLICT, 365),  # of the write concern, of a lock; others are in the way
    *(91, 189, 11600, 11602, 13436),  # it ends, steps down, was interrupted, is recovering
    *(402, 433, 449, 450, 462, 16500),  # it is overloaded; 16500 is Azure Cosmos DB's
    91331,  # RetriableRemoteCommandFailure
}


def is_outage(error: PyMongoError) -> bool:
    """Return whether an error is temporary: not possible now, or not confirmed."""
    if isinstance(error, errors.ConfigurationError):
        return error.__cause__ is not None  # its name was not found
    return (
        isinstance(error, errors.ConnectionFailure)
        or isinstance(_cause(error), errors.ConnectionFailure)
        or error.timeout
        or error.has_error_label("SystemOverloadedError")
        or error.has_error_label("TransientTransactionError")
        or bool(_codes(error) & _PASSING)
    )


def may_be_done(error: PyMongoError) -> bool:
    """Return whether a write that failed by an outage may have been done all the same.

    A `bulk_write` with several kinds of operations, or an `insert_many` of 100,000, is several
    commands: the error of a later command does not show that the earlier ones were done.
    """
    if error.has_error_label("UnknownTransactionCommitResult"):
        return True
    if isinstance(
        error,
        errors.ServerSelectionTimeoutError
        | errors.WaitQueueTimeoutError
        | errors.ConfigurationError,
    ):
        return False  # it was never sent
    if isinstance(error, errors.WriteConcernError | _BULK):
        return True  # it is done, or some of it may be
    if error.has_error_label("TransientTransactionError"):
        return False  # all that its transaction had done is undone
    # The driver gives its own errors the same labels, also the one of a second try.
    if error.has_error_label("SystemOverloadedError") and is_answer(error):
        return not error.has_error_label("RetryableError")
    codes = _codes(error)
    if isinstance(error, errors.NotPrimaryError) and codes <= _NOT_PRIMARY:
        # That server has not done it. The label means an earlier try on another server.
        return error.has_error_label("RetryableWriteError")
    return codes != {_WRITE_CONFLICT}


def is_answer(error: PyMongoError) -> bool:
    """Return whether the database has answered, if only with an error."""
    return bool(_codes(error))


def is_duplicate(error: PyMongoError) -> bool:
    """Return whether the only failure is a duplicate key."""
    return isinstance(error, errors.DuplicateKeyError) or _codes(error) == {DUPLICATE}


def is_too_large(error: PyMongoError) -> bool:
    """Return whether a document is, or would become, larger than MongoDB takes."""
    return bool(codes := _codes(error)) and codes <= _TOO_LARGE


def _cause(error: PyMongoError) -> PyMongoError | None:
    """Return the error that ended a bulk of MongoClient's, which has it within."""
    cause = error.error if isinstance(error, errors.ClientBulkWriteException) else None
    return cause if isinstance(cause, PyMongoError) else None


def _codes(error: PyMongoError) -> set[Any]:
    """Return the server's error codes, in whichever of the four shapes they came."""
    details: Any = getattr(error, "details", None)
    if isinstance(error, _BULK):
        failures = [*details.get("writeErrors", ()), *details.get("writeConcernErrors", ())]
        cause = _cause(error)
        return {failure.get("code") for failure in failures} | (_codes(cause) if cause else set())
    code = error.code if isinstance(error, errors.OperationFailure) else None
    if code is None and isinstance(details, Mapping):  # NotPrimaryError has no code
        code = details.get("code")
    return set() if code is None else {code}
