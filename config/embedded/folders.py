"""Where the embedded servers keep their files and sockets."""

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from config.embedded.errors import EmbeddedError
from config.embedded.identity import ServiceAccount, service_account

# A socket's address ends at 107 bytes; the longest name in the folder is PostgreSQL's.
MAX_RUN_FOLDER = 85
ROOT_STORE = Path("/var/lib/perennial")
SHORT_STORE = Path("/tmp")  # noqa: S108 - the folder in it is checked before use
DATABASE_NAME = "perennial"
SUPERUSER = "perennial"


@dataclass(frozen=True)
class Paths:
    """The files of one installation; everything hangs below one data folder."""

    data: Path
    servers: Path
    run: Path

    @property
    def postgres(self) -> Path:
        return self.servers / "postgres"

    @property
    def valkey(self) -> Path:
        return self.servers / "valkey"

    @property
    def binaries(self) -> Path:
        return self.servers / "binaries"

    @property
    def valkey_socket(self) -> Path:
        return self.run / "valkey.sock"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def paths(data_folder: Path) -> Paths:
    """Return where things are or will be; nothing is made."""
    data = data_folder.absolute()
    servers = _servers_folder(data)
    run = servers / "run"
    if len(os.fsencode(run)) > MAX_RUN_FOLDER:
        run = SHORT_STORE / f"perennial-{os.geteuid()}-{_digest(data)}"
    return Paths(data=data, servers=servers, run=run)


def database_url(data_folder: Path, name: str = DATABASE_NAME) -> str:
    run = quote(str(paths(data_folder).run), safe="/")
    return f"postgresql://{SUPERUSER}@/{name}?host={run}"


def redis_url(data_folder: Path) -> str:
    socket = quote(str(paths(data_folder).valkey_socket), safe="/")
    return f"redis+socket://{socket}"


def make_data_folder(data_folder: Path) -> Path:
    """Make the folder if need be; only its owner may use it."""
    try:
        data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"The data folder {data_folder} cannot be made: {error.strerror}."
        ) from error
    owner = data_folder.stat().st_uid
    if owner != os.geteuid():
        raise EmbeddedError(
            f"The data folder {data_folder} belongs to another user (id {owner}). "
            "Start as that user, or set PERENNIAL_DATA to a folder of your own."
        )
    return data_folder


def prepare(where: Paths) -> None:
    """Make the folders with the rights that the servers need, and no more."""
    make_data_folder(where.data)
    where.logs.mkdir(mode=0o700, exist_ok=True)
    account = service_account()
    if account is not None:
        # The servers' account passes through, and can neither list nor read.
        os.chown(where.data, 0, account.gid)
        where.data.chmod(0o710)
    inside = where.servers.parent == where.data
    if not inside:
        ROOT_STORE.mkdir(mode=0o711, parents=True, exist_ok=True)
    where.servers.mkdir(mode=0o700, exist_ok=True)
    _give(where.servers, account)
    if not inside and not _link(where.data).is_symlink():
        _link(where.data).symlink_to(where.servers)
    where.run.mkdir(mode=0o700, exist_ok=True)
    _refuse_foreign(where.run, account)
    _give(where.run, account)
    for folder in (where.postgres, where.valkey):
        folder.mkdir(mode=0o700, exist_ok=True)
        _give(folder, account)


def _link(data: Path) -> Path:
    return data / "servers"


def _servers_folder(data: Path) -> Path:
    """Return the servers' folder: inside the data folder if they can get there.

    Below root's own home they cannot. Then their files live in a system folder, and a
    link in the data folder says where, so that later changes of rights move nothing.
    """
    link = _link(data)
    if link.is_symlink():
        return link.readlink()
    if link.exists() or _reachable(data.parent):
        return link
    return ROOT_STORE / _digest(data)


@lru_cache(maxsize=8)
def _reachable(folder: Path) -> bool:
    account = service_account()
    if account is None:
        return True
    while not folder.exists():
        folder = folder.parent
    return account.may_enter(folder.resolve())


def _give(folder: Path, account: ServiceAccount | None) -> None:
    """Hand a folder to the servers' account, with all in it if that has changed."""
    if account is None or folder.stat().st_uid == account.uid:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(
                Path(parent, name), account.uid, account.gid, follow_symlinks=False
            )
    os.chown(folder, account.uid, account.gid)


def _refuse_foreign(run: Path, account: ServiceAccount | None) -> None:
    """Refuse a socket folder that somebody else has put into a shared place."""
    ours = {os.geteuid()} | ({account.uid} if account else set())
    if run.is_symlink() or run.stat().st_uid not in ours:
        raise EmbeddedError(f"The socket folder {run} belongs to another user.")
    run.chmod(0o700)


def _digest(data: Path) -> str:
    return hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
