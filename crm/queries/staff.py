"""Who works here, with what the list of people says of each."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count
from django.utils import timezone
from knox.models import AuthToken

from common.clock import business_today
from crm.choices import Role
from crm.models import Account, User
from crm.queries.rates import hourly_cost_of_row


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person with roles in words, accounts owned and tokens that still open."""

    user: User
    roles: Sequence[str]
    hourly_cost: Decimal
    account_count: int
    token_count: int
    last_seen_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One API token that still opens; without a name it was made by the command."""

    key: str
    name: str
    may_write: bool
    made_at: dt.datetime
    ends_at: dt.datetime
    used_at: dt.datetime | None  # None: never

    @property
    def begins_with(self) -> str:
        return self.key[:8]


def token_rows(user: User) -> list[TokenRow]:
    """Return the tokens of one person that still open, newest first (one query)."""
    rows = AuthToken.objects.filter(user=user, expiry__gt=timezone.now())
    rows = rows.order_by("-created", "pk")
    facts = rows.values_list(
        "token_key",
        "terms__name",
        "terms__may_write",
        "created",
        "expiry",
        "use__used_at",
    )
    return [
        TokenRow(key, name or "", may_write is not False, made_at, ends_at, used_at)
        for key, name, may_write, made_at, ends_at, used_at in facts
    ]


def person_rows() -> list[PersonRow]:
    """Return everybody, those who may sign in first, by name (four queries)."""
    people = User.objects.select_related("territory").prefetch_related("groups")
    people = people.annotate(rate_today=hourly_cost_of_row(business_today()))
    accounts = dict(
        Account.objects.active()
        .exclude(owner=None)
        .order_by()
        .values_list("owner_id")
        .annotate(count=Count("pk"))
    )
    tokens = dict(
        AuthToken.objects.filter(expiry__gt=timezone.now())
        .order_by()
        .values_list("user_id")
        .annotate(count=Count("pk"))
    )
    return [
        PersonRow(
            user=person,
            roles=_roles(person),
            hourly_cost=person.rate_today,
            account_count=accounts.get(person.pk, 0),
            token_count=tokens.get(person.pk, 0),
            last_seen_at=person.last_login,
        )
        for person in people.order_by("-is_active", "name", "pk")
    ]


def _roles(person: User) -> list[str]:
    held = {group.name for group in person.groups.all()}
    if person.is_superuser:
        held.add(Role.ADMINISTRATOR.value)
    return [role.label for role in Role if role.value in held]
