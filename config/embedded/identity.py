"""PostgreSQL refuses to run as root: root gives the servers an account of their own."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SERVICE_NAME = "perennial"


@dataclass(frozen=True)
class ServiceAccount:
    """The unprivileged user that owns the servers when root starts them."""

    uid: int
    gid: int

    def may_enter(self, folder: Path) -> bool:
        """Whether the account gets through a folder and each one above it."""
        return all(self._allows(part, 0o1) for part in (folder, *folder.parents))

    def may_read(self, file: Path) -> bool:
        return self.may_enter(file.parent) and self._allows(file, 0o4)

    def _allows(self, path: Path, right: int) -> bool:
        status = path.stat()
        mode = stat.S_IMODE(status.st_mode)
        if status.st_uid == self.uid:
            return bool(mode & right << 6)
        if status.st_gid == self.gid:
            return bool(mode & right << 3)
        return bool(mode & right)


@lru_cache(maxsize=1)
def service_account() -> ServiceAccount | None:
    """Return the servers' own account, made once if need be; None unless root."""
    if os.geteuid() != 0:
        return None
    entry = _find(SERVICE_NAME) or _create() or _find("nobody")
    if entry is None:
        return None
    return ServiceAccount(uid=entry.pw_uid, gid=entry.pw_gid)


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create() -> pwd.struct_passwd | None:
    commands = (
        ["useradd", "--system", "--user-group", "--no-create-home"],
        ["adduser", "-S", "-H", "-D"],  # BusyBox
    )
    for command in commands:
        program = shutil.which(command[0])
        if program is None:
            continue
        subprocess.run(  # noqa: S603 - fixed words, found on PATH
            [program, *command[1:], SERVICE_NAME],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if entry := _find(SERVICE_NAME):
            return entry
    return None
