FLASK_APP=manage:application
# Errors are answered in JSON and logged; Werkzeug's console would be an open door.
FLASK_RUN_DEBUGGER=0
