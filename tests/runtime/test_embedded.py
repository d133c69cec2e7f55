"""The embedded servers by themselves."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from config import embedded, env
from config.embedded import binaries, folders, identity
from tests.runtime.processes import await_, data_folder, left_of

PYTEST = (
    *(sys.executable, "-m", "pytest", "-q", "--noconftest"),
    *("-c", "pyproject.toml", "-p", "no:cacheprovider"),
)
AS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def where():
    with data_folder() as folder:
        places = embedded.paths(folder)
        embedded.prepare(places)
        yield places


def start_postgres(places):
    return embedded.start_postgres(places, settings=embedded.FORGETFUL)


def ask(places, question):
    with psycopg.connect(embedded.database_url(places.data)) as connection:
        return connection.execute(question).fetchone()[0]


def test_postgres_keeps_data_over_a_restart_and_knows_unicode(where):
    server = start_postgres(where)
    with psycopg.connect(embedded.database_url(where.data)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 'Éva' AS name")
    server.stop()
    server = start_postgres(where)
    try:
        assert ask(where, "SELECT count(*) FROM t WHERE name ILIKE 'éVA'") == 1
        assert ask(where, "SELECT casefold('Straße')") == "strasse"
        assert ask(where, "SHOW listen_addresses") == ""
        # What one test leaves must not say how another one is planned for.
        assert ask(where, "SHOW autovacuum") == "off"
    finally:
        server.stop()
    assert server.process.returncode == 0


def test_only_the_owner_gets_to_the_sockets(where):
    servers = [start_postgres(where), embedded.start_valkey(where, durable=False)]
    try:
        assert stat.S_IMODE(where.run.stat().st_mode) == 0o700
        assert stat.S_IMODE(where.data.stat().st_mode) & 0o007 == 0
        for name in (".s.PGSQL.5432", "valkey.sock"):
            assert stat.S_IMODE((where.run / name).stat().st_mode) & 0o077 == 0
    finally:
        for server in servers:
            server.stop()


def test_an_interrupted_first_start_is_no_obstacle(where):
    (where.servers / "postgres.new").mkdir()
    (where.servers / "postgres.new" / "half").write_text("x")

    start_postgres(where).stop()

    assert (where.postgres / "PG_VERSION").exists()
    assert not (where.servers / "postgres.new").exists()


def test_data_of_another_release_are_refused_with_a_sentence(where):
    (where.postgres / "PG_VERSION").write_text("12\n")

    with pytest.raises(embedded.EmbeddedError, match="written by PostgreSQL 12"):
        start_postgres(where)


def test_a_server_that_cannot_start_shows_its_log(where):
    with pytest.raises(embedded.EmbeddedError, match="no_such_setting"):
        embedded.start_postgres(where, settings={"no_such_setting": "1"})


def test_a_long_data_folder_gets_a_short_socket_folder(tmp_path):
    places = embedded.paths(tmp_path / ("x" * 120))

    assert len(str(places.run)) <= folders.MAX_RUN_FOLDER
    assert places.run != embedded.paths(tmp_path / ("y" * 120)).run
    assert str(places.run) in embedded.database_url(places.data)


def test_a_socket_folder_of_somebody_else_is_refused(where, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.rmtree(where.run)
    where.run.symlink_to(elsewhere)

    with pytest.raises(embedded.EmbeddedError, match="belongs to another user"):
        embedded.prepare(where)


def test_the_data_folder_has_one_owner_at_a_time(tmp_path):
    first, second = embedded.FolderLock(tmp_path), embedded.FolderLock(tmp_path)
    first.acquire()
    with pytest.raises(embedded.EmbeddedError, match="already running"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_left_over_children_are_awaited_and_then_named(tmp_path):
    owner, next_one = embedded.FolderLock(tmp_path), embedded.FolderLock(tmp_path)
    owner.acquire()
    child = subprocess.Popen(["sleep", "1"], pass_fds=[owner.children])
    owner.release()

    with pytest.raises(embedded.EmbeddedError, match="earlier start"):
        next_one.acquire(patience=0.2)
    next_one.acquire(patience=10)
    assert child.poll() is not None or child.wait(5) == 0
    next_one.release()


@only_linux
def test_a_server_ends_with_the_process_that_started_it(where):
    script = (
        "import os, sys, signal; from pathlib import Path; from config import embedded;"
        "where = embedded.paths(Path(sys.argv[1]));"
        "embedded.start_postgres(where, settings=embedded.FORGETFUL);"
        "embedded.start_valkey(where, durable=False);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(where.data)],
        cwd=env.PROJECT,
        check=False,
        timeout=60,
    )

    assert done.returncode == -signal.SIGKILL
    await_(lambda: left_of(where.data) == {}, 20)


BACKGROUND_START = """
import signal, sys, time
from pathlib import Path
from config.embedded.process import Command, spawn

