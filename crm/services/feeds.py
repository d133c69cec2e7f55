"""Calendar feeds: a secret address per person, made anew or withdrawn."""

import hashlib
import secrets

from django.db import transaction

from crm.models import CalendarFeed, User
from crm.services import audit

TOKEN_BYTES = 32


@transaction.atomic
def create_feed(*, actor: User) -> str:
    """Give the actor a new secret, which is told once; an older one ends."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    CalendarFeed.objects.update_or_create(
        user=actor, defaults={"token_hash": hash_of(token)}
    )
    audit.record(actor=actor, action="calendar_feed.created", subject=actor)
    return token


@transaction.atomic
def revoke_feed(*, actor: User) -> None:
    """End the actor's feed; without one nothing happens."""
    count, _ = CalendarFeed.objects.filter(user=actor).delete()
    if count:
        audit.record(actor=actor, action="calendar_feed.revoked", subject=actor)


def owner_of(token: str) -> User | None:
    """Return whose feed the secret opens, None if nobody's."""
    feeds = CalendarFeed.objects.filter(token_hash=hash_of(token), user__is_active=True)
    feed = feeds.select_related("user").first()
    return None if feed is None else feed.user


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
