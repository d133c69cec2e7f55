"""The team: what each rep did for CLV within a period, and what the firm gained.

CLV gained is told as on *My objective*: the CLV of an account counts for who owns it
now. What nobody owns, and what was merged away, is unattributed, so that reps and
unattributed sum to the firm's change to the cent.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from campaigns.choices import OwnerRole, TouchStatus
from clv.models import ValuationRun
from common.clock import business_today, day_ends_at
from common.kept import kept_list, kept_rows
from common.money import ZERO
from common.templatetags.display import money, number
from crm import policy
from crm.choices import DealStatus, Role, TouchpointSource
from crm.models import Account, User
from crm.queries.radar import again
from segments.queries.scope import Period, Scope

ONE_DAY = dt.timedelta(days=1)
FEWEST_RATINGS = 10
AUTOMATED = (TouchpointSource.MAIL, TouchpointSource.TELEPHONY, TouchpointSource.API)
ASKED = ("as_of", "from", "to")

GAINED = """
    SELECT CASE WHEN a.merged_into_id IS NULL AND v.account_id IS NOT NULL
            THEN a.owner_id END AS owner,
        sum(coalesce(v.clv, 0) - coalesce(b.clv, 0))
    FROM (SELECT account_id, clv FROM clv_valuation WHERE run_id = %(run)s) v
    FULL JOIN (
        SELECT account_id, clv FROM clv_valuation WHERE run_id = %(before)s
    ) b ON b.account_id = v.account_id
    LEFT JOIN crm_account a ON a.id = coalesce(v.account_id, b.account_id)
    GROUP BY 1
"""
FIRM = """
    SELECT coalesce(sum(clv) FILTER (WHERE run_id = %(run)s), 0)
        - coalesce(sum(clv) FILTER (WHERE run_id = %(before)s), 0)
    FROM clv_valuation WHERE run_id IN (%(run)s, %(before)s)
"""
CONTACTS = """
    SELECT user_id, coalesce(sum(minutes), 0),
        count(*) FILTER (WHERE minutes IS NULL AND channel <> ALL (%(silent)s)
            AND outcome <> ALL (%(failed)s)),
        count(*) FILTER (WHERE source <> 'demo'),
        count(*) FILTER (WHERE source = ANY (%(automated)s))
    FROM crm_touchpoint
    WHERE voided_at IS NULL AND user_id IS NOT NULL
        AND occurred_at >= %(begins)s AND occurred_at < %(ends)s
    GROUP BY 1
"""
# How long a typed contact takes; the firm's median is not the mean of medians.
TYPED = """
    SELECT grouping(user_id) = 1, user_id,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY entry_seconds)
    FROM crm_touchpoint
    WHERE voided_at IS NULL AND user_id IS NOT NULL AND entry_seconds IS NOT NULL
        AND occurred_at >= %(begins)s AND occurred_at < %(ends)s
    GROUP BY GROUPING SETS ((user_id), ())
"""
PLANNED = """
    SELECT a.owner_id, count(*), count(*) FILTER (WHERE t.status = %(done)s)
    FROM campaigns_plannedtouch t JOIN crm_account a ON a.id = t.account_id
    WHERE t.owner_role = %(rep)s AND t.status <> %(cancelled)s
        AND t.due_on BETWEEN %(since)s AND %(until)s AND t.due_on < %(today)s
    GROUP BY 1
"""
# One score per rated contact; the worst tenth of these, at least one.
RATED = """
    WITH scores AS (
        SELECT a.owner_id, s.score
        FROM crm_touchpoint c JOIN crm_account a ON a.id = c.account_id
        CROSS JOIN LATERAL (
            SELECT avg(rating) AS score FROM unnest(ARRAY[
                c.rating_people, c.rating_information, c.rating_deliverables
            ]) rating
        ) s
        WHERE s.score IS NOT NULL AND c.voided_at IS NULL
            AND c.occurred_at >= %(begins)s AND c.occurred_at < %(ends)s
    ), placed AS (
        SELECT owner_id, false AS is_all, score,
            row_number() OVER (PARTITION BY owner_id ORDER BY score) AS place,
            count(*) OVER (PARTITION BY owner_id) AS total
        FROM scores
        UNION ALL
        SELECT NULL, true, score, row_number() OVER (ORDER BY score),
            count(*) OVER () FROM scores
    )
    SELECT is_all, owner_id, count(*), avg(score)::float8,
        (avg(score) FILTER (WHERE place <= ceil(total / 10.0)))::float8
    FROM placed GROUP BY 1, 2
