"""MongoDB: the client, the engine of the models, outages, files' bytes, the embedded database.

Knows nothing of Flask.
"""

from core.database.client import Database as Database
from core.database.client import Document as Document
