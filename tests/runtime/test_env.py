import ast
import re
import stat
from pathlib import Path

import pytest

from config import embedded, env

COMPOSE_ONLY = {"POSTGRES_PASSWORD", "POSTGRES_SHARED_BUFFERS"}


def test_example_file_lists_exactly_the_variables_that_are_read():
    source = ast.parse((env.PROJECT / "config" / "env.py").read_text())
    read = {
        call.args[0].value
        for call in ast.walk(source)
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "").startswith("read_")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    example = (env.PROJECT / ".env.example").read_text()
    listed = re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)

    assert sorted(listed) == sorted(read | COMPOSE_ONLY)


def test_example_file_explains_each_variable():
    blocks = (env.PROJECT / ".env.example").read_text().strip().split("\n\n")

    for block in blocks[1:]:
        *comments, assignment = block.splitlines()
        assert re.match(r"[A-Z_]+=", assignment)
        assert comments
        assert all(line.startswith("# ") for line in comments)


def test_example_file_holds_the_defaults(monkeypatch):
    example = (env.PROJECT / ".env.example").read_text()
    pairs = re.findall(r"^([A-Z_]+)=(.*)$", example, re.MULTILINE)
    for name, _ in pairs:
        monkeypatch.delenv(name, raising=False)
    without = _answers()
    for name, value in pairs:
        monkeypatch.setenv(name, value)

    assert _answers() == without


def _answers():
    return [
        env.port(),
        env.data_folder(),
        env.demo(),
        env.database_url(),
        env.redis_url(),
        env.allowed_hosts(),
        env.trusted_origins(),
        env.debug(),
        env.time_zone(),
        env.currency(),
        env.is_worker(),
        env.mail_server(),
        env.from_email(),
        env.inside_ci(),
        env.browser_command(),
    ]


def test_only_env_reads_the_environment():
    for folder in ("common", "crm", "clv", "segments", "campaigns", "config"):
        for file in (env.PROJECT / folder).rglob("*.py"):
            if file != env.PROJECT / "config" / "env.py":
                assert "os.environ" not in file.read_text(), file


def test_urls_switch_the_embedded_servers_off(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@db/perennial")
    monkeypatch.setenv("REDIS_URL", "redis://redis:6379/0")

    assert env.database_url() == "postgresql://u:p@db/perennial"
    assert env.redis_url() == "redis://redis:6379/0"


def test_without_urls_they_lie_in_the_data_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("PERENNIAL_DATA", "/srv/x")

    assert env.external_database() is None
    assert env.database_url() == "postgresql://perennial@/perennial?host=" + str(
        embedded.paths(Path("/srv/x")).run
    )
    assert env.redis_url().startswith("redis+socket:///")


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("PERENNIAL_PORT", "80a", env.port),
        ("PERENNIAL_PORT", "0", env.port),
        ("PERENNIAL_PORT", "65536", env.port),
        ("PERENNIAL_DEMO", "maybe", env.demo),
        ("PERENNIAL_TIME_ZONE", "Europe/Atlantis", env.time_zone),
        ("PERENNIAL_TIME_ZONE", "../etc/passwd", env.time_zone),
        ("PERENNIAL_CURRENCY", "Euro", env.currency),
        ("EMAIL_URL", "http://host", env.mail_server),
        ("EMAIL_URL", "smtp://", env.mail_server),
        ("PERENNIAL_SECRET_KEY", "short", env.secret_key),
        ("PERENNIAL_SECRET_KEY", "django-insecure-" + "x" * 60, env.secret_key),
        ("PERENNIAL_SECRET_KEY", "change-me-" + "x" * 60, env.secret_key),
        ("PERENNIAL_SECRET_KEY", "", env.secret_key),
    ],
)
def test_bad_values_are_refused_by_name(monkeypatch, name, value, read):
    monkeypatch.setenv(name, value)

    with pytest.raises(env.BadVariableError, match=name):
        read()


def test_a_local_key_is_made_once_and_only_its_owner_reads_it(monkeypatch, tmp_path):
    monkeypatch.delenv("PERENNIAL_SECRET_KEY", raising=False)
    monkeypatch.setenv("PERENNIAL_DATA", str(tmp_path / "data"))

    first = env.local_secret_key()

    assert len(first) >= env.MIN_SECRET_LENGTH
    assert env.local_secret_key() == first
    file = tmp_path / "data" / "secret-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret-key"]


def test_mail_address_is_parsed(monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "smtp://crm%40firm:p%2Fw@mail.example:587?tls=1")

    server = env.mail_server()

    assert (server.host, server.port) == ("mail.example", 587)
    assert (server.user, server.password) == ("crm@firm", "p/w")
    assert server.use_tls
    assert not server.use_ssl


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://me:a%40b@db.example:6432/crm?sslmode=require",
            ("crm", "me", "a@b", "db.example", "6432", {"sslmode": "require"}),
        ),
        (
            "postgresql://perennial@/perennial?host=/srv/a%20b",
            ("perennial", "perennial", "", "/srv/a b", "", {}),
        ),
        ("postgres://h/n", ("n", "", "", "h", "", {})),
    ],
)
def test_database_address_becomes_django_settings(url, expected):
    entry = embedded.django_database(url)

    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
    assert tuple(entry[name] for name in names) == expected


@pytest.mark.parametrize("url", ["mysql://h/n", "postgresql://h/", ""])
def test_other_database_addresses_are_refused(url):
    with pytest.raises(embedded.EmbeddedError, match="DATABASE_URL"):
        embedded.django_database(url)
