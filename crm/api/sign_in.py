"""Signing in to the API: who calls with a token, and when the token was last used."""

from typing import Any

from common.api import ApiToken
from crm.services import tokens


class NotedToken(ApiToken):
    """An API token whose use is noted, so that nobody keeps one that nothing uses."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        user, found = super().authenticate_credentials(token)
        tokens.note_use(token=found)
        return user, found
