"""Helpers that several use cases share; yours go here.

>>> newest_page(lambda limit, before: [{"_id": 2}, {"_id": 1}][:limit], 1)
([{'_id': 2}], 2)
"""

from core import page

Documents = page.Documents
newest_page = page.newest
