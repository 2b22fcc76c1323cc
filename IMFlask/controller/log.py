"""The API log, read page by page.

>>> from unittest.mock import Mock
>>> newest(Mock(**{"get_log.return_value": []}), 10)
([], None)
"""

from typing import Any

from controller.util import Documents, newest_page
from model.mongodb import Log


def newest(log: Log, limit: int, before: str | None = None) -> tuple[Documents, Any]:
    """Return a page of the log, newest first, and the cursor of the next page."""
    return newest_page(log.get_log, limit, before)
