"""Whether the application can do its work.

>>> from model import connect
>>> is_ready(connect({}))  # which is none
False
"""

from model.mongodb.client import Database
from model.mongodb.outage import answers


def is_ready(database: Database) -> bool:
    """Whether the database answers; says so within a second."""
    return answers(database)
