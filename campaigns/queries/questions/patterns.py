"""Q5 and Q7: what came before losses and before purchases, against comparable accounts.

The statements read who was at risk, the ends and what happened;
    segments.engine.sequences
draws the sets and tests. The draw is seeded, so the same question has the same answer.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from campaigns.queries.happenings import (
    happenings_sql,
    kind_names,
    pattern_name,
)
from campaigns.queries.questions import parameters
from campaigns.queries.questions.base import (
    MOST_BARS,
    Answer,
    Asked,
    Column,
    Draw,
    ListedRows,
    Question,
    Row,
    read,
    seen,
)
from campaigns.queries.questions.drawing import chart_of
from campaigns.queries.questions.losses import AT_RISK, ends, population
from common.charts import Chart
from common.copying import read_columns
from common.templatetags.display import count, counted, number
from segments.engine import sequences
from segments.engine.sequences import (
    NO_SECOND,
    AtRisk,
    Ends,
    Finding,
    Happenings,
    Report,
    Sets,
    Study,
)

FAMILY = "What comes before"
SEED = 20_260_101
SURE = 0.05  # rate of false discoveries below which a pattern is said to hold
SEPARATOR = " > "
ORDINAL = "(({}) - date '0001-01-01' + 1)::int"  # as datetime.date.toordinal

COLUMNS = (
    Column("label", "What happened"),
    Column("with_end", "Seen before", "count", names="true"),
    Column("share_with", "Share", "share"),
    Column("without_end", "At comparable ones", "count", names="true"),
    Column("share_without", "Share of them", "share"),
    Column("ratio", "Ratio", "ratio"),
    Column("low", "95 % from", "number"),
    Column("high", "95 % to", "number"),
    Column("lead", "Usually … days before", "days"),
    Column("holds", "Holds"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A study with its tests, and the keys of what was looked for."""

    kinds: Sequence[str]
    study: Study
    report: Report

    def numbers(self, part: str) -> tuple[int, int] | None:
        """Return the numbers of the happenings that a row's key names."""
        first, _, then = part.partition(SEPARATOR)
        if first not in self.kinds or (then and then not in self.kinds):
            return None
        second = self.kinds.index(then) if then else NO_SECOND
        return self.kinds.index(first), second

    def finding(self, part: str) -> Finding | None:
        """Return what was found of a row's key, None where it was not tested."""
        wanted = self.numbers(part)
        for one in self.report.findings:
            if (one.first, one.then) == wanted:
                return one
        return None


def look(asked: Asked) -> Found:
    """Draw the sets, read what happened at their accounts before, and test."""
    rng = np.random.default_rng(SEED)
    sets = sequences.draw_sets(*_who(asked), rng=rng)
    names = kind_names()
    kinds = list(names)
    happened = _happenings(sets, kinds, asked.values["window"], asked.sql["zone"])
    study = sequences.study(
        sets, happened, kinds=len(kinds), window_days=asked.values["window"]
    )
    if not sets.count:
        return Found(kinds, study, Report((), 0))
    return Found(kinds, study, sequences.find_patterns(study))


def _who(asked: Asked) -> tuple[Ends, AtRisk]:
    begin = f"{seen(asked)}, pop AS ({population(asked)})"
    ended = read_columns(
        f"{begin} SELECT id, {ORDINAL.format('day')} FROM ({ends(asked)}) e "
        "ORDER BY id, day",
        {"account": "i8", "day": "i4"},
        asked.sql,
    )
    day_columns = ", ".join(
        ORDINAL.format(name) for name in ("since", "until", "joined")
    )
    risked = read_columns(
        f"{begin} SELECT id, stratum, {day_columns} FROM ({AT_RISK}) r "
        "ORDER BY id, since",
        {"account": "i8", "stratum": "i2", "since": "i4", "until": "i4"}
        | {"joined": "i4"},
        asked.sql,
    )
    wide = {name: values.astype(np.int64) for name, values in risked.items()}
    return Ends(ended["account"], ended["day"].astype(np.int64)), AtRisk(**wide)


