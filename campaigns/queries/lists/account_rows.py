"""What each row of the list of accounts says, read for a page of them at once."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count

from campaigns.choices import CampaignStatus
from campaigns.models import Enrolment, PlannedTouch
from campaigns.queries.wallet import Wallet, wallets
from clv.models import PaybackRange, Valuation, ValuationRun
from clv.services.payback import Payback, kept_payback
from crm.choices import TaskStatus
from crm.models import Account, CompetitorPresence, Task
from crm.models.lifecycle import LifecycleStage, LifecycleStay
from segments.choices import WorthClass
from segments.models import Membership
from segments.queries.reasons import say_todays_reasons


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account as the list shows it; None where something is not known."""

    record: Account
    worth_class: WorthClass | None = None
    reason: str = ""
    value: Valuation | None = None
    trend: Decimal | None = None
    next_touch: PlannedTouch | None = None
    open_tasks: int = 0
    lifecycle: LifecycleStage | None = None
    competitors: Sequence[str] = ()
    campaigns: Sequence[Enrolment] = ()
    wallet: Wallet | None = None
    payback: Payback | None = None
    today: dt.date = field(default_factory=dt.date.today)

    @property
    def account(self) -> Account:
        return self.record

    @property
    def clv(self) -> Decimal | None:
        return self.value.clv if self.value else None

    @property
    def future_value(self) -> Decimal | None:
        return self.value.future_value if self.value else None


def read_accounts(listing: Any, keys: Sequence[int]) -> dict[int, AccountRow]:
    """Return what the columns need of these accounts, a few queries in all."""
    needs, run = listing.needs, listing.run
    accounts = Account.objects.select_related("owner", "territory")
    if "tags" in needs:
        accounts = accounts.prefetch_related("tags")
    known = accounts.in_bulk(list(keys))
    values = _values(run, keys)
    before = _values_before(listing, keys) if "before" in needs else {}
    classes: dict[int, Membership] = {}
    if "class" in needs:
        held = listing.memberships().filter(account_id__in=keys)
        classes = {one.account_id: one for one in held}
        say_todays_reasons(run, classes.values())
    touches = first_touches(keys) if "touch" in needs else {}
    tasks = _open_tasks(keys) if "tasks" in needs else {}
    stays = _lifecycle(keys) if "lifecycle" in needs else {}
    rivals = _competitors(keys) if "competitors" in needs else {}
    joined = running_campaigns(keys) if "campaigns" in needs else {}
    # Of now: what the ledger had on a day in the past is not what may be spent.
    is_now = run is not None and run.is_current
    purses = wallets(keys) if is_now and "wallet" in needs else {}
    paybacks = _paybacks(run, keys) if "payback" in needs else {}
    rows = {}
    for key, account in known.items():
        value, stands, old = values.get(key), classes.get(key), before.get(key)
        rows[key] = AccountRow(
            record=account,
            worth_class=WorthClass(stands.worth_class) if stands else None,
            reason=stands.reason if stands else "",
            value=value,
            trend=value.clv - old if value and old is not None else None,
            next_touch=touches.get(key),
            open_tasks=tasks.get(key, 0),
            lifecycle=stays.get(key),
            competitors=rivals.get(key, ()),
            campaigns=joined.get(key, ()),
            wallet=purses.get(key),
            payback=paybacks.get(key),
        )
    return rows


def _values(run: ValuationRun | None, keys: Sequence[int]) -> dict[int, Valuation]:
    if run is None:
        return {}
    values = Valuation.objects.of_run(run).filter(account_id__in=keys)
    return {value.account_id: value for value in values}


def _paybacks(run: ValuationRun | None, keys: Sequence[int]) -> dict[int, Payback]:
    """Return when those in debt pay back, as the night of the current run has kept."""
    if run is None:
        return {}
    kept = PaybackRange.objects.filter(run=run, account_id__in=keys)
    return {one.account_id: kept_payback(one, run) for one in kept}


def _values_before(listing: Any, keys: Sequence[int]) -> dict[int, Decimal]:
    values = Valuation.objects.filter(
        run_id=listing.previous_run_id, account_id__in=keys
    )
    return dict(values.values_list("account_id", "clv"))


def _open_tasks(keys: Sequence[int]) -> dict[int, int]:
    tasks = Task.objects.filter(account_id__in=keys, status=TaskStatus.OPEN)
    counted = tasks.order_by().values_list("account_id").annotate(count=Count("pk"))
    return dict(counted)


def _lifecycle(keys: Sequence[int]) -> dict[int, LifecycleStage]:
    stays = LifecycleStay.objects.filter(account_id__in=keys, until=None)
    return {stay.account_id: stay.stage for stay in stays.select_related("stage")}


def _competitors(keys: Sequence[int]) -> dict[int, tuple[str, ...]]:
    there = CompetitorPresence.objects.filter(account_id__in=keys, until=None)
    named = there.order_by("competitor__name").distinct()
    found: dict[int, tuple[str, ...]] = {}
    for key, name in named.values_list("account_id", "competitor__name"):
        found[key] = (*found.get(key, ()), name)
    return found


def running_campaigns(keys: Sequence[int]) -> dict[int, tuple[Enrolment, ...]]:
    """Return the running campaigns that touch or spare each account, the latest first.

    Who was left out at the start is in none.
    """
    rows = Enrolment.objects.included().filter(account_id__in=keys)
    rows = rows.filter(campaign__status=CampaignStatus.RUNNING)
    found: dict[int, tuple[Enrolment, ...]] = {}
    for one in rows.select_related("campaign").order_by(
        "-campaign__starts_on", "-campaign"
    ):
        found[one.account_id] = (*found.get(one.account_id, ()), one)
    return found


def first_touches(keys: Sequence[int]) -> dict[int, PlannedTouch]:
    """Return the first open touch of each account."""
    due = (
        PlannedTouch.objects.due()
        .filter(account_id__in=keys)
        .select_related("template")
    )
    firsts = due.order_by("account_id", "due_on", "pk").distinct("account_id")
    return {touch.account_id: touch for touch in firsts}
