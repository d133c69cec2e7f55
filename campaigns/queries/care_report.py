"""CARE: what effort was for, and the CLV gained on the accounts that got it.

The total is the change of CLV as on *Team*: what nobody owns and what was merged away
included. The change of one account is split over the purposes that its contacts of the
period were tagged with, in proportion to what they cost; of an account without tagged
effort all is "other". So the four parts and "other" sum to the total to the cent. It
says where CLV moved while effort was spent, not what effort caused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from campaigns.queries.team import ONE_DAY, counted, nights_of
from campaigns.queries.wallet import CARE_KINDS
from clv.models import ValuationRun
from common.charts import Chart, Series
from common.clock import day_ends_at
from common.kept import kept_rows
from common.lists.sets import AccountSet, Given
from common.money import ZERO
from common.templatetags.display import day, number, signed_money
from crm.choices import Care
from crm.models import Touchpoint, User
from segments.queries.profit_facts import IS_AMONG, accounts_in, opening
from segments.queries.scope import Period, Scope
from segments.queries.scope_form import FIELDS, NARROWING
from segments.queries.sets import values_of

ASKED = FIELDS
OTHER = "other"
TAGS = tuple(one.value for one in Care if one.value)
LABELS = {one.value: str(one.label) for one in Care if one.value} | {OTHER: "Other"}
_EFFORT = """, contact AS (
    SELECT coalesce(s.account_id, c.account_id) AS account_id, c.care,
        count(*) AS contacts, coalesce(sum(c.minutes), 0) AS minutes, 0.00 AS money
    FROM crm_touchpoint c LEFT JOIN survivor s ON s.member_id = c.account_id
    WHERE c.voided_at IS NULL AND c.user_id IS NOT NULL
        AND c.occurred_at >= %(begins)s AND c.occurred_at < %(ends)s{of_contacts}
    GROUP BY 1, 2
), paid AS (
    SELECT coalesce(s.account_id, e.account_id) AS account_id,
        coalesce(c.care, '') AS care, 0 AS contacts, 0 AS minutes,
        sum(e.amount) AS money
    FROM crm_ledgerentry e LEFT JOIN survivor s ON s.member_id = e.account_id
    LEFT JOIN crm_touchpoint c ON c.id = e.touchpoint_id AND c.voided_at IS NULL
    WHERE e.account_id IS NOT NULL AND e.kind = ANY (%(kinds)s)
        AND e.incurred_on BETWEEN %(since)s AND %(until)s{of_costs}
    GROUP BY 1, 2
), effort AS (
    SELECT account_id, care, sum(contacts) AS contacts, sum(minutes) AS minutes,
        sum(money) AS money
    FROM (SELECT * FROM contact UNION ALL SELECT * FROM paid) spent
    GROUP BY 1, 2
), weighed AS (
    SELECT account_id, care, CASE
            WHEN sum(greatest(money, 0)) OVER same > 0 THEN greatest(money, 0)
            WHEN sum(minutes) OVER same > 0 THEN minutes
            ELSE contacts END AS weight
    FROM effort WHERE care <> '' WINDOW same AS (PARTITION BY account_id)
), placed AS (
    SELECT account_id, care, weight, sum(weight) OVER (
            PARTITION BY account_id ORDER BY care) AS upto,
        sum(weight) OVER (PARTITION BY account_id) AS whole
    FROM weighed
), part AS (
    SELECT p.account_id, p.care, round(c.amount * p.upto / p.whole, 2)
        - round(c.amount * (p.upto - p.weight) / p.whole, 2) AS gain
    FROM placed p JOIN (
        SELECT v.account_id, v.clv - coalesce(b.clv, 0) AS amount
        FROM clv_valuation v LEFT JOIN clv_valuation b
            ON b.account_id = v.account_id AND b.run_id = %(before)s
        WHERE v.run_id = %(run)s
    ) c ON c.account_id = p.account_id
    WHERE p.whole > 0
)
"""
# Amounts of an account that was merged away, or has no value any more, are nobody's.
PARTS = """
SELECT a.owner_id, coalesce(nullif(e.care, ''), %(other)s),
    count(*) FILTER (WHERE e.contacts > 0), sum(e.contacts), sum(e.minutes),
    sum(e.money), coalesce(sum(p.gain), 0)
FROM effort e JOIN crm_account a ON a.id = e.account_id
LEFT JOIN part p ON p.account_id = e.account_id AND p.care = e.care
GROUP BY 1, 2
"""
TOTALS = """
SELECT CASE WHEN a.merged_into_id IS NULL AND v.account_id IS NOT NULL
        THEN a.owner_id END,
    sum(coalesce(v.clv, 0) - coalesce(b.clv, 0))
