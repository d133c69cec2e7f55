"""Whom each version of the ideal customer profile finds among prospects."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum

from clv.models import IdealProfile, ValuationRun
from clv.queries.prospects import ProspectFilter, ProspectList
from crm.models import User

SHOWN = 50  # versions that are counted; older ones are in lists that name them


@dataclass(frozen=True, slots=True)
class Found:
    """One version, and the prospects that somebody sees who fit it now.

    `gain` is what pursuing all of them is expected to bring, by customers like them.
    """

    profile: IdealProfile
    count: int
    gain: Decimal


def found_by(profile: IdealProfile, user: User) -> Found:
    wanted = ProspectFilter(profile=profile)
    run = ValuationRun.objects.current()
    values = ProspectList(user=user, run=run, wanted=wanted).values().order_by()
    sums = values.aggregate(n=Count("account_id"), gain=Sum("like__rank"))
    return Found(profile, sums["n"], sums["gain"] or Decimal(0))


def profiles_for(user: User) -> Sequence[Found]:
    """Return the versions, newest first, with whom each finds."""
    profiles = IdealProfile.objects.select_related("created_by")[:SHOWN]
    return [found_by(profile, user) for profile in profiles]
