# The application in production: see docs/production.md, "A container".
FROM python:3.13-slim AS build
COPY requirements/ /requirements/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir -r /requirements/production.txt
COPY IMFlask/ /srv/IMFlask/
# Make the code readable for the user below, whatever the builder's umask.
RUN chmod -R a+rX /srv

FROM python:3.13-slim
# A numeric id: a cluster cannot tell from a name that the user is not root.
RUN groupadd --gid 10001 app && useradd --uid 10001 --gid app --no-create-home app
COPY --from=build /venv /venv
COPY --from=build /srv /srv
WORKDIR /srv/IMFlask
# Granian listens on all addresses of the container.
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 FLASK_CONFIG=production GRANIAN_HOST=0.0.0.0 \
    GRANIAN_WORKERS=2 GRANIAN_BLOCKING_THREADS=4 GRANIAN_WORKERS_KILL_TIMEOUT=30
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# http.client ignores the variables of proxies.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["python", "-c", "\
import http.client; \
connection = http.client.HTTPConnection('127.0.0.1', 8000, timeout=3); \
connection.request('GET', '/health/live'); \
exit(connection.getresponse().status != 200)"]
CMD ["granian", "--interface", "wsgi", "--no-ws", "--respawn-failed-workers", "manage:application"]
