"""How often one API token may call: a program gone wild must not slow everybody."""

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import caches
from knox.models import AuthToken
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from common.kept import ANSWERS

if TYPE_CHECKING:  # rest_framework.views itself imports this module
    from rest_framework.views import APIView

WINDOW_SECONDS = 60


class PerToken(BaseThrottle):
    """Counts the calls of each token by the minute; people who are signed in are not.

    Where the store does not answer nobody is counted: the API works without it.
    """

    def allow_request(self, request: Request, view: "APIView") -> bool:
        token = request.auth
        if not isinstance(token, AuthToken):
            return True
        window = int(time.time() // WINDOW_SECONDS)
        calls = _counted(f"calls:{token.pk[:32]}:{window}")
        return calls <= int(settings.API_CALLS_A_MINUTE)

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS


def _counted(key: str) -> int:
    store = caches[ANSWERS]
    try:
        store.add(key, 0, timeout=2 * WINDOW_SECONDS)
        return int(store.incr(key))
    except Exception:  # noqa: BLE001  whatever ails the store, the call is answered
        return 0
