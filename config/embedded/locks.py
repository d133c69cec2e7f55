"""One owner per data folder, and none of an earlier owner's processes left."""

import fcntl
import os
import time
from pathlib import Path

from config.embedded.errors import EmbeddedError


class FolderLock:
    """Two locks on a data folder.

    The first belongs to the supervisor alone: while it is held, a second start is
    refused. The second is inherited by every child: after a hard kill of the supervisor
    it stays held until the last child is gone, so that two generations never overlap.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self._owner = -1
        self.children = -1

    def acquire(self, *, patience: float = 90.0) -> None:
        """Take both locks, or say why not.

        Raises
        ------
        EmbeddedError
            If another supervisor is at work, or its children do not end.
        """
        self._owner = self._open("up.lock")
        if not _try_lock(self._owner):
            self._close()
            raise EmbeddedError(
                f"Perennial is already running on the data folder {self.data}. "
                "Stop it first, or set PERENNIAL_DATA to another folder."
            )
        self.children = self._open("children.lock")
        deadline = time.monotonic() + patience
        while not _try_lock(self.children):
            if time.monotonic() > deadline:
                self._close()
                raise EmbeddedError(
                    f"Processes of an earlier start still use {self.data} and do not "
                    "end. Stop them, then try again."
                )
            time.sleep(0.1)

    def release(self) -> None:
        self._close()

    def _open(self, name: str) -> int:
        return os.open(self.data / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _close(self) -> None:
        for descriptor in (self.children, self._owner):
            if descriptor >= 0:
                os.close(descriptor)
        self.children = self._owner = -1


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
