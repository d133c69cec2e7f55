"""The charts of the page about accuracy."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from clv.engine.judging.drift import Drift
from clv.engine.judging.scores import Decile
from clv.queries.accuracy import NAMES, Origin
from clv.queries.judged import Night, judged, mix_in_words
from common.charts import Chart, Series
from common.templatetags.display import count, counted, day, money, number, signed_share

MOST_NAMED = 4  # models with a colour of their own; the others are one
TONES = ("chart-1", "chart-2", "chart-3", "chart-4")
OTHERS, OTHERS_TONE = "Others", "line-strong"
WINDOWS = (("4", "chart-3"), ("8", "chart-2"), ("13", "chart-1"))


def order_chart(longest: Origin) -> Chart:
    """Return the calibration of orders: means by tenth of the accounts."""
    found, curve = longest.models, longest.models.curve
    return Chart(
        key="calibration",
        title="Orders forecast and come, by tenth of the accounts",
        summary=(
            f"Of the tenth forecast highest, {number(curve[0].forecast, 2)} orders per"
            f" account were forecast and {number(curve[0].actual, 2)} came; over all"
            f" {counted(longest.account_count, 'account')}"
            f" {count(round(found.forecast_total))} were forecast and"
            f" {count(round(found.actual_total))} came."
        ),
        labels=_tenths(curve),
        series=_forecast_and_came(curve),
        x_title="Tenth of the accounts, highest forecast first",
        write=orders,
    )


def money_chart(longest: Origin) -> Chart:
    """Return the same for margin."""
    found, curve = longest.money, longest.money.curve
    return Chart(
        key="money-calibration",
        title="Margin forecast and come, by tenth of the accounts",
        summary=(
            f"Of the tenth forecast highest, a margin of {money(curve[0].forecast)} per"
            f" account was forecast and {money(curve[0].actual)} came; over all"
            f" accounts {money(found.forecast_total)} were forecast and"
            f" {money(found.actual_total)} came."
        ),
        labels=_tenths(curve),
        series=_forecast_and_came(curve),
        x_title="Tenth of the accounts, highest forecast first",
    )


def _tenths(curve: Sequence[Decile]) -> list[str]:
    return [str(place) for place in range(1, len(curve) + 1)]


def _forecast_and_came(curve: Sequence[Decile]) -> list[Series]:
    return [
        Series("Forecast", [one.forecast for one in curve], "bar"),
        Series("Came", [one.actual for one in curve], "bar", "chart-2"),
    ]


def orders(value: float | None) -> str:
    """Write orders per account."""
    return number(value, 2)


def weekly_chart(drift: Drift) -> Chart | None:
    """Return orders of each week since the latest origin; None without a whole week."""
    weeks = drift.weekly
    if not weeks:
        return None
    told, came = sum(w.forecast for w in weeks), sum(w.actual for w in weeks)
    return Chart(
        key="weekly",
        title="Orders per week, forecast and come",
        summary=(
            f"In {len(weeks)} weeks {counted(round(came), 'order')} came where"
            f" {count(round(told))} had been forecast on"
            f" {day(dt.date.fromordinal(drift.origin_day))}, from the accounts known"
            " then."
        ),
        labels=[day(dt.date.fromordinal(week.last_day)) for week in weeks],
        series=[
            Series("Forecast", [week.forecast for week in weeks], "dashed"),
            Series("Came", [week.actual for week in weeks], "line", "chart-2"),
        ],
        x_title="Week until",
        write=_whole,
    )


def weights_chart(history: Sequence[Night]) -> Chart | None:
    """Return the weight of each model, night by night; None before the first."""
    told = judged(history)
    if not told:
        return None
    total: Counter[str] = Counter()
    for night in told:
        total.update(night.brief["model_weights"])
    ranked = [name for name, _ in total.most_common()]
    named, others = ranked[:MOST_NAMED], ranked[MOST_NAMED:]
    series = [
        Series(NAMES.get(name, name), _weights(told, [name]), "stack", tone)
        for name, tone in zip(named, TONES, strict=False)
    ]
    if others:
        series.append(Series(OTHERS, _weights(told, others), "stack", OTHERS_TONE))
    newest = told[-1].brief["model_weights"]
    return Chart(
        key="weights",
        title="Weight of each model",
        summary=f"{day(told[-1].as_of)}: {mix_in_words(newest)}.",
        labels=[day(night.as_of) for night in told],
        series=series,
        x_title="Night",
        unit="\u202f%",
        write=_percent,
    )


def _weights(told: Sequence[Night], names: Sequence[str]) -> list[float | None]:
    return [
        100.0 * sum(night.brief["model_weights"].get(name, 0.0) for name in names)
        for night in told
    ]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def drift_chart(history: Sequence[Night]) -> Chart | None:
    """Return orders against forecast night by night; None before the second."""
    told = judged(history)
    if len(told) < 2:  # noqa: PLR2004 - one point is no line
        return None
    newest = told[-1].brief.get("gaps", {})
    last = newest.get("13", next(iter(newest.values()), None))
    return Chart(
        key="drift",
        title="Orders against forecast over the nights",
        summary=f"0 is as forecast; the last weeks brought {signed_share(last)}.",
        labels=[day(night.as_of) for night in told],
        series=[
            Series(f"Last {weeks} weeks", _gaps(told, weeks), "line", tone)
            for weeks, tone in WINDOWS
        ],
        x_title="Night",
        unit="\u202f%",
        write=_percent,
    )


def _gaps(told: Sequence[Night], weeks: str) -> list[float | None]:
    found = [night.brief.get("gaps", {}).get(weeks) for night in told]
    return [None if gap is None else 100.0 * gap for gap in found]


def _whole(value: float | None) -> str:
    return number(value, 0)