FROM (SELECT account_id, clv FROM clv_valuation WHERE run_id = %(run)s) v
FULL JOIN (SELECT account_id, clv FROM clv_valuation WHERE run_id = %(before)s) b
    ON b.account_id = v.account_id
LEFT JOIN crm_account a ON a.id = coalesce(v.account_id, b.account_id)
GROUP BY 1
"""
# A part of the firm holds no accounts that were merged away or are valued no more.
TOTALS_OF_A_PART = """
SELECT a.owner_id, sum(v.clv - coalesce(b.clv, 0))
FROM crm_account a
JOIN clv_valuation v ON v.account_id = a.id AND v.run_id = %(run)s
LEFT JOIN clv_valuation b ON b.account_id = v.account_id AND b.run_id = %(before)s
WHERE a.merged_into_id IS NULL{where}
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class CareRow:
    """Effort for one purpose, and the CLV gained; None without two nights."""

    key: str
    label: str
    accounts: int | None = None
    contacts: int = 0
    minutes: int = 0
    money: Decimal = ZERO
    gain: Decimal | None = None
    url: str = ""

    @property
    def hours(self) -> float:
        return self.minutes / 60

    @property
    def per_hour(self) -> Decimal | None:
        if self.gain is None or not self.minutes:
            return None
        return self.gain * 60 / self.minutes


@dataclass(frozen=True, slots=True)
class PersonRow:
    """What was gained on the accounts of one person, by purpose."""

    label: str
    gains: Sequence[Decimal]
    total: Decimal
    url: str = ""

    @property
    def cells(self) -> list[tuple[str, Decimal]]:
        """Return the gains with the names of their purposes."""
        return list(zip(LABELS.values(), self.gains, strict=True))


@dataclass(frozen=True, slots=True)
class CareReport:
    """The four purposes and "other", which sum to the change of CLV."""

    rows: Sequence[CareRow]
    total: CareRow
    people: Sequence[PersonRow]
    before: ValuationRun | None
    run: ValuationRun | None
    period: Period
    whose: str

    @property
    def sentence(self) -> str:
        if self.total.gain is None:
            return (
                "Nobody can say what was gained: it takes two nights of values in the"
                " period."
            )
        said = f"CLV of {self.whose} changed by {signed_money(self.total.gain)}"
        tagged = [row for row in self.rows if row.key != OTHER and row.contacts]
        if not tagged:
            return f"{said}. No contact says what it was for, so all of it is other."
        most = max(tagged, key=lambda row: row.minutes)
        return (
            f"{said}. Most tagged hours ({number(most.hours)}) were for"
            f" “{most.label.lower()}”; on the accounts that got them CLV moved by"
            f" {signed_money(most.gain)}."
        )

    @property
    def chart(self) -> Chart | None:
        if self.total.gain is None:
            return None
        return Chart(
            key="care",
            title="CLV gained by purpose",
            summary="On the accounts that got effort for each purpose.",
            labels=[row.label.partition(" ")[0] for row in self.rows],
            series=[
                Series("CLV gained", [float(row.gain or 0) for row in self.rows], "bar")
            ],
            x_title="Purpose",
            write=signed_money,
            urls=[row.url for row in self.rows],
        )


def care_report(scope: Scope) -> CareReport:
    """Return the report of a scope's period; of a rep their own accounts only."""
    run, before = nights_of(scope.period)
    period = counted(scope.period, before)
    given = {
        "run": run.pk if run and before else None,
        "before": before.pk if before else None,
        "since": period.since,
        "until": period.until,
        "begins": day_ends_at(period.since - ONE_DAY),
        "ends": day_ends_at(period.until),
        "kinds": list(CARE_KINDS),
        "other": OTHER,
    }
    owner = scope.owner if scope.user.sees_every_account else scope.user
    parts, totals = _found(scope, given)
    is_known = before is not None
    gained = dict(totals)
    if owner is not None:
        parts = [row for row in parts if row[0] == owner.pk]
        gained = {owner.pk: gained.get(owner.pk, ZERO)}
    total = sum(gained.values(), ZERO) if is_known else None
    rows = _by_purpose(parts, total, scope, period)
    return CareReport(
        rows=rows,
        total=_summed(rows, total),
        people=_people(parts, gained, scope) if is_known and owner is None else [],
        before=before,
        run=run,
        period=period,
        whose=_whose(scope, owner),
    )


