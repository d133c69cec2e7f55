"""Sealing what must be stored and used again, yet never be read: passwords of others.

The key follows from the installation's secret key, so a copy of the database alone
opens nothing. Who changes the secret key names the former one in
`SECRET_KEY_FALLBACKS`, or enters the passwords again.
"""

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.encoding import force_bytes

PURPOSE = b"perennial.sealing.1"


class BrokenSealError(Exception):
    """What was sealed under another key, or is not what was sealed."""


def seal(text: str) -> str:
    """Return `text` encrypted and signed."""
    return _box().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """Return what was sealed.

    Raises
    ------
    BrokenSealError
        If it was sealed under a key that this installation does not have.
    """
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise BrokenSealError("sealed under another key") from error


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = (hmac.digest(force_bytes(key), PURPOSE, "sha256") for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
