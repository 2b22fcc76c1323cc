"""The engine: what every project shares. Read it when you are curious; do not edit it.

Your code is beside this folder: `config.py`, `app/`, `controller/`, `model/`, `tests/`.
A newer engine replaces this folder, `tests/core/` and `tests/system/` as a whole.

Plain modules, which know neither Flask nor a database server:
  error            what a controller raises; each class has its HTTP status
  settings parser  getters for config.py, and parsers for its values
  page             lists in pages, newest first
  redaction        the part of a client's data that may be logged
  batch_writer     a queue and the thread that writes what is in it
  api_log          the entries of the API log
  file             names and media types of files
  testing          `flask test`
database/, on pymongo, without Flask:
  client lazy      one client a process; a database that is opened by its first use
  model            the base of every model
  initializer      `flask db-init`
  outage           which errors are an outage; queries that fail at once during one
  value object_id bulk   storable values, ids that sort by time, many documents at once
  file chunk       files, in GridFS's layout
  embedded embedded_server   the embedded database
web/, on Flask:
  lifecycle request body session json_provider   what surrounds each request
  response error   the envelope; every error in it
  validation/      `@Validator()` and its parameters
  openapi/         the description of the API, and `@answers`
  file/            uploads as they stream in, downloads in ranges
  admin mark database command logging api_log

What it promises: the core modules that `app/api/__init__.py` and `controller/error.py`
re-export keep their names and their meaning. Adding a collection, an error, a setting,
a rule, a decorator or an endpoint needs no edit here, and neither does removing a part.
"""
