"""What a web process loads once is put aside before the garbage collector."""

import gc

import pytest

from config import collecting


@pytest.fixture
def collector():
    # One that has served pages before puts aside by itself, as importing `wsgi` does.
    callbacks = list(gc.callbacks)
    gc.callbacks.clear()
    yield
    gc.callbacks[:] = callbacks
    gc.unfreeze()


def test_what_is_loaded_and_what_warms_up_is_put_aside(collector, monkeypatch):
    monkeypatch.setattr(collecting, "WARMING_COLLECTIONS", 1)
    collecting.put_aside()
    loaded = gc.get_freeze_count()
    assert loaded > 50_000

    template = [[] for _ in range(1000)]
    gc.collect()
    warm = gc.get_freeze_count()
    assert warm >= loaded + len(template)

    later = [[] for _ in range(1000)]
    gc.collect()
    assert gc.get_freeze_count() == warm
    assert later
