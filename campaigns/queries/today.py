"""What needs somebody today: due touches and open tasks, by expected gain."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Min, Q, QuerySet, Subquery
from django.db.models.expressions import OuterRef

from campaigns import policy
from campaigns.choices import OwnerRole
from campaigns.engine.costs import cost_of_one, touches_per_year
from campaigns.engine.justified import expected_gain, share_of_year
from campaigns.models import PlannedTouch, PlanVersion, TouchTemplate
from campaigns.queries.costs import hourly_costs
from clv.models import Assumptions, Valuation, ValuationRun
from common.money import ZERO
from crm.models import Account, Task, User
from segments.choices import WorthClass
from segments.models import Membership

# Ranked exactly up to so many; beyond, the accounts worth most are looked at.
CANDIDATES = 500
# A quiet day shows what comes next, up to so many rows.
FILLED_UP_TO = 8


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a row stands where it stands, in numbers."""

    effect_share: Decimal
    expected_margin_year: Decimal
    share_of_year: Decimal
    touches_per_year: int
    cost: Decimal
    gain: Decimal

    @property
    def secured(self) -> Decimal:
        """Return what the touch secures before its cost."""
        return self.gain + self.cost

    @property
    def is_loss(self) -> bool:
        """Tell whether the touch costs more than it secures."""
        return self.gain < 0


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do: a touch of a plan, or a task. Exactly one of both is there."""

    touch: PlannedTouch | None
    task: Task | None
    account: Account | None
    due_on: dt.date
    is_late: bool
    worth_class: WorthClass | None
    reasons: Reasons | None

    @property
    def gain(self) -> Decimal:
        return self.reasons.gain if self.reasons else ZERO


@dataclass(frozen=True, slots=True)
class Todo:
    """The rows to show, and honest counts of what is not shown."""

    late: list[Item]
    today: list[Item]
    ahead: list[Item]
    hidden: int
    ahead_count: int

    @property
    def is_empty(self) -> bool:
        return not (self.late or self.today or self.ahead)


@dataclass(frozen=True, slots=True)
class Sending:
    """One touch that marketing does for many accounts at once."""

    template: TouchTemplate
    worth_class: WorthClass
    due: int
    late: int
    ahead: int
    oldest_on: dt.date
    cost: Decimal


def todo(
    *,
    user: User,
    today: dt.date,
    owner: User | None = None,
    is_ahead: bool = False,
    rows: int = policy.TODAY_ROWS,
) -> Todo:
    """Return what the reps among those that `user` sees have to do.

    Late first, then today's, each by expected gain. With `owner` only that person's.
    What falls due within the planning horizon comes after, by day: all of it with
    `is_ahead`, else a few rows where there is room.
    """
    horizon = today + dt.timedelta(days=policy.PLANNING_HORIZON_DAYS)
    touches, tasks = _touches(user, owner), _tasks(user, owner)
    weighing = _Weighing()
    is_due, is_later = Q(due_on__lte=today), Q(due_on__gt=today, due_on__lte=horizon)
    due = weighing.items(touches.filter(is_due), tasks.filter(is_due), today)
    due.sort(key=lambda item: (not item.is_late, -item.gain, item.due_on))
    due_count = touches.filter(is_due).count() + tasks.filter(is_due).count()
    room = (rows if is_ahead else FILLED_UP_TO) - len(due)
    ahead: list[Item] = []
    if room > 0:
        ahead = weighing.items(touches.filter(is_later), tasks.filter(is_later), today)
        ahead.sort(key=lambda item: (item.due_on, -item.gain))
        ahead = ahead[:room]
    ahead_count = touches.filter(is_later).count() + tasks.filter(is_later).count()
    shown = due[:rows]
    return Todo(
        late=[item for item in shown if item.is_late],
        today=[item for item in shown if not item.is_late],
        ahead=ahead,
        hidden=due_count - len(shown),
        ahead_count=ahead_count - len(ahead),
    )


def sendings(*, today: dt.date) -> list[Sending]:
    """Return marketing's touches due, one row for each touch of a class."""
    horizon = today + dt.timedelta(days=policy.PLANNING_HORIZON_DAYS)
    groups = (
        PlannedTouch.objects.due()
        .filter(owner_role=OwnerRole.MARKETER, due_on__lte=horizon)
        .order_by()
        .values("template")
        .annotate(
            due=Count("pk", filter=Q(due_on__lte=today)),
            late=Count("pk", filter=Q(due_on__lt=today)),
            ahead=Count("pk", filter=Q(due_on__gt=today)),
            oldest_on=Min("due_on"),
        )
    )
    found = {group["template"]: group for group in groups}
    templates = TouchTemplate.objects.filter(pk__in=found)
    return [
        Sending(
            template=template,
            worth_class=WorthClass(template.version.plan.worth_class),
            due=found[template.pk]["due"],
            late=found[template.pk]["late"],
            ahead=found[template.pk]["ahead"],
            oldest_on=found[template.pk]["oldest_on"],
            cost=(template.unit_cost or ZERO) * found[template.pk]["due"],
        )
        for template in templates.select_related("version__plan").order_by(
            "version__plan", "position", "pk"
        )
    ]


@dataclass(frozen=True, slots=True)
class _Year:
    """What a plan asks for within a year: how many touches, at what cost."""

    touches: int
    cost: Decimal


