"""The environment, read in one place and typed.

Nothing else in the project looks at `os.environ`. Each variable stands in
`.env.example` with a line of explanation; a test compares the two.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config import embedded

PROJECT = Path(__file__).resolve().parents[1]
MIN_SECRET_LENGTH = 40
WEAK_SECRETS = ("change-me", "changeme", "django-insecure", "secret", "example")

# The engines work on long vectors and small matrices. There the threads of a linear
# algebra library win nothing, and while they wait for each other they keep the cores
# from other processes: on a busy machine a night took many times as long. The library
# reads this when numpy is first imported; settings, which all begin with, import this.
for _library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")


class BadVariableError(Exception):
    """An environment variable is missing or holds what it must not."""


# -- Reading one variable --------------------------------------------------------------


def read_str(name: str, *, default: str | None = None) -> str:
    """Return a variable; without a default it must be there and not be empty.

    An empty value counts as not given, since compose files pass unset variables on
    as empty ones.
    """
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise BadVariableError(f"{name} must be set; .env.example explains it.")
    return value


def read_bool(name: str, *, default: bool) -> bool:
    value = read_str(name, default="1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise BadVariableError(f"{name} must be 1 or 0, got {value!r}.")


def read_int(name: str, *, default: int, least: int, most: int) -> int:
    value = read_str(name, default=str(default))
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise BadVariableError(
            f"{name} must be a whole number from {least} to {most}, got {value!r}."
        )
    return int(value)


def read_path(name: str, *, default: Path) -> Path:
    return Path(read_str(name, default=str(default))).expanduser().absolute()


def read_list(name: str, *, default: str) -> list[str]:
    parts = (part.strip() for part in read_str(name, default=default).split(","))
    return [part for part in parts if part]


# -- Where things are ------------------------------------------------------------------


def port() -> int:
    return read_int("PERENNIAL_PORT", default=8000, least=1, most=65535)


def data_folder() -> Path:
    return read_path("PERENNIAL_DATA", default=PROJECT / ".data")


def demo() -> bool:
    return read_bool("PERENNIAL_DEMO", default=True)


def external_database() -> str | None:
    """Return the configured database, or None when the embedded one serves."""
    return read_str("DATABASE_URL", default="") or None


def external_redis() -> str | None:
    return read_str("REDIS_URL", default="") or None


def database_url() -> str:
    return external_database() or embedded.database_url(data_folder())


def redis_url() -> str:
    return external_redis() or embedded.redis_url(data_folder())


def is_worker() -> bool:
    """Whether this process may run long statements: all but a web process may."""
    return read_str("PERENNIAL_PROCESS", default="command") != "web"


def child_environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with changes, for a process it starts."""
    return {**os.environ, **changes}


def inside_ci() -> bool:
    return read_str("CI", default="").lower() not in {"", "0", "false"}


def browser_command() -> str | None:
    return read_str("CHROMIUM", default="") or None


# -- Security --------------------------------------------------------------------------


def debug() -> bool:
    return read_bool("PERENNIAL_DEBUG", default=False)


def secret_key() -> str:
    """Return the configured key; refuse one that somebody could guess."""
    key = read_str("PERENNIAL_SECRET_KEY")
    if len(key) < MIN_SECRET_LENGTH or key.lower().startswith(WEAK_SECRETS):
        raise BadVariableError(
            f"PERENNIAL_SECRET_KEY must be random and have {MIN_SECRET_LENGTH} "
            "characters or more; .env.example shows how to make one."
        )
    return key


def local_secret_key() -> str:
    """Return the configured key, or one made once and kept in the data folder."""
    if read_str("PERENNIAL_SECRET_KEY", default=""):
        return secret_key()
    return _stored_secret(embedded.make_data_folder(data_folder()) / "secret-key")


def _stored_secret(file: Path) -> str:
    if not file.exists():
        fresh = file.with_name(f".{file.name}-{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48), encoding="ascii")
        try:
            # Two processes may start at once: the first one's key stays, unchanged.
            file.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return file.read_text(encoding="ascii").strip()


def allowed_hosts() -> list[str]:
    return read_list("PERENNIAL_ALLOWED_HOSTS", default="127.0.0.1,localhost,[::1]")


def trusted_origins() -> list[str]:
    return read_list("PERENNIAL_TRUSTED_ORIGINS", default="")


def webhook_inside_hosts() -> list[str]:
    """Return hosts of the own network that automations may call, as host:port."""
    return read_list("PERENNIAL_WEBHOOK_INSIDE_HOSTS", default="")


def api_calls_a_minute() -> int:
    """Return how often one token may call in a minute."""
    return read_int(
        "PERENNIAL_API_CALLS_A_MINUTE", default=600, least=1, most=1_000_000
    )


def capture_inside_hosts() -> list[str]:
    """Return mail servers and calendars of the own network, as host:port."""
    return read_list("PERENNIAL_CAPTURE_INSIDE_HOSTS", default="")


# -- The company -----------------------------------------------------------------------


def time_zone() -> str:
    """Return the company's zone, which decides where a business day ends."""
    name = read_str("PERENNIAL_TIME_ZONE", default="Europe/Berlin")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadVariableError(
            f"PERENNIAL_TIME_ZONE must be a name such as Europe/Berlin, got {name!r}."
        ) from error
    return name


def currency() -> str:
    code = read_str("PERENNIAL_CURRENCY", default="EUR").upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():  # noqa: PLR2004
        raise BadVariableError(
            f"PERENNIAL_CURRENCY must be a code such as EUR, got {code!r}."
        )
    return code


# -- Mail ------------------------------------------------------------------------------


@dataclass(frozen=True)
class MailServer:
    """An outgoing mail server, as `EMAIL_URL` names it."""

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False


_MAIL_BACKENDS = {"smtp": 25, "smtps": 465, "console": 0, "null": 0}


def mail_server() -> MailServer:
    """Parse `EMAIL_URL`: smtp://user:password@host:port?tls=1, smtps:// or console://."""
    url = urlsplit(read_str("EMAIL_URL", default="console://"))
    if url.scheme not in _MAIL_BACKENDS:
        raise BadVariableError(
            "EMAIL_URL must start with smtp://, smtps://, console:// or null://."
        )
    if not url.scheme.startswith("smtp"):
        name = "dummy" if url.scheme == "null" else "console"
        return MailServer(backend=f"django.core.mail.backends.{name}.EmailBackend")
    if not url.hostname:
        raise BadVariableError("EMAIL_URL must name a host, as in smtp://host:25.")
    return MailServer(
        backend="django.core.mail.backends.smtp.EmailBackend",
        host=url.hostname,
        port=url.port or _MAIL_BACKENDS[url.scheme],
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        use_tls=parse_qs(url.query).get("tls", ["0"])[-1] == "1",
        use_ssl=url.scheme == "smtps",
    )


def email_backend() -> str:
    return mail_server().backend


def email_host() -> str:
    return mail_server().host


def email_port() -> int:
    return mail_server().port


def mails_per_hour() -> int:
    return read_int("MAILS_PER_HOUR", default=1000, least=0, most=1_000_000)


def from_email() -> str:
    return read_str("EMAIL_FROM", default="Perennial <perennial@localhost>")
