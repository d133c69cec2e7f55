"""Tests: real PostgreSQL and Redis, cheap password hashes, no mail leaves."""

from config.settings.base import *  # noqa: F403
from config.settings.base import CELERY_BROKER_TRANSPORT_OPTIONS, STORAGES

DEBUG = False
SECRET_KEY = "tests-only-and-never-served-to-anybody"  # noqa: S105
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # A test that is about kept answers takes a store of its own.
    "answers": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ACCOUNT_RATE_LIMITS = False
# Nothing was collected, so static files are looked for when they are asked for.
WHITENOISE_AUTOREFRESH = True
# Without an address for uploads the server of browser tests takes every address for one
# and answers with a file of the project, if one is called so.
MEDIA_URL = "/uploads/"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **CELERY_BROKER_TRANSPORT_OPTIONS,
    "visibility_timeout": 60,
}
