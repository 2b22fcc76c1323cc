"""The engine, which every project shares: read it when you are curious, do not edit it.

A newer engine replaces core/, tests/core/ and tests/system/ as a whole. All else is yours:
  an endpoint    a module in app/api/, registered in app/__init__.py
  a decorator    app/api/decorator.py
  a use case     a function in controller/
  an error       a class with its status in controller/error.py, raised with its sentence
  a sentence     of a 404, a 405 and the like: app/api/error_handler.py
  a collection   a subclass of model/mongodb/base.py's Model, listed in model/mongodb/__init__.py
  a setting      a line in config.py, and one in .env.example
  a test         tests/, with the classes of tests/case.py; with a database: tests/integration/

Plain modules, without Flask and without a database:
  error          what a controller raises
  settings       getters for config.py            parser        parsers of their values
  page           lists in pages, newest first     redaction     secrets out of what is logged
  file           names and types of files         batch_writer  a queue, and a thread that writes it
  api_log        the API log's entries            testing       `flask test`
database/, on pymongo, without Flask:
  client         one MongoClient in a process     lazy          a database opened by its first use
  model          the base of that Model           initializer   `flask db-init`
  failure        what a failed query means        outage        queries refused while it is away
  object_id      ids that sort by time            value         values that BSON can hold
  bulk           many documents, stored once      file, chunk   files, in GridFS's layout
  embedded, embedded_server   the embedded database
web/, on Flask:
  lifecycle      what surrounds every request     request, body, multipart, session, json_provider
  response       the envelope                     error         every error, in the envelope
  validation/    `@Validator()`, its parameters   openapi/      the description, `@answers`
  file/          uploads and downloads            admin         `@admin_required`
  api_log        what fills the API log           logging, access_log   the log's lines
  database       get_db()                         command       what commands share
  mark           `@unlogged`                      drain         the rest of a refused body

Every name that app/api/__init__.py and controller/error.py take from here keeps its meaning.
Nothing of yours needs an edit here, and neither does taking a part out.
"""
