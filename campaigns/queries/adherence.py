"""How much of what plans ask for is done, and what the night found about accounts."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Max

from campaigns.choices import AlertKind, TouchStatus
from campaigns.models import Alert, PlannedTouch
from common.kept import kept_count
from segments.choices import WorthClass
from segments.queries.scope import Scope

ADHERENCE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Adherence:
    """Touches of a class's plan that fell due lately, without those cancelled."""

    due: int
    done: int

    @property
    def share(self) -> float | None:
        return self.done / self.due if self.due else None


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """The open alerts of one kind in scope."""

    kind: AlertKind
    accounts: int
    newest_on: dt.date
    url: str


def adherence_of(worth_class: WorthClass, *, today: dt.date) -> Adherence:
    """Return how many touches of the last 90 days were done, of all that fell due."""
    fell_due = PlannedTouch.objects.filter(
        template__version__plan__worth_class=worth_class,
        due_on__gte=today - dt.timedelta(days=ADHERENCE_DAYS),
        due_on__lt=today,
    ).exclude(status=TouchStatus.CANCELLED)
    done = fell_due.filter(status=TouchStatus.DONE)
    return Adherence(kept_count(fell_due), kept_count(done))


def open_alerts(scope: Scope) -> Sequence[OpenAlerts]:
    """Return the open alerts of the accounts in scope by kind, the most first."""
    rows = Alert.objects.open().visible_to(scope.user).filter(account__merged_into=None)
    if scope.is_narrowed:
        rows = rows.filter(account__in=scope.accounts())
    counted = (
        rows.order_by()
        .values_list("kind")
        .annotate(accounts=Count("account", distinct=True), newest=Max("raised_on"))
        .order_by("-accounts", "kind")
    )
    return [
        OpenAlerts(
            AlertKind(kind), accounts, newest, scope.list_url("alert", kind=kind)
        )
        for kind, accounts, newest in counted
    ]
