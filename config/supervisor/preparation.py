"""What has to be in place before the product can answer."""

import errno
import hashlib
import socket
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.db import OperationalError, connection

from config import assets
from config.embedded import EmbeddedError

HOST = "127.0.0.1"


def refuse_taken_port(port: int) -> None:
    """Refuse a port in use: the web server itself would share it in silence."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason = f"Port {port} is already taken by another program."
            else:
                reason = f"Port {port} cannot be used: {error.strerror}."
            raise EmbeddedError(
                f"{reason} Set PERENNIAL_PORT to a free one, as in "
                f"`PERENNIAL_PORT={port + 1 if port < 65535 else 8001} make run`."  # noqa: PLR2004
            ) from error


def refuse_missing_packages() -> None:
    for problem in assets.check_packages():
        raise EmbeddedError(f"{problem.msg} {problem.hint}")


def migrate() -> None:
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        raise EmbeddedError(f"The database cannot be used: {error}") from error


def is_empty() -> bool:
    """Whether nobody has an account yet, which is what a new firm looks like."""
    return not get_user_model()._default_manager.exists()


def exists(command: str) -> bool:
    return command in get_commands()


def let_go() -> None:
    """Close the supervisor's own connection; it needs none while it watches."""
    connection.close()


def collect_static() -> None:
    """Copy the static files to where they are served from, if one has changed."""
    mark = Path(settings.STATIC_ROOT) / ".collected"
    state = _state_of_sources()
    if mark.exists() and mark.read_text(encoding="ascii") == state:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    mark.write_text(state, encoding="ascii")


def _state_of_sources() -> str:
    state = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            state.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return state.hexdigest()
