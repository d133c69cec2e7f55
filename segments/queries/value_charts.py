"""The charts of the value page's blocks, each with the sentence to take away."""

import datetime as dt
from collections.abc import Mapping, Sequence

from common.charts import Chart, Column, Series
from common.templatetags.display import THIN_SPACE, count, counted, money, number, share
from crm.choices import RelationshipType
from segments.queries.cohorts import FEWEST, Cohorts, quarter_days
from segments.queries.effort import Gain, Quarter
from segments.queries.scope import Scope

PERCENT = f"{THIN_SPACE}%"
TONES = ("chart-1", "chart-2", "chart-3", "chart-4", "chart-5")
MOST_AGES = 24


def effort_chart(quarters: Sequence[Quarter], scope: Scope) -> Chart | None:
    """Return what was spent on new and on existing customers."""
    if not any(one.win or one.on_existing for one in quarters):
        return None
    win = sum(float(one.win) for one in quarters)
    existing = sum(float(one.on_existing) for one in quarters)
    said = f"{money(win)} went into winning, {money(existing)} into customers we have"
    if win >= 0 and existing >= 0 and win + existing > 0:
        said += f": {share(win / (win + existing))} and {_rest(win, existing)}"
    return Chart(
        key="effort",
        title="Spent on new and on existing customers",
        summary=f"{said}.",
        labels=[_label(one) for one in quarters],
        series=[
            Series("On winning", [float(q.win) for q in quarters], "stack", "chart-3"),
            Series(
                "On existing customers",
                [float(q.on_existing) for q in quarters],
                "stack",
                "chart-1",
            ),
        ],
        x_title="Quarter",
        columns_beside=(
            Column("Share on winning", [share(q.share_new) for q in quarters]),
            Column("Of nobody known", [money(q.shared) for q in quarters]),
        ),
        urls=[_won_url(scope, one) for one in quarters],
    )


def _won_url(scope: Scope, one: Quarter) -> str:
    since, until = quarter_days(one.number)
    return scope.list_url("won", since=since, until=until)


def _rest(one: float, other: float) -> str:
    """Return the other share; rounded, the two still add to 100 %."""
    first = round(one / (one + other) * 100)
    return f"{100 - first}{PERCENT}"


def gains_chart(quarters: Sequence[Quarter], scope: Scope) -> Chart | None:
    """Return what CLV new and existing customers gained; a quarter opens the new."""
    known = [one for one in quarters if one.gain is not None]
    if not known:
        return None
    new = sum(float(one.gain.new) for one in known if one.gain)
    existing = sum(float(one.gain.existing) for one in known if one.gain)
    return Chart(
        key="gains",
        title="CLV gained by new and by existing customers",
        summary=(
            f"New customers brought {money(new)} of CLV, those we had changed by"
            f" {money(existing)}."
        ),
        labels=[_label(one) for one in known],
        series=[
            Series(
                "New customers",
                [float(one.gain.new) for one in known if one.gain],
                "bar",
                "chart-3",
            ),
            Series(
                "Existing customers",
                [float(one.gain.existing) for one in known if one.gain],
                "bar",
                "chart-1",
            ),
        ],
        x_title="Quarter",
        columns_beside=(
            Column(
                "Share of new",
                [share(one.gain.share_new) for one in known if one.gain],
            ),
        ),
        urls=[_new_url(scope, one.gain) for one in known if one.gain],
    )


def _new_url(scope: Scope, gain: Gain) -> str:
    """Return the address of those whose first order came between the two nights."""
    since = gain.start.as_of + dt.timedelta(days=1)
    return scope.list_url("won", since=since, until=gain.end.as_of)


def ratio_chart(quarters: Sequence[Quarter], scope: Scope) -> Chart | None:
    """Return how many times winning one costs what keeping one costs."""
    known = [one for one in quarters if one.ratio is not None]
    if not known:
        return None
    whole = [one for one in known if not one.is_part] or known
    first, last = whole[0], whole[-1]
    said = f"In {last.name} winning one cost {times(last.ratio)} what keeping one cost"
    if first is not last:
        said += f"; in {first.name} it was {times(first.ratio)}"
    return Chart(
        key="ratio",
        title="Cost to win over cost to keep",
        summary=f"{said}.",
        labels=[_label(one) for one in quarters],
        series=[Series("Times", [one.ratio for one in quarters], "line")],
        x_title="Quarter",
        write=times,
        columns_beside=(
            Column("Won", [count(one.won) for one in quarters]),
            Column("Cost to win one", [money(one.win_each) for one in quarters]),
            Column("Bought again", [count(one.kept) for one in quarters]),
            Column("Cost to keep one", [money(one.keep_each) for one in quarters]),
        ),
        urls=[scope.list_url("again", quarter=one.number) for one in quarters],
    )


def times(value: float | None) -> str:
    return "unknown" if value is None else f"{number(value, 1)} ×"


def _label(one: Quarter) -> str:
    return f"{one.name}, part" if one.is_part else one.name


def retention_chart(of_types: Mapping[RelationshipType, Cohorts]) -> Chart | None:
    """Return the share of customers that buy at each age, by type of relationship."""
    curves = {
        key: {age: (part, n) for age, part, n in found.curve() if age <= MOST_AGES}
        for key, found in of_types.items()
    }
    curves = {key: curve for key, curve in curves.items() if len(curve) > 1}
    if not curves:
        return None
    ages = range(max(max(curve) for curve in curves.values()) + 1)
    return Chart(
        key="retention",
        title="Customers that buy, by quarters since the first order",
        summary=_retention_sentence(curves),
        labels=[str(age) for age in ages],
        series=[
            Series(
                f"{key.label} ({count(curve[0][1])})" if 0 in curve else str(key.label),
                [curve[age][0] * 100 if age in curve else None for age in ages],
                "line",
                tone,
            )
            for (key, curve), tone in zip(curves.items(), TONES, strict=False)
        ],
        x_title="Quarters since the first order",
        unit=PERCENT,
        write=lambda value: "–" if value is None else number(value, 0),
        columns_beside=[
            Column(
                f"of {key.label}",
                [count(curve[age][1]) if age in curve else "" for age in ages],
            )
            for key, curve in curves.items()
        ],
    )


def _retention_sentence(
    curves: Mapping[RelationshipType, Mapping[int, tuple[float, int]]],
) -> str:
    year = 4
    known = {key: curve[year] for key, curve in curves.items() if year in curve}
    if not known:
        return "Nobody was watched for four whole quarters after the first order yet."
    best = max(known, key=lambda key: known[key][0])
    part, customers = known[best]
    return (
        f"A year after the first order {share(part)} of"
        f" {counted(customers, 'customer')} with “{best.label}” bought in the quarter,"
        " the most of all types."
        f" Ages with fewer than {FEWEST} customers are left out."
    )
