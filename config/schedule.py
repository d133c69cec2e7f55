"""When things happen, and what one night consists of."""

from typing import Any

BEAT: dict[str, Any] = {}
