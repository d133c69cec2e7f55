"""Ideal customer profiles: published version by version, never changed."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from clv.errors import NothingNewError, ProfileRefusedError
from clv.models import IdealProfile
from crm.choices import SizeBand
from crm.models import User
from crm.services import audit

LONGEST_NOTE = 200
MOST_INDUSTRIES = 200
_ADVISORY_LOCK = 0x49435031  # one version is published after the other


@transaction.atomic
def publish_profile(
    *,
    actor: User,
    industries: Sequence[str] = (),
    size_bands: Sequence[str] = (),
    least_worth: Decimal | None = None,
    note: str = "",
) -> IdealProfile:
    """Publish the next version; earlier ones stay as they are, with all that used them.

    Raises
    ------
    ProfileRefusedError
        If nothing is asked of a customer, or something that cannot be.
    NothingNewError
        If the newest version asks for just that.
    """
    asked: dict[str, Any] = {
        "industries": sorted(set(industries)),
        "size_bands": sorted(set(size_bands)),
        "least_worth": least_worth,
    }
    _check(asked["industries"], asked["size_bands"], least_worth)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
    newest = IdealProfile.objects.first()
    if newest and all(getattr(newest, name) == value for name, value in asked.items()):
        raise NothingNewError(f"{newest} asks for just that.")
    last = IdealProfile.objects.aggregate(last=Max("version"))["last"] or 0
    profile = IdealProfile.objects.create(
        version=last + 1, note=note[:LONGEST_NOTE], created_by=actor, **asked
    )
    audit.record(
        actor=actor,
        action="ideal_profile.published",
        version=profile.version,
        industries=profile.industries,
        size_bands=profile.size_bands,
        least_worth=None if least_worth is None else str(least_worth),
    )
    return profile


def _check(
    industries: Sequence[str], size_bands: Sequence[str], least_worth: Decimal | None
) -> None:
    if not industries and not size_bands and least_worth is None:
        raise ProfileRefusedError(
            "Name an industry, a size or a least worth: without, everybody would do."
        )
    if len(industries) > MOST_INDUSTRIES:
        raise ProfileRefusedError(
            f"At most {MOST_INDUSTRIES} industries.", field="industries"
        )
    known = set(SizeBand.values) - {SizeBand.UNKNOWN.value}
    if unknown := sorted(set(size_bands) - known):
        raise ProfileRefusedError(
            f"No size is called {unknown[0]}.", field="size_bands"
        )
    if least_worth is not None and not 0 < least_worth < Decimal(10) ** 12:
        raise ProfileRefusedError(
            "The least worth is above 0 and below a million millions.",
            field="least_worth",
        )
