"""What the pages of campaigns show: who is in one, and how far its touches are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from campaigns.choices import OwnerRole, TouchStatus
from campaigns.models import (
    Campaign,
    Enrolment,
    PlannedTouch,
    TouchException,
    TouchTemplate,
)
from campaigns.queries.board_touches import touches_url
from campaigns.queries.campaign_results import costs_of
from campaigns.queries.campaign_sets import ALL, CONTROL, LEFT_OUT, REACHED, part_url
from campaigns.queries.costs import cost_of_touch
from clv.models import Valuation, ValuationRun
from common.lists.sets import account_set_url
from common.money import ZERO
from common.paging import Page, Sort, keyset_page
from crm.models import LedgerEntry, User
from segments.choices import WorthClass
from segments.models import Membership

PAGE_SIZE = 50
NEWEST = Sort("new", "pk", descending=True, parse=int)
BY_ADDING = Sort("added", "pk", descending=False, parse=int)
_TREATED = Q(left_out="", is_control=False)
_CONTROL = Q(left_out="", is_control=True)


def campaign_page(user: User, *, cursor: str) -> Page[Campaign]:
    """Return campaigns that `user` may see, the newest first.

    `size` counts the accounts that they may see, `spent` is what all touches cost.
    """
    rows = Campaign.objects.visible_to(user).select_related("owner")
    page = keyset_page(rows, sort=NEWEST, cursor=cursor, size=PAGE_SIZE)
    mine = Enrolment.objects.visible_to(user).order_by()
    mine = mine.filter(campaign__in=[one.pk for one in page.rows])
    sizes = dict(mine.values_list("campaign").annotate(n=Count("pk")))
    spent = costs_of([one.pk for one in page.rows])
    for one in page.rows:
        one.size = sizes.get(one.pk, 0)  # type: ignore[attr-defined]
        one.spent = spent.get(one.pk, ZERO)  # type: ignore[attr-defined]
    return page


# -- The audience ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Member:
    """One account of an audience; what is not known is None."""

    enrolment: Enrolment
    worth_class: WorthClass | None
    clv: Decimal | None


@dataclass(frozen=True, slots=True)
class Audience:
    """One page of an audience, and how many stand where."""

    page: Page[Enrolment]
    members: Sequence[Member]
    figures: Sequence[tuple[str, int, str]]
    count: int
    list_url: str


def audience(campaign: Campaign, user: User, *, cursor: str) -> Audience:
    """Return accounts that `user` may see, in the order in which they were added."""
    mine = Enrolment.objects.visible_to(user).filter(campaign=campaign)
    rows = mine.select_related("account", "account__owner", "added_by")
    page = keyset_page(rows, sort=BY_ADDING, cursor=cursor, size=PAGE_SIZE)
    keys = [one.account_id for one in page.rows]
    classes, worth = _classes(keys), _worth(keys)
    found = mine.order_by().aggregate(
        all=Count("pk"),
        reached=Count("pk", filter=_TREATED),
        control=Count("pk", filter=_CONTROL),
    )
    return Audience(
        page=page,
        members=[
            Member(one, classes.get(one.account_id), worth.get(one.account_id))
            for one in page.rows
        ],
        figures=_figures(campaign, found) if campaign.has_started else (),
        count=found["all"],
        list_url=part_url(campaign, ALL),
    )


def _figures(
    campaign: Campaign, found: Mapping[str, int]
) -> list[tuple[str, int, str]]:
    out = found["all"] - found["reached"] - found["control"]
    return [
        ("In the audience", found["all"], part_url(campaign, ALL)),
        ("Reached", found["reached"], part_url(campaign, REACHED)),
        ("Control group", found["control"], part_url(campaign, CONTROL)),
        ("Left out", out, part_url(campaign, LEFT_OUT)),
    ]


def _classes(keys: Sequence[int]) -> dict[int, WorthClass]:
    held = Membership.objects.open().filter(account__in=keys)
    rows = held.values_list("account_id", "worth_class")
    return {key: WorthClass(name) for key, name in rows}


def _worth(keys: Sequence[int]) -> dict[int, Decimal]:
    run = ValuationRun.objects.current()
    if run is None:
        return {}
    rows = Valuation.objects.of_run(run).filter(account__in=keys)
    return dict(rows.values_list("account_id", "clv"))


def reached_count(campaign: Campaign) -> int:
    return Enrolment.objects.treated().filter(campaign=campaign).count()


# -- Its touches -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TouchCost:
    """One touch and what it costs for one account, with the time."""

    touch: TouchTemplate
    cost: Decimal | None


def touch_costs(campaign: Campaign) -> list[TouchCost]:
    """Return the touches in their order; without a unit cost the cost is not known."""
    return [
        TouchCost(one, None if one.unit_cost is None else cost_of_touch(one))
        for one in campaign.touches.order_by("offset_days", "position", "pk")
    ]


@dataclass(frozen=True, slots=True)
class TouchProgress:
    """How far one touch is: how many are in which state, and whose names they are."""

    touch: TouchTemplate
    states: Sequence[tuple[str, int, str]]
    planned: int
    held: int
    board_url: str
    is_sent: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is, and what it has cost so far."""

    touches: Sequence[TouchProgress]
    spent: Decimal
    budget: Decimal | None

    @property
    def left(self) -> Decimal | None:
        return None if self.budget is None else self.budget - self.spent

    @property
    def done(self) -> int:
        done = TouchStatus.DONE.label
        return sum(
            n for one in self.touches for name, n, _ in one.states if name == done
        )

    @property
    def planned(self) -> int:
        return sum(one.planned for one in self.touches)


