# Both images, as targets: web (also migrations: manage.py migrate, migrate_documents) and worker
# (also a pod's claim: python -m worker.claim, and the scaler of one machine: run_scaler).
#     docker build --target worker .          without a Docker engine: make images

FROM python:3.13-slim-trixie AS build
ENV PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONHASHSEED=0
RUN python -m venv --without-pip /opt/venv
COPY requirements.lock /
# The secrets are for machines whose pip needs settings. Deleted are Django's other languages, since the site is in
# English, what compilers and debuggers would need, and django-ninja's own pages.
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca.crt \
    pip --python /opt/venv/bin/python install --quiet --no-compile --require-hashes --only-binary :all: \
        -r requirements.lock \
    && find /opt/venv \( -name '*.po' -o -name '*.mo' ! -path '*/en/*' -o -path '*/tests/*' -type f \
        -o -name '*.c' -o -name '*.p[yx][xdi]' -o -path '*/ninja/static/*' -type f \) -delete \
    && /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib
WORKDIR /app
COPY . .
RUN rm requirements.lock && chmod -R u=rwX,go=rX . \
    && /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash .

FROM build AS static
# The names of static files contain a hash. The key generated here is not used again.
RUN mkdir staticfiles && DATA_DIR=/tmp/data PYTHONDONTWRITEBYTECODE=1 /opt/venv/bin/python manage.py \
        collectstatic --noinput --verbosity 0

FROM python:3.13-slim-trixie AS base
# The base image's standard library is not compiled, and a user without write access would compile it at each start.
RUN python -m compileall -q --invalidation-mode unchecked-hash \
        -x '/(test|tests|idlelib|ensurepip|tkinter|turtledemo|pydoc_data|site-packages|dist-packages)/' \
        "$(python -c 'import os; print(os.path.dirname(os.__file__))')" \
    && install -d -m 700 -o 10001 -g 10001 /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 HOME=/tmp DATA_DIR=/data LOG_FORMAT=json

FROM base AS web
COPY --from=static /app /app
# Numeric, so that Kubernetes can see that it is not root. Only /tmp and /data (accounts, sessions) must be writable.
USER 10001:10001
EXPOSE 5001
HEALTHCHECK --start-period=20s CMD ["python", "-m", "filesure_site.probe", "web"]
CMD ["python", "-m", "gunicorn", "--config", "python:filesure_site.gunicorn_conf"]
ARG VERSION=dev
ARG REVISION=unknown
ARG CREATED=unknown
ENV FILESURE_VERSION=$VERSION FILESURE_REVISION=$REVISION
LABEL org.opencontainers.image.title="Filesure web" \
      org.opencontainers.image.description="Orders filings and shows their progress." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION \
      org.opencontainers.image.created=$CREATED

FROM base AS worker
# For scans, which have no text layer. Files left by apt-get would make each build different.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends tesseract-ocr tesseract-ocr-eng tesseract-ocr-hin \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
COPY --from=build /app /app
# Numeric, as above. Only /tmp must be writable, and /data for BLOB_STORE=file.
USER 10001:10001
EXPOSE 9100
HEALTHCHECK --start-period=10s CMD ["python", "-m", "filesure_site.probe", "worker"]
ENTRYPOINT ["python", "manage.py"]
CMD ["process_job", "--help"]
ARG VERSION=dev
ARG REVISION=unknown
ARG CREATED=unknown
ENV FILESURE_VERSION=$VERSION FILESURE_REVISION=$REVISION
LABEL org.opencontainers.image.title="Filesure worker" \
      org.opencontainers.image.description="Downloads, reads and stores the filings of one job." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION \
      org.opencontainers.image.created=$CREATED
