"""One machine, embedded servers, no TLS: what `make run` uses."""

from config import env
from config.settings.base import *  # noqa: F403

DEBUG = env.debug()
SECRET_KEY = env.local_secret_key()
