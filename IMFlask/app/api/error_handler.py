"""The errors of the product: messages by status, and your own handlers."""

from flask import Flask

from core.web.error import ErrorAnswers

# Messages by status, where the code gave none.
SENTENCES = {
    400: "The request is malformed: check its syntax.",
    401: "Authentication is needed: send valid credentials.",
    403: "You are not allowed to do this.",
    404: "There is nothing at this address: check its spelling.",
    405: "This address does not accept this method: see the Allow header.",
    409: "This conflicts with what is already stored: read it again first.",
    412: "The stored version does not meet the request's conditions.",
    413: "The body is too large: send less.",
    415: "The body's Content-Type is not accepted here.",
    416: "The range lies outside of the file.",
    429: "Too many requests: wait a little.",
    500: "The server failed to answer this; the failure is logged.",
    503: "The service is not available now: try again soon.",
}


def init_app(app: Flask) -> None:
    """Answer every error of `app` in the envelope.

    An error of a controller carries its status, see controller/error.py. A library's gets
    a handler here: `app.register_error_handler(PaymentError, answer_payment_error)`.
    """
    ErrorAnswers(app, SENTENCES)
