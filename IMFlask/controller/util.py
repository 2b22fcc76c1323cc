"""Helpers that several use cases share; yours go here.

>>> newest_page(lambda limit, before: [{"_id": 2}, {"_id": 1}][:limit], 1)
([{'_id': 2}], 2)
"""

from core.page import Documents as Documents
from core.page import newest as newest_page

__all__ = ["Documents", "newest_page"]