def progress(campaign: Campaign, user: User) -> Progress:
    """Return what became of the touches at accounts that `user` may see."""
    touches = PlannedTouch.objects.visible_to(user).filter(template__campaign=campaign)
    counts: Counter[tuple[int, str]] = Counter()
    rows = touches.order_by().values_list("template", "status")
    for template, status, n in rows.annotate(n=Count("pk")):
        counts[template, status] = n
    held = _held(campaign, user)
    return Progress(
        touches=[
            _of_touch(campaign, one, counts, held.get(one.pk, 0))
            for one in campaign.touches.order_by("offset_days", "position", "pk")
        ],
        spent=_spent(touches),
        budget=campaign.budget,
    )


def _of_touch(
    campaign: Campaign,
    touch: TouchTemplate,
    counts: Mapping[tuple[int, str], int],
    held: int,
) -> TouchProgress:
    states = [
        (
            str(state.label),
            counts[touch.pk, state.value],
            account_set_url(
                "campaign-touches",
                of_campaign=campaign.pk,
                touches=state.value,
                touch=touch.pk,
            ),
        )
        for state in TouchStatus
    ]
    is_due = counts[touch.pk, TouchStatus.DUE] > 0
    return TouchProgress(
        touch=touch,
        states=states,
        planned=sum(n for _, n, _ in states),
        held=held,
        board_url=touches_url(state="ahead", lineage=touch.lineage),
        is_sent=touch.owner_role == OwnerRole.MARKETER and is_due,
    )


def _held(campaign: Campaign, user: User) -> dict[int, int]:
    rows = TouchException.objects.visible_to(user).order_by()
    rows = rows.filter(template__campaign=campaign)
    return dict(rows.values_list("template").annotate(n=Count("pk")))


def _spent(touches: QuerySet[PlannedTouch]) -> Decimal:
    entries = LedgerEntry.objects.order_by()
    entries = entries.filter(touchpoint__in=touches.values("touchpoint_id"))
    return entries.aggregate(sum=Sum("amount"))["sum"] or ZERO


# -- The campaigns of one account ------------------------------------------------------


def campaigns_of(account_id: int) -> QuerySet[Enrolment]:
    """Return in which campaigns an account is or was, the latest first."""
    rows = Enrolment.objects.filter(account=account_id).select_related("campaign")
    return rows.order_by("-campaign__starts_on", "-campaign")
