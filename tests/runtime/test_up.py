"""The one command, started, refused, killed and stopped as people do it."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.runtime.processes import Product, await_, data_folder, left_of, product

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


@pytest.fixture(scope="module")
def folder():
    """One for the tests of this module: only the first start has to migrate."""
    with data_folder() as made:
        yield made


@pytest.fixture
def empty_folder():
    with data_folder() as made:
        yield made


def test_it_starts_refuses_a_second_start_restarts_what_dies_and_stops_in_order(folder):
    with product(folder) as first:
        first.await_ready()
        assert first.said().count("Perennial is ready: ") == 1
        assert f"Perennial is ready: http://127.0.0.1:{first.port}\n" in first.said()
        assert first.get("/readyz") == 200

        second = Product(first.folder.with_name("unused"), first.port)
        second.folder = first.folder
        second.start()
        try:
            assert second.ended() == 1
            assert "already running on the data folder" in second.said()
        finally:
            second.close()

        beat = first.find("celery -A config.celery beat")
        os.kill(beat, signal.SIGKILL)
        await_(lambda: first.find("config.celery beat") not in {None, beat}, 20)
        assert "beat ended with code -9" in first.said()

        first.process.send_signal(signal.SIGINT)
        assert first.ended() == 0
        assert first.said().endswith("Stopping ...\nStopped.\n")
        assert left_of(first.folder) == {}


def test_a_hard_kill_leaves_nothing_and_the_next_start_is_clean(folder):
    with product(folder) as running:
        running.await_ready()
        running.process.send_signal(signal.SIGKILL)
        running.ended()

        # At once: the new start itself waits until the old processes are gone.
        running.start().await_ready()
        assert running.get("/readyz") == 200
        running.process.send_signal(signal.SIGKILL)
        running.ended()
        await_(lambda: left_of(running.folder) == {}, 30)


def test_a_taken_port_is_named_and_nothing_is_started(empty_folder):
    with socket.socket() as other, product(empty_folder) as running:
        running.process.kill()
        running.ended()
        other.bind(("127.0.0.1", 0))
        other.listen()
        running.port = other.getsockname()[1]
        running.start()

        assert running.ended() == 1
        assert f"Port {running.port} is already taken" in running.said()
        assert "PERENNIAL_PORT" in running.said()
        assert not (running.folder / "servers").exists()


def test_a_bad_variable_is_named_without_a_traceback():
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        env={**os.environ, "PERENNIAL_PORT": "many"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert "PERENNIAL_PORT must be a whole number" in done.stderr
