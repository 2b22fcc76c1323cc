"""The author of the application, a setting that lives in the database.

>>> from unittest.mock import Mock
>>> get_author(Mock(**{"get_author.return_value": {"value": "IML"}}))
{'value': 'IML'}
"""

from typing import Any

from controller.error import NotFound
from model.mongodb import MasterConfig


def get_author(master_config: MasterConfig) -> dict[str, Any]:
    """Return the author's document; raise NotFound when the database has none."""
    author = master_config.get_author()
    if author is None:
        raise _no_author()
    return author


def change_author(master_config: MasterConfig, name: str) -> None:
    """Make `name` the author; raise NotFound when the database has none to change."""
    if not master_config.change_author(name):
        raise _no_author()


def _no_author() -> NotFound:
    return NotFound("There is no author yet: run `flask db-init` to put one in.")
