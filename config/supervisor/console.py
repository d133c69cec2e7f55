import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SLOW = 2.0


def say(text: str) -> None:
    """Print a line at once, also when the output is not a terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def step(doing: str) -> Iterator[None]:
    """Tell about a step if it takes long: that it runs, and how long it took."""
    started = time.monotonic()
    announcement = threading.Timer(SLOW, say, [f"{doing} ..."])
    announcement.daemon = True
    announcement.start()
    try:
        yield
    finally:
        announcement.cancel()
    seconds = time.monotonic() - started
    if seconds > SLOW:
        say(f"{doing}: {seconds:.1f} s")