class _Weighing:
    """Knows what care can secure, so that touches and tasks can be compared."""

    def __init__(self) -> None:
        self.run = ValuationRun.objects.select_related("assumptions").current()
        assumptions = self.run.assumptions if self.run else None
        self.effect = (assumptions or Assumptions.objects.current()).retention_effect
        self.hourly = hourly_costs()
        versions = PlanVersion.objects.select_related("plan")
        versions = versions.prefetch_related("touches")
        self.years: dict[int, _Year] = {}
        self.by_class: dict[str, _Year] = {}
        for version in versions.filter(published_at__isnull=False):
            year = self._year(version)
            self.years[version.pk] = year
            if version.status == "published":
                self.by_class[version.plan.worth_class] = year

    def items(
        self, touches: QuerySet[PlannedTouch], tasks: QuerySet[Task], today: dt.date
    ) -> list[Item]:
        return [*self.touches(touches, today), *self.tasks(tasks, today)]

    def touches(self, rows: QuerySet[PlannedTouch], today: dt.date) -> list[Item]:
        found = list(
            rows.select_related("account__owner", "template__version__plan")
            .annotate(margin_year=self._margin_year("account_id"))
            .order_by(F("margin_year").desc(nulls_last=True), "due_on", "pk")[
                :CANDIDATES
            ]
        )
        return [self._touch(touch, today) for touch in found]

    def tasks(self, rows: QuerySet[Task], today: dt.date) -> list[Item]:
        found = list(
            rows.select_related("account__owner", "owner")
            .annotate(margin_year=self._margin_year("account_id"))
            .order_by(F("margin_year").desc(nulls_last=True), "due_on", "pk")[
                :CANDIDATES
            ]
        )
        classes = _classes(task.account_id for task in found)
        return [self._task(task, classes, today) for task in found]

    def _margin_year(self, account: str) -> Subquery:
        values = Valuation.objects.filter(
            run_id=self.run.pk if self.run else 0, account_id=OuterRef(account)
        )
        return Subquery(values.values("expected_margin_year"))

    def _cost(self, template: TouchTemplate) -> Decimal:
        return cost_of_one(
            unit_cost=template.unit_cost or ZERO,
            minutes=template.minutes,
            hourly_cost=self.hourly[template.owner_role],
        )

    def _year(self, version: PlanVersion) -> _Year:
        touches, cost = 0, ZERO
        for template in version.touches.all():
            times = touches_per_year(cadence=template.cadence, times=template.times)
            touches += times
            cost += times * self._cost(template)
        return _Year(touches=touches, cost=cost)

    def _touch(self, touch: PlannedTouch, today: dt.date) -> Item:
        template = touch.template
        cost = self._cost(template)
        year = self.years.get(template.version_id, _Year(touches=1, cost=cost))
        share = share_of_year(
            cost=cost, cost_of_year=year.cost, touches_per_year=year.touches
        )
        reasons = self._reasons(touch.margin_year, share, year, cost)  # type: ignore[attr-defined]
        return Item(
            touch=touch,
            task=None,
            account=touch.account,
            due_on=touch.due_on,
            is_late=touch.due_on < today,
            worth_class=WorthClass(template.version.plan.worth_class),
            reasons=reasons,
        )

    def _task(self, task: Task, classes: dict[int, str], today: dt.date) -> Item:
        stands = classes.get(task.account_id or 0)
        year = self.by_class.get(stands or "", _Year(touches=1, cost=ZERO))
        # A promise is no part of the plan: it counts as a mean touch, at no cost.
        share = share_of_year(
            cost=ZERO, cost_of_year=ZERO, touches_per_year=year.touches
        )
        reasons = self._reasons(task.margin_year, share, year, ZERO)  # type: ignore[attr-defined]
        return Item(
            touch=None,
            task=task,
            account=task.account,
            due_on=task.due_on,
            is_late=task.due_on < today,
            worth_class=WorthClass(stands) if stands else None,
            reasons=reasons,
        )

    def _reasons(
        self, margin_year: Decimal | None, share: Decimal, year: _Year, cost: Decimal
    ) -> Reasons | None:
        if margin_year is None:
            return None
        gain = expected_gain(
            expected_margin_year=margin_year,
            effect_share=self.effect,
            share_of_year=share,
            cost=cost,
        )
        return Reasons(self.effect, margin_year, share, year.touches, cost, gain)


def _touches(user: User, owner: User | None) -> QuerySet[PlannedTouch]:
    rows = PlannedTouch.objects.due().visible_to(user)
    rows = rows.filter(owner_role=OwnerRole.REP)
    return rows.filter(account__owner=owner) if owner else rows


def _tasks(user: User, owner: User | None) -> QuerySet[Task]:
    rows = Task.objects.open().visible_to(user)
    if not user.sees_every_account:
        owner = user
    return rows.filter(owner=owner) if owner else rows


def _classes(accounts: Iterable[int | None]) -> dict[int, str]:
    keys = [key for key in accounts if key]
    rows = Membership.objects.open().filter(account_id__in=keys)
    return dict(rows.values_list("account_id", "worth_class"))


def next_step(account: Account, *, user: User, today: dt.date) -> Item | None:
    """Return what is worth most to do next for `account`: late first, then by gain."""
    horizon = today + dt.timedelta(days=policy.PLANNING_HORIZON_DAYS)
    touches = _touches(user, None).filter(account=account, due_on__lte=horizon)
    tasks = _tasks(user, None).filter(account=account, due_on__lte=horizon)
    found = _Weighing().items(touches, tasks, today)
    return min(found, key=lambda one: (not one.is_late, -one.gain), default=None)
