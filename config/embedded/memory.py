"""How much memory the embedded database takes for its cache."""

import os
from pathlib import Path

MEGABYTE = 1 << 20
LEAST_MB, MOST_MB = 256, 4096
SHARE = 8  # of the machine; the rest is for the system's own cache and for workers
# What a container may take, by the two ways in which the system tells it.
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def cache_setting() -> str:
    """Return the `shared_buffers` that suit this machine.

    A night reads the same tables several times. What does not fit is read from the
    system again and again; what is never used takes no memory.
    """
    return f"{cache_megabytes(memory_bytes())}MB"


def cache_megabytes(memory: int) -> int:
    """Return how many megabytes of so much memory are the cache's."""
    return min(max(memory // SHARE // MEGABYTE, LEAST_MB), MOST_MB)


def memory_bytes() -> int:
    """Return what the machine has or the container may take; 0 if it is not told."""
    found = [limit for limit in map(_limit, LIMITS) if limit]
    try:
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError):
        return 0
    return max(min(found), 0)


def _limit(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # not there, or "max"
        return None
