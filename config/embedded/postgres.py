import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from config.embedded.binaries import postgres_programs
from config.embedded.errors import EmbeddedError
from config.embedded.folders import DATABASE_NAME, SUPERUSER, Paths, database_url
from config.embedded.identity import service_account
from config.embedded.memory import cache_setting
from config.embedded.process import Command, Server, spawn, tail

# The wheel has no ICU; the builtin provider gives full Unicode rules without it.
INITDB = (
    "--locale-provider=builtin",
    "--builtin-locale=PG_UNICODE_FAST",
    "--locale=C",
    "--encoding=UTF8",
    "--auth-local=trust",
    "--auth-host=reject",
    "--no-instructions",
    f"--username={SUPERUSER}",
)
DURABLE = {
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "client_connection_check_interval": "1s",
}
# For tests: nobody reads these data again after a crash. Nobody looks at how large the
# tables are either: between two tests they are empty, and what a test then stores is
# planned for as if there were no rows: a simulated year took two minutes and not 4 s.
FORGETFUL = {
    **DURABLE,
    "shared_buffers": "256MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


def start_postgres(
    where: Paths,
    *,
    settings: dict[str, str] = DURABLE,
    inherited: tuple[int, ...] = (),
) -> Server:
    """Start PostgreSQL, making its cluster and our database on the first start.

    Unless the settings say otherwise, its cache is as large as suits the machine.
    """
    programs = postgres_programs(where)
    if not (where.postgres / "PG_VERSION").exists():
        _make_cluster(where, programs)
    _refuse_other_version(where, programs)
    argv = [str(programs / "postgres"), "-D", str(where.postgres)]
    listening = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{where.run}"',
        "unix_socket_permissions": "0700",
    }
    cache = {"shared_buffers": cache_setting()}
    for name, value in {**listening, **cache, **settings}.items():
        argv += ["-c", f"{name}={value}"]
    server = Server(
        command=Command(
            name="PostgreSQL",
            argv=argv,
            log=where.log("postgres"),
            folder=where.servers,
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
            account=service_account(),
            inherited=inherited,
        ),
        is_ready=lambda: _answers(where),
    )
    server.start()
    _make_database(where)
    return server


def _make_cluster(where: Paths, programs: Path) -> None:
    log = where.log("postgres")
    # Built beside its place and renamed, so that an interrupted first start leaves no
    # half-made cluster behind.
    fresh = where.servers / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    _run(
        Command(
            name="initdb",
            argv=[str(programs / "initdb"), *INITDB, "-D", str(fresh)],
            log=log,
            folder=where.servers,
            account=service_account(),
        )
    )
    where.postgres.rmdir()
    fresh.rename(where.postgres)


def _run(command: Command) -> None:
    process = spawn(command)
    try:
        code = process.wait(timeout=120)
    except BaseException:
        process.kill()
        raise
    if code != 0:
        raise EmbeddedError(
            f"{command.name} failed. Its log {command.log} ends with:\n"
            f"{tail(command.log)}"
        )


def _refuse_other_version(where: Paths, programs: Path) -> None:
    have = (where.postgres / "PG_VERSION").read_text(encoding="ascii").strip()
    answer = subprocess.run(  # noqa: S603 - a program of the wheel
        [str(programs / "postgres"), "--version"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if have != answer.split()[-1].split(".")[0]:
        raise EmbeddedError(
            f"The data in {where.postgres} were written by PostgreSQL {have}, but "
            f"{answer.strip()} is installed. Dump them with the old release and "
            "restore them with this one."
        )


def _answers(where: Paths) -> bool:
    try:
        psycopg.connect(database_url(where.data, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_database(where: Paths) -> None:
    url = database_url(where.data, "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, [DATABASE_NAME]).fetchone() is None:
            connection.execute("CREATE DATABASE perennial")
