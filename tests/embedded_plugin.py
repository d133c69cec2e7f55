"""A private PostgreSQL and Valkey for each test session.

Loaded by pytest with `-p`, before Django reads its settings. Servers of one's own are
used instead when DATABASE_URL and REDIS_URL are set. With xdist the controller starts
them and the workers find the addresses in the environment they inherit.

Nothing stays behind: the servers die with the session, even after a hard kill, and the
next session removes a folder that a killed one has left.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from config import embedded

PREFIX = "perennial-test-"
YOUNG = 60.0


class Session:
    """The servers of this process; the workers of xdist have none."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.lock: embedded.FolderLock | None = None
        self.servers: list[embedded.Server] = []

    def start(self) -> None:
        wanted = [
            name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)
        ]
        if not wanted:
            return
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.lock = embedded.FolderLock(self.folder)
        self.lock.acquire()
        os.environ["PERENNIAL_DATA"] = str(self.folder)
        where = embedded.paths(self.folder)
        embedded.prepare(where)
        held = (self.lock.children,)
        if "DATABASE_URL" in wanted:
            self.servers.append(
                embedded.start_postgres(
                    where, settings=embedded.FORGETFUL, inherited=held
                )
            )
            os.environ["DATABASE_URL"] = embedded.database_url(self.folder)
        if "REDIS_URL" in wanted:
            self.servers.append(
                embedded.start_valkey(where, durable=False, inherited=held)
            )
            os.environ["REDIS_URL"] = embedded.redis_url(self.folder)

    def stop(self) -> None:
        for server in reversed(self.servers):
            server.stop()
        self.servers.clear()
        if self.lock is not None:
            self.lock.release()
        if self.folder is not None:
            _remove(self.folder)
        self.lock = self.folder = None


_session = Session()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    # A wrapper runs before pytest-django's own hook, which imports the settings.
    try:
        if not early_config.known_args_namespace.collectonly:
            _session.start()
    except BaseException:
        _session.stop()
        raise
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _session.stop()


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        status = folder.stat()
        # A very young one may belong to a session that has not locked it yet.
        if status.st_uid != os.geteuid() or time.time() - status.st_mtime < YOUNG:
            continue
        lock = embedded.FolderLock(folder)
        try:
            lock.acquire(patience=0)
        except embedded.EmbeddedError:
            continue
        _remove(folder)
        lock.release()


def _remove(folder: Path) -> None:
    where = embedded.paths(folder)
    for path in (where.run, where.servers, folder):
        shutil.rmtree(path, ignore_errors=True)
