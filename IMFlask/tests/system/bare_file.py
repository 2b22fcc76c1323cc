"""Bare Flask routes to compare the files' with: a form that is read, a file from the disk."""

import os

from flask import Flask, request, send_file

application = Flask(__name__)


@application.post("/sample/file")
def upload():
    """Read the form, and say how long the file is."""
    stream = request.files["file"].stream
    return {"length": stream.seek(0, os.SEEK_END)}


@application.get("/sample/file/1")
def download():
    """Send the file that BARE_FILE names."""
    return send_file(os.environ["BARE_FILE"])