"""
WON = """
    SELECT d.owner_id, count(DISTINCT d.id), coalesce(sum(l.revenue), 0)
    FROM crm_deal d LEFT JOIN crm_dealline l ON l.deal_id = d.id
    WHERE d.status = %(won)s AND d.closed_on BETWEEN %(since)s AND %(until)s
    GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Rated:
    """How rated contacts went: mean and worst tenth, from 1 to 5."""

    contacts: int = 0
    mean: float | None = None
    worst_tenth: float | None = None

    @property
    def is_small(self) -> bool:
        return 0 < self.contacts < FEWEST_RATINGS


@dataclass(frozen=True, slots=True)
class Row:
    """One rep, the firm, or what is nobody's; `gained` is None without two nights."""

    owner: User | None
    label: str
    gained: Decimal | None = None
    accounts: int = 0
    minutes: int = 0
    untimed: int = 0
    logged: int = 0
    automated: int = 0
    seconds: float | None = None
    due: int = 0
    done: int = 0
    rated: Rated = Rated()
    won: int = 0
    won_amount: Decimal = ZERO
    twice_minutes: int = 0
    url: str = ""

    @property
    def hours(self) -> float:
        return self.minutes / 60

    @property
    def twice_hours(self) -> float:
        return self.twice_minutes / 60

    @property
    def per_hour(self) -> Decimal | None:
        if self.gained is None or not self.minutes:
            return None
        return self.gained * 60 / self.minutes

    @property
    def adherence(self) -> float | None:
        return self.done / self.due if self.due else None

    @property
    def automated_share(self) -> float | None:
        """Return the share of entries that nobody typed; None without entries."""
        return self.automated / self.logged if self.logged else None


@dataclass(frozen=True, slots=True)
class Team:
    """The rows that somebody may see, and the firm; `before` may be unknown."""

    rows: Sequence[Row]
    unattributed: Row | None
    firm: Row
    before: ValuationRun | None
    run: ValuationRun | None
    period: Period

    @property
    def sentence(self) -> str:
        if self.firm.gained is None:
            return (
                "Nobody can say what was gained: it takes two nights of values in the"
                " period."
            )
        said = f"The firm's CLV changed by {money(self.firm.gained)}"
        if not self.rows:
            return f"{said}."
        best = max(self.rows, key=lambda row: row.gained or ZERO)
        said += f"; the accounts of {best.label} by {money(best.gained)}"
        if best.per_hour is not None:
            said += f" with {number(best.hours)} hours of contact"
        if self.unattributed is not None and self.unattributed.gained:
            said += f", those of nobody by {money(self.unattributed.gained)}"
        return f"{said}."


def team_in(scope: Scope) -> Team:
    """Return the team of a scope's period; a rep sees their own row and the firm."""
    facts = _Facts(scope)
    owners = facts.people()
    shown = owners if scope.user.sees_every_account else [scope.user]
    rows = [facts.row(owner, str(owner), _list_url(scope, owner)) for owner in shown]
    rows.sort(key=lambda row: (-(row.gained or ZERO), row.label))
    rest = facts.row(None, "Nobody's, or merged away", "")
    return Team(
        rows=rows,
        unattributed=rest if scope.user.sees_every_account else None,
        firm=facts.firm(),
        before=facts.before,
        run=facts.run,
        period=facts.period,
    )


def _list_url(scope: Scope, owner: User) -> str:
    if scope.user.sees_every_account:
        return scope.list_url(owner=owner.pk)
    return scope.list_url()