def _happenings(
    sets: Sets, kinds: Sequence[str], window_days: int, zone: str
) -> Happenings:
    none = np.empty(0, dtype=np.int64)
    if not sets.count:
        return Happenings(none, none, none)
    statement = f"""
    WITH RECURSIVE family AS (
        SELECT a.id, a.id AS member FROM crm_account a WHERE a.id = ANY(%(accounts)s)
        UNION ALL
        SELECT f.id, a.id FROM crm_account a
        JOIN family f ON a.merged_into_id = f.member
    )
    SELECT f.id AS account, h.kind, {ORDINAL.format("h.day")} AS day
    FROM ({
        happenings_sql(
            accounts="IN (SELECT member FROM family)",
            days="BETWEEN %(first)s AND %(last)s",
        )
    }) h JOIN family f ON f.member = h.account_id
    """
    first = max(int(sets.day.min()) - window_days, 1)
    rows = read(
        statement,
        {
            "accounts": np.unique(sets.account).tolist(),
            "first": dt.date.fromordinal(first),
            "last": dt.date.fromordinal(int(sets.day.max())),
            "zone": zone,
        },
    )
    number_of = {key: place for place, key in enumerate(kinds)}
    known = [row for row in rows if row["kind"] in number_of]
    return Happenings(
        np.array([row["account"] for row in known], dtype=np.int64),
        np.array([number_of[row["kind"]] for row in known], dtype=np.int64),
        np.array([row["day"] for row in known], dtype=np.int64),
    )


# -- The answer ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wording:
    """What ends are called."""

    one: str
    many: str
    none: str


def answered(asked: Asked, wording: Wording) -> Answer:
    """Return the patterns in order, with a sentence that says what holds."""
    found = look(asked)
    rows = _rows(found)
    sentence = _sentence(asked, found, rows, wording)
    return Answer(
        sentence=sentence,
        as_of=min(asked.values["until"], asked.today),
        columns=asked.columns,
        rows=ListedRows(rows),
        chart=_chart(rows, asked.columns),
        notes=_notes(asked, found),
        has_names=found.study.sets.count > 0,
    )


def _rows(found: Found) -> list[Row]:
    names = kind_names()
    sizes = found.study.sets.sizes
    ended, compared = int(sizes.size), int(sizes.sum() - sizes.size)
    return [
        _row(found.kinds, names, one, ended, compared) for one in found.report.findings
    ]


