"""Keep the garbage collector from looking through what stays for good.

A full collection looks at every object that is there. Of a web process that is the
program itself and its templates, 300,000 objects: up to half a second in which nobody
is answered. They are put aside, after which a full collection takes some milliseconds.
"""

import gc
from collections.abc import Mapping
from typing import Any

from django.urls import get_resolver

FULL = 2  # the oldest generation
WARMING_COLLECTIONS = 12  # templates and the like come with the first requests


def put_aside() -> None:
    """Put aside what is loaded, and what the first full collections leave."""
    _ = get_resolver().url_patterns  # views, and with them almost all of the program
    gc.collect()
    gc.freeze()
    gc.callbacks.append(_Warming())


class _Warming:
    """Puts aside what a full collection has left, until the process is warm."""

    def __init__(self) -> None:
        self.left = WARMING_COLLECTIONS

    def __call__(self, phase: str, about: Mapping[str, Any]) -> None:
        if phase != "stop" or about["generation"] != FULL or not self.left:
            return
        self.left -= 1
        gc.freeze()
