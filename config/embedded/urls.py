from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from config.embedded.errors import EmbeddedError


def django_database(url: str) -> dict[str, Any]:
    """Turn a PostgreSQL address into an entry for Django's DATABASES.

    A Unix socket is written as `postgresql://user@/name?host=/folder`; any other query
    parameter of libpq (`sslmode=require`) is handed on as an option.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise EmbeddedError("DATABASE_URL must start with postgresql://.")
    query = dict(parse_qsl(parts.query))
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise EmbeddedError("DATABASE_URL must name a database.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or query.pop("password", "")),
        "HOST": query.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": query.pop("port", "") or str(parts.port or ""),
        "OPTIONS": query,
    }