def _by_purpose(
    parts: Sequence[Any], total: Decimal | None, scope: Scope, period: Period
) -> list[CareRow]:
    sums: dict[str, list[Any]] = {key: [0, 0, 0, ZERO, ZERO] for key in LABELS}
    for _, key, *amounts in parts:
        sums[key] = [a + b for a, b in zip(sums[key], amounts, strict=True)]
    tagged = sum((sums[key][4] for key in TAGS), ZERO)
    found = []
    for key, (accounts, contacts, minutes, money, gain) in sums.items():
        part = gain if key != OTHER else (total or ZERO) - tagged
        found.append(
            CareRow(
                key=key,
                label=LABELS[key],
                accounts=None if key == OTHER else accounts,
                contacts=int(contacts),
                minutes=int(minutes),
                money=money,
                gain=None if total is None else part,
                url=_list_url(scope, key, period),
            )
        )
    return found


def _list_url(scope: Scope, key: str, period: Period) -> str:
    return scope.list_url(
        "care",
        purpose=key,
        since=period.since.isoformat(),
        until=period.until.isoformat(),
    )


def _summed(rows: Sequence[CareRow], total: Decimal | None) -> CareRow:
    return CareRow(
        key="all",
        label="All",
        contacts=sum(row.contacts for row in rows),
        minutes=sum(row.minutes for row in rows),
        money=sum((row.money for row in rows), ZERO),
        gain=total,
    )


def _people(
    parts: Sequence[Any], gained: Mapping[int | None, Decimal], scope: Scope
) -> list[PersonRow]:
    """Return each owner's change by purpose, and last what is nobody's."""
    nobodys = "Nobody's" if is_of_a_part(scope) else "Nobody's, or merged away"
    known = User.objects.in_bulk([key for key in gained if key])
    by_owner: dict[int | None, dict[str, Decimal]] = {}
    for owner, key, *_, gain in parts:
        by_owner.setdefault(owner, {})[key] = gain
    found = []
    for owner, total in gained.items():
        tagged = [by_owner.get(owner, {}).get(key, ZERO) for key in TAGS]
        label = str(known[owner]) if owner in known else nobodys
        url = scope.query(owner=owner) if owner in known else ""
        gains = [*tagged, total - sum(tagged, ZERO)]
        found.append(PersonRow(label, gains, total, url))
    return sorted(found, key=lambda row: (-row.total, row.label))


def is_of_a_part(scope: Scope) -> bool:
    """Tell whether more than the rep is asked for; the firm's answer holds each rep."""
    return any(name in scope.parameters for name in NARROWING if name != "owner")


def _whose(scope: Scope, owner: User | None) -> str:
    if is_of_a_part(scope):
        return f"the accounts asked for ({scope.text})"
    return str(owner) if owner else "the firm"


def _found(scope: Scope, given: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return effort with its gains by owner and purpose, and the change by owner."""
    is_part = is_of_a_part(scope)
    where, named = accounts_in(scope) if is_part else ("", {})
    effort = opening(where) + _EFFORT.format(
        of_contacts=IS_AMONG.format(rows="c") if is_part else "",
        of_costs=IS_AMONG.format(rows="e") if is_part else "",
    )
    totals = TOTALS_OF_A_PART.format(where=where) if is_part else TOTALS
    params = {**given, **named}
    return kept_rows(effort + PARTS, params), kept_rows(totals, params)


# -- The accounts behind the figures


def _cared_for(_user: Any, given: Given) -> QuerySet[Any]:
    rows = Touchpoint.objects.standing().filter(
        user__isnull=False,
        occurred_at__gte=day_ends_at(given["since"] - ONE_DAY),
        occurred_at__lt=day_ends_at(given["until"]),
    )
    purpose = given["purpose"]
    rows = rows.exclude(care="") if purpose == OTHER else rows.filter(care=purpose)
    found = rows.order_by().values_list(
        Coalesce("account__merged_into", "account"), flat=True
    )
    if purpose == OTHER:
        return values_of(given).exclude(account_id__in=found).values("account_id")
    return found


CARED_FOR = AccountSet(
    title=lambda given: (
        f"with contacts from {day(given['since'])} to {day(given['until'])} for"
        f" “{LABELS[given['purpose']].lower()}”"
        if given["purpose"] != OTHER
        else f"without a tagged contact from {day(given['since'])} to"
        f" {day(given['until'])}"
    ),
    accounts=_cared_for,
    parameters={
        "purpose": lambda: forms.ChoiceField(choices=list(LABELS.items())),
        "since": forms.DateField,
        "until": forms.DateField,
    },
)