# As a shell starts what it puts in the background.
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGQUIT, signal.SIG_IGN)
folder, number = Path(sys.argv[1]), signal.Signals(int(sys.argv[2]))
child = spawn(Command(
    name="child", argv=[sys.executable, "-c", "import time; time.sleep(600)"],
    log=folder / "child.log", folder=folder, orphan_signal=number,
))
print(child.pid, flush=True)
time.sleep(600)
"""


@only_linux
@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM], ids=lambda n: n.name
)
def test_a_child_without_handlers_yet_ends_with_a_parent_in_the_background(
    tmp_path, number
):
    with subprocess.Popen(
        [sys.executable, "-c", BACKGROUND_START, str(tmp_path), str(int(number))],
        cwd=env.PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        child = int(starter.stdout.readline())
        starter.kill()

    try:
        await_(lambda: child not in left_of(tmp_path), 10)
    finally:
        if child in left_of(tmp_path):
            os.kill(child, signal.SIGKILL)


@only_root
def test_root_gives_the_servers_an_account_of_their_own(where):
    account = identity.service_account()
    assert account is not None
    assert account.uid != 0
    server = start_postgres(where)
    try:
        assert Path(f"/proc/{server.process.pid}").stat().st_uid == account.uid
    finally:
        server.stop()


@only_root
def test_programs_out_of_reach_for_that_account_are_copied(where, monkeypatch):
    monkeypatch.setattr(binaries, "_usable", lambda _tree, _account: False)
    monkeypatch.setattr(identity.ServiceAccount, "may_read", lambda _self, _file: False)
    postgres = start_postgres(where)
    valkey = embedded.start_valkey(where, durable=False)
    try:
        for server in (postgres, valkey):
            program = Path(f"/proc/{server.process.pid}/exe").readlink()
            assert where.binaries in program.parents
    finally:
        valkey.stop()
        postgres.stop()


@only_root
def test_a_data_folder_out_of_reach_keeps_a_link_to_the_servers(monkeypatch, tmp_path):
    with data_folder() as store:
        store.chmod(0o711)
        monkeypatch.setattr(folders, "ROOT_STORE", store)
        tmp_path.chmod(0o700)
        folder = tmp_path / "data"
        places = embedded.paths(folder)
        embedded.prepare(places)

        assert places.servers.parent == store
        assert (folder / "servers").readlink() == places.servers
        # The link decides from now on, whatever happens to the rights.
        monkeypatch.setattr(folders, "ROOT_STORE", Path("/nowhere"))
        assert embedded.paths(folder) == places
        start_postgres(places).stop()


ORDINARY = """
import os, sys, tempfile
from pathlib import Path
from config import embedded
from config.embedded import folders, identity


def life(folder):
    where = embedded.paths(folder)
    embedded.prepare(where)
    postgres = embedded.start_postgres(where, settings=embedded.FORGETFUL)
    valkey = embedded.start_valkey(where, durable=False)
    print(os.geteuid(), Path(f"/proc/{postgres.process.pid}").stat().st_uid)
    valkey.stop()
    postgres.stop()


# Once as root, so that every module is loaded: the interpreter itself may lie where
# an ordinary user cannot read.
life(Path(sys.argv[1]))
os.setgroups([])
os.setgid(int(sys.argv[4]))
os.setuid(int(sys.argv[3]))
identity.service_account.cache_clear()
folders._reachable.cache_clear()
life(Path(sys.argv[2]))
"""


@only_root
@only_linux
def test_an_ordinary_user_can_run_them_too(where):
    nobody = pwd.getpwnam("nobody")
    account = identity.ServiceAccount(uid=nobody.pw_uid, gid=nobody.pw_gid)
    programs = binaries.postgres_programs(where)
    if not account.may_read(programs / "postgres"):
        pytest.skip(f"{programs} is out of reach for any ordinary user")
    with data_folder() as folder:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                ORDINARY,
                str(where.data),
                str(folder),
                str(nobody.pw_uid),
                str(nobody.pw_gid),
            ],
            cwd=env.PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-2:] == [str(nobody.pw_uid)] * 2


def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)

    with pytest.raises(embedded.EmbeddedError, match="belongs to another user"):
        embedded.make_data_folder(tmp_path)


@only_linux
def test_a_test_session_that_is_killed_is_swept_by_the_next(tmp_path):
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "PERENNIAL_DATA"}
        and not name.startswith("PYTEST")
    }
    test = tmp_path / "test_waits.py"
    test.write_text(
        "import os, time\n"
        "def test_waits():\n"
        f"    file = open({str(tmp_path / 'folder')!r}, 'w', buffering=1)\n"
        "    file.write(os.environ['PERENNIAL_DATA'] + '\\n')\n"
        "    time.sleep(60)\n"
    )
    session = subprocess.Popen(
        [*PYTEST, str(test)],
        cwd=env.PROJECT,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    told = tmp_path / "folder"
    await_(lambda: told.exists() and told.read_text() != "", 60)
    folder = Path(told.read_text().strip())
    session.send_signal(signal.SIGKILL)
    session.wait()
    await_(lambda: left_of(folder) == {}, 20)

    long_ago = time.time() - 3600
    os.utime(folder, (long_ago, long_ago))
    test.write_text("def test_nothing():\n    pass\n")
    subprocess.run(
        [*PYTEST, str(test)],
        cwd=env.PROJECT,
        env=variables,
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert not folder.exists()
