"""How much of the machine the embedded database takes for its cache."""

import os

import psycopg
import pytest

from config import embedded
from config.embedded import memory
from tests.runtime.processes import data_folder

GIGABYTE = 1 << 30


@pytest.mark.parametrize(
    ("gigabytes", "megabytes"),
    [(0, 256), (1, 256), (2, 256), (4, 512), (24, 3072), (32, 4096), (256, 4096)],
)
def test_an_eighth_of_the_memory_within_limits(gigabytes, megabytes):
    assert memory.cache_megabytes(gigabytes * GIGABYTE) == megabytes


def test_a_container_has_what_it_may_take(tmp_path, monkeypatch):
    limit, unlimited = tmp_path / "limit", tmp_path / "unlimited"
    limit.write_text(f"{GIGABYTE // 2}\n")
    unlimited.write_text("max\n")
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

    monkeypatch.setattr(memory, "LIMITS", (tmp_path / "missing", unlimited))
    assert memory.memory_bytes() == machine
    monkeypatch.setattr(memory, "LIMITS", (unlimited, limit))
    assert memory.memory_bytes() == GIGABYTE // 2
    assert memory.cache_setting() == "256MB"


def test_a_machine_that_does_not_tell_gets_the_least(monkeypatch):
    def unknown(name):
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(memory.os, "sysconf", unknown)

    assert memory.memory_bytes() == 0
    assert memory.cache_setting() == "256MB"


def test_the_server_takes_it_unless_told_otherwise(monkeypatch):
    monkeypatch.setattr(memory, "memory_bytes", lambda: 5 * GIGABYTE)
    with data_folder() as folder:
        where = embedded.paths(folder)
        embedded.prepare(where)
        for settings, expected in (
            (embedded.DURABLE, "640MB"),
            (embedded.FORGETFUL, "256MB"),
        ):
            server = embedded.start_postgres(where, settings=settings)
            try:
                with psycopg.connect(embedded.database_url(where.data)) as connection:
                    shown = connection.execute("SHOW shared_buffers").fetchone()
            finally:
                server.stop()
            assert shown == (expected,)
