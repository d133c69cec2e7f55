"""Watching processes, with small ones instead of the product's."""

import signal
import time

import pytest

from config.embedded import EmbeddedError
from config.embedded.process import LOG_LIMIT, Command, spawn
from config.supervisor import fleet as fleets
from tests.runtime.processes import await_


@pytest.fixture
def fleet():
    running = fleets.Fleet()
    yield running
    running.hurry = True
    running.stop()


def command(tmp_path, script, **more):
    return Command(
        name="part",
        argv=["sh", "-c", script],
        log=tmp_path / "part.log",
        folder=tmp_path,
        **more,
    )


def test_what_dies_starts_again_and_waits_longer_each_time(
    fleet, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(fleets, "FIRST_PAUSE", 0.1)
    watched = fleet.launch(command(tmp_path, "echo here; exit 3"))
    watched.pause = 0.1
    starts = tmp_path / "part.log"

    def look_until_started(times):
        fleet.look()
        return starts.read_text().count("here") >= times

    await_(lambda: look_until_started(3), 10)

    said = capsys.readouterr().out
    assert "part ended with code 3; it starts again in 0 s" in said
    assert watched.pause >= 0.4


def test_the_pause_has_an_end_and_a_steady_process_starts_afresh(fleet, tmp_path):
    watched = fleet.launch(command(tmp_path, "exit 0"))
    watched.process.wait()
    watched.pause = fleets.LONGEST_PAUSE
    watched.look()
    assert watched.pause == fleets.LONGEST_PAUSE

    watched.due = None
    watched.started = time.monotonic() - fleets.STEADY - 1
    watched.look()
    assert watched.pause == fleets.FIRST_PAUSE * 2


def test_what_does_not_listen_is_told_more_firmly(fleet, tmp_path, monkeypatch):
    monkeypatch.setattr(
        fleets, "PATIENCE", ((signal.SIGTERM, 0.3), (signal.SIGKILL, 5.0))
    )
    deaf = "trap '' TERM; echo deaf; while :; do sleep 0.1; done"
    watched = fleet.launch(command(tmp_path, deaf))
    await_(lambda: "deaf" in (tmp_path / "part.log").read_text(), 5)

    fleet.stop()

    assert watched.process.returncode == -signal.SIGKILL


def test_a_failed_command_shows_the_end_of_its_log(fleet, tmp_path):
    with pytest.raises(EmbeddedError, match="no such firm"):
        fleet.run(command(tmp_path, "echo no such firm >&2; exit 1"))

    assert fleet.services == []


def test_a_long_log_is_turned_over(tmp_path):
    log = tmp_path / "part.log"
    log.write_bytes(b"x" * (LOG_LIMIT + 1))

    spawn(command(tmp_path, "echo new")).wait()

    assert log.read_text() == "new\n"
    assert (tmp_path / "part.log.1").exists()