def _row(
    kinds: Sequence[str],
    names: Mapping[str, str],
    one: Finding,
    ended: int,
    compared: int,
) -> dict[str, Any]:
    first = kinds[one.first]
    then = "" if one.then == NO_SECOND else kinds[one.then]
    told = one.comparison
    part = f"{first}{SEPARATOR}{then}" if then else first
    holds = one.q_value <= SURE
    return {
        "part": part,
        "label": pattern_name(names, first, then),
        "with_end": one.with_end,
        "share_with": one.with_end / ended,
        "without_end": one.without_end,
        "share_without": one.without_end / compared,
        "ratio": _finite(told.ratio),
        "low": told.low,
        "high": _finite(told.high),
        "lead": round(one.lead[1]) if one.lead else None,
        "holds": "yes" if holds else "unsure",
        "rule": part if told.ratio > 1 else "",
        "q_value": one.q_value,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _sentence(asked: Asked, found: Found, rows: Sequence[Row], wording: Wording) -> str:
    sets = found.study.sets
    if not sets.found:
        return f"{wording.none} Choose a longer time, or another value in the question."
    noun, verb = (wording.one, "is") if sets.found == 1 else (wording.many, "are")
    there = f"There {verb} {count(sets.found)} {noun}, but"
    if not sets.count:
        return (
            f"{there} nobody comparable: no account of the same class was with us for"
            " about as long."
        )
    if not rows:
        return (
            f"{there} nothing was seen before them often enough to judge. Choose a"
            " longer time, or log contacts and events."
        )
    sure = [row for row in rows if row["holds"] == "yes"]
    tested = f"{count(len(rows))} patterns that were seen often enough"
    if not sure:
        return (
            f"Nothing came surely more or less often before {count(sets.count)} {noun} "
            f"than at comparable customers, of {tested}."
        )
    best = sure[0]
    return (
        f"Before {count(sets.count)} {noun}, “{best['label']}” was "
        f"{_times(best)} as likely as at comparable customers{_lead(best)}. "
        f"{count(len(sure))} of {tested} hold."
    )


def _times(row: Row) -> str:
    if row["ratio"] is None:
        return f"more than {number(row['low'])} times"
    high = "endlessly many" if row["high"] is None else number(row["high"])
    return f"{number(row['ratio'])} times ({number(row['low'])} to {high})"


def _lead(row: Row) -> str:
    return (
        "" if row["lead"] is None else f", usually {counted(row['lead'], 'day')} before"
    )


def _notes(asked: Asked, found: Found) -> list[str]:
    sets = found.study.sets
    notes = []
    if sets.unmatched:
        is_one = "is" if sets.unmatched == 1 else "are"
        notes.append(f"{sets.unmatched} had nobody comparable and {is_one} left out.")
    if sets.found > sets.count + sets.unmatched:
        notes.append(f"Drawn at random from {count(sets.found)}, one of each customer.")
    beside = sets.account[~found.study.is_end]
    if np.unique(beside).size < beside.size:
        notes.append("A comparable customer may stand beside several, listed once.")
    if found.report.too_few:
        notes.append(
            f"{count(found.report.too_few)} more patterns were seen fewer than "
            f"{sequences.LEAST_SEEN} times and are not judged."
        )
    if not asked.user.sees_every_account:
        notes.append("Only your own accounts, which you see, are counted and compared.")
    return notes


def _chart(rows: Sequence[Row], columns: Sequence[Column]) -> Chart | None:
    draw = Draw(
        "Share that saw it before, and of comparable ones",
        "label",
        ("share_with", "share_without"),
    )
    return chart_of(draw, rows[: MOST_BARS // 2], columns)


def names(asked: Asked, part: str, of: str) -> Sequence[int]:
    """Return the accounts of a cell: with the end, or the comparable ones."""
    found = look(asked)
    study = found.study
    is_end = study.is_end
    chosen = is_end if of != "without_end" else ~is_end
    if part:
        wanted = found.numbers(part)
        if wanted is None:
            return []
        chosen = chosen & study.exposed(*wanted)
    return [int(key) for key in np.unique(study.sets.account[chosen])]


# -- The questions ---------------------------------------------------------------------

WINDOW = parameters.whole("window", "How many", initial=90, least=1, most=730)
LOSS = parameters.choice(
    "loss",
    "What counts as lost",
    (
        ("lost", "who was marked as lost"),
        ("contract", "whose last contract ended"),
        ("quiet", "whose chance of still buying fell"),
    ),
)
METHOD = (
    f"Each is set beside up to {sequences.CONTROLS} customers who were still with us "
    "on that day, stood in the same class and had been with us for about as long. Only "
    "what happened before the day counts. The ratio is that of the rates; its interval "
    "holds it with 95 %. A pattern holds when the rate of false discoveries over all "
    "patterns tested is at most 5 %. It tells what comes before, not what causes."
)

BEFORE_LOSS = Question(
    key="before-loss",
    number="Q5",
    family=FAMILY,
    words=(
        "What happened in the {window} days before customers of {worth_class} were "
        "lost, counting {loss} (below {below} %), from {since} to {until}?"
    ),
    parameters=(
        WINDOW,
        parameters.CLASS,
        LOSS,
        parameters.share("below", "Per cent of chance", initial=20),
        *parameters.period(days=730),
    ),
    columns=COLUMNS,
    answer=lambda asked: answered(
        asked,
        Wording("loss", "losses", "Nobody was lost in this time, by this definition."),
    ),
    names=names,
    method=METHOD,
)
BEFORE_PURCHASE = Question(
    key="before-purchase",
    number="Q7",
    family=FAMILY,
    words=(
        "What happened in the {window} days before customers of {worth_class} bought "
        "{product} from {since} to {until}?"
    ),
    parameters=(
        WINDOW,
        parameters.CLASS,
        parameters.product(any_of="anything"),
        *parameters.period(),
    ),
    columns=COLUMNS,
    answer=lambda asked: answered(
        asked,
        Wording(
            "purchase",
            "purchases",
            "Nobody bought that in this time, by these choices.",
        ),
    ),
    names=names,
    method=METHOD + " The first order of all is not among the purchases.",
)

QUESTIONS = (BEFORE_LOSS, BEFORE_PURCHASE)