class _Facts:
    """Everything that is counted by owner in a period; the firm is counted apart."""

    def __init__(self, scope: Scope) -> None:
        self.run, self.before = nights_of(scope.period)
        self.period = period = counted(scope.period, self.before)
        self.params: dict[str, Any] = {
            "since": period.since,
            "until": period.until,
            "today": business_today(),
            "begins": day_ends_at(period.since - ONE_DAY),
            "ends": day_ends_at(period.until),
            "done": TouchStatus.DONE,
            "cancelled": TouchStatus.CANCELLED,
            "rep": OwnerRole.REP,
            "won": DealStatus.WON,
            "silent": list(policy.CHANNELS_WITHOUT_CONTACT),
            "failed": list(policy.OUTCOMES_WITHOUT_CONTACT),
            "automated": [source.value for source in AUTOMATED],
        }
        self.gained = self._gained()
        self.contacts = self._by_owner(CONTACTS)
        typed = _rows(TYPED, self.params)
        self.seconds = {None if is_all else key: mid for is_all, key, mid in typed}
        self.planned = self._by_owner(PLANNED)
        self.won = self._by_owner(WON)
        rated = _rows(RATED, self.params)
        self.rated = {row[1]: Rated(*row[2:]) for row in rated if not row[0]}
        self.rated_all = next((Rated(*row[2:]) for row in rated if row[0]), Rated())
        twice = again(None, until=self.params["ends"]).order_by().values_list("user")
        spent = twice.annotate(spent=Coalesce(Sum("minutes"), 0))
        self.twice = {key: (minutes,) for key, minutes in kept_list(spent)}
        owned = Account.objects.active().order_by().values_list("owner")
        counts = kept_list(owned.annotate(n=Count("pk")))
        self.owned = {key: (n,) for key, n in counts}

    def people(self) -> list[User]:
        """Return reps, and everybody else who owns accounts or spent minutes."""
        known = {*self.gained, *self.contacts, *self.owned, *self.won}
        reps = User.objects.filter(is_active=True, groups__name=Role.REP)
        keys = known | set(reps.values_list("pk", flat=True))
        return list(User.objects.filter(pk__in=keys - {None}).order_by("name", "pk"))

    def row(self, owner: User | None, label: str, url: str) -> Row:
        key = owner.pk if owner else None
        minutes, untimed, logged, automated = self.contacts.get(key, (0, 0, 0, 0))
        due, done = self.planned.get(key, (0, 0))
        won, won_amount = self.won.get(key, (0, ZERO))
        return Row(
            owner=owner,
            label=label,
            gained=None if self.before is None else self.gained.get(key, ZERO),
            accounts=self.owned.get(key, (0,))[0],
            minutes=minutes,
            untimed=untimed,
            logged=logged,
            automated=automated,
            seconds=self.seconds.get(key) if key else None,
            due=due,
            done=done,
            rated=self.rated.get(key, Rated()),
            won=won,
            won_amount=won_amount,
            twice_minutes=self.twice.get(key, (0,))[0],
            url=url,
        )

    def firm(self) -> Row:
        minutes, untimed, logged, automated = _sums(self.contacts, 4)
        due, done = _sums(self.planned, 2)
        won, won_amount = _sums(self.won, 2)
        gained = None
        if self.before is not None:
            ((gained,),) = _rows(FIRM, self._runs())
        return Row(
            owner=None,
            label="The firm",
            gained=gained,
            accounts=_sums(self.owned, 1)[0],
            minutes=minutes,
            untimed=untimed,
            logged=logged,
            automated=automated,
            seconds=self.seconds.get(None),
            due=due,
            done=done,
            rated=self.rated_all,
            won=won,
            won_amount=won_amount or ZERO,
            twice_minutes=_sums(self.twice, 1)[0],
        )

    def _runs(self) -> dict[str, Any]:
        run, before = self.run, self.before
        return {"run": run.pk if run else None, "before": before.pk if before else None}

    def _gained(self) -> dict[int | None, Decimal]:
        return {} if self.before is None else dict(_rows(GAINED, self._runs()))

    def _by_owner(self, sql: str) -> dict[int | None, tuple[Any, ...]]:
        return {row[0]: row[1:] for row in _rows(sql, self.params)}


def counted(period: Period, before: ValuationRun | None) -> Period:
    """Return the days that all columns tell of: what was gained, and with what."""
    if before is None or before.as_of < period.since:
        return period
    return Period(before.as_of + ONE_DAY, period.until)


def nights_of(period: Period) -> tuple[ValuationRun | None, ValuationRun | None]:
    """Return the last night of the period and the one to compare it with.

    As on *My objective*: the last night before the period, else the first within it.
    """
    runs = ValuationRun.objects
    run = runs.as_of(period.until)
    before = runs.as_of(period.since - ONE_DAY) or (
        runs.kept().filter(as_of__gte=period.since).order_by("as_of").first()
    )
    if run is None or before is None or before.as_of >= run.as_of:
        return run, None
    return run, before


def _sums(found: Mapping[int | None, tuple[Any, ...]], width: int) -> list[Any]:
    return [sum(row[place] for row in found.values()) for place in range(width)]


def _rows(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return kept_rows(sql, params)
