"""API tokens: made once, shown once, ended at any time."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone
from knox.models import AuthToken

from crm.errors import CannotSaveUserError
from crm.models import TokenTerms, TokenUse, User
from crm.services import audit

LONGEST_NAME = 100
MOST_DAYS = 3650
NOTED_EVERY = dt.timedelta(minutes=1)  # a use within it changes nothing
MOST_TOKENS = 20  # of one person; what nobody needs any more is ended first


@transaction.atomic
def create_token(
    *, user: User, lifetime: dt.timedelta, actor: User | None = None
) -> str:
    """Make an API token that acts as `user`; only its hash is kept.

    Raises
    ------
    CannotSaveUserError
        If the person was deactivated.
    """
    return _create(user, lifetime, actor=actor)[1]


@transaction.atomic
def create_own_token(*, actor: User, name: str, may_write: bool, days: int) -> str:
    """Make a token that acts as the actor, under a name to know it by.

    Raises
    ------
    CannotSaveUserError
        If it has no name or one that is taken, opens for too long, or is one too many.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise CannotSaveUserError("A name has from 1 to 100 letters.", field="name")
    if not 1 <= days <= MOST_DAYS:
        raise CannotSaveUserError(f"Choose from 1 to {MOST_DAYS} days.", field="days")
    User.objects.select_for_update().get(pk=actor.pk)
    mine = AuthToken.objects.filter(user=actor)
    if mine.filter(terms__name__iexact=name).exists():
        raise CannotSaveUserError("You have a token of this name.", field="name")
    if mine.count() >= MOST_TOKENS:
        raise CannotSaveUserError(
            f"You have {MOST_TOKENS} tokens. End one that nothing uses any more.",
            field="name",
        )
    made, token = _create(actor, dt.timedelta(days=days), actor=actor)
    TokenTerms.objects.create(token=made, name=name, may_write=may_write)
    return token


@transaction.atomic
def end_token(*, actor: User, token: AuthToken) -> None:
    """End one of the actor's tokens at once; what calls with it is refused from now."""
    terms = TokenTerms.objects.filter(token=token).first()
    audit.record(
        actor=actor,
        action="user.token_ended",
        subject=actor,
        name=terms.name if terms else "",
    )
    token.delete()


def note_use(*, token: AuthToken, now: dt.datetime | None = None) -> None:
    """Note that a token was used; written at most once a minute for each token."""
    now = now or timezone.now()
    noted = TokenUse.objects.filter(token=token)
    used_at = noted.values_list("used_at", flat=True).first()
    if used_at is None:
        _note_first_use(token, now)
    elif now - used_at >= NOTED_EVERY:
        noted.filter(used_at=used_at).update(used_at=now)


def _note_first_use(token: AuthToken, now: dt.datetime) -> None:
    use = TokenUse(token=token, used_at=now)
    try:
        with transaction.atomic():
            TokenUse.objects.bulk_create([use], ignore_conflicts=True)
    except IntegrityError:  # the token was ended at the same moment
        return


def _create(
    user: User, lifetime: dt.timedelta, *, actor: User | None
) -> tuple[AuthToken, str]:
    if not user.is_active:
        raise CannotSaveUserError("This person was deactivated.")
    made, token = AuthToken.objects.create(user=user, expiry=lifetime)
    audit.record(
        actor=actor,
        action="user.token_created",
        subject=user,
        expires_at=made.expiry.isoformat(),
    )
    return made, str(token)
