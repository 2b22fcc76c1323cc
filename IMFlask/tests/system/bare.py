"""The least that Flask can do for GET /sample/add: what the benchmarks compare with."""

from flask import Flask, jsonify, request

application = Flask("bare")
application.debug = False  # whatever FLASK_DEBUG says


@application.get("/sample/add")
def add():
    """Add two integers."""
    return jsonify(msg="success", result=int(request.args["a"]) + int(request.args["b"]))
