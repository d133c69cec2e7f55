"""Reads what was asked and answers it."""

import datetime as dt
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.db import connection
from django.db.backends.postgresql.psycopg_any import mogrify
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from campaigns.queries.questions.base import (
    MOST_BARS,
    SAID_BY,
    Answer,
    Asked,
    Draw,
    Question,
    Row,
    Rows,
    SqlRows,
    read,
    with_base,
)
from campaigns.queries.questions.drawing import chart_of
from common.charts import Chart
from common.clock import business_today
from crm.models import Account, User
from segments.queries.scope import Scope
from segments.queries.scope_form import FIELDS, NARROWING

ALL = "__all__"


class QuestionForm(forms.Form):
    """The parameters of one question, for one person."""

    def __init__(
        self,
        question: Question,
        user: User,
        given: Mapping[str, Any],
        today: dt.date | None = None,
    ) -> None:
        today = today or business_today()
        data = {one.key: one.initial(today) for one in question.parameters}
        data |= {key: given[key] for key in data if key in given}
        super().__init__(data, auto_id="ask_%s")
        self.question = question
        for one in question.parameters:
            made = one.field(user)
            if made is not None:
                made.label = one.label
                made.widget.attrs["aria-label"] = one.label
                self.fields[one.key] = made

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and since > until:
            self.add_error("until", "The last day is before the first. Swap the two.")
        return values

    @property
    def outline(self) -> Iterator[tuple[str, bool]]:
        """Yield the sentence as a list of questions says it, and what can be chosen."""
        found = {one.key: one for one in self.question.parameters}
        for words, key, _, _ in string.Formatter().parse(self.question.words):
            yield words, False
            if key in self.fields:
                yield found[key].in_list, True
            elif key:
                yield found[key].fixed, False

    @property
    def pieces(self) -> Iterator[tuple[str, forms.BoundField | None]]:
        """Yield the sentence: words, and fields between them."""
        fixed = {one.key: one.fixed for one in self.question.parameters}
        for words, key, _, _ in string.Formatter().parse(self.question.words):
            yield words, None
            if key in self.fields:
                yield "", self[key]
            elif key:
                yield fixed[key], None


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as it was read; `asked` is None where something cannot be."""

    question: Question
    form: QuestionForm
    asked: Asked | None
    scope: Scope

    @property
    def title(self) -> str:
        """Return the question in words, with what was chosen where it can be read."""
        if self.asked is not None:
            return self.asked.in_words
        return "".join(words for words, _ in self.form.outline)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Return what is wrong: the name of the choice, and what to do."""
        labels = {one.key: one.label for one in self.question.parameters}
        return [
            (labels.get(key, ""), str(text))
            for key, errors in self.form.errors.items()
            for text in errors
        ] + [
            (str(self.scope.form.fields[key].label) if key != ALL else "", str(text))
            for key, errors in self.scope.form.errors.items()
            for text in errors
        ]

    @property
    def errors(self) -> dict[str, list[str]]:
        """Return what is wrong by the name of the parameter."""
        return {
            key: [str(text) for text in texts]
            for form in (self.form, self.scope.form)
            for key, texts in form.errors.items()
        }


def scope_names(question: Question) -> list[str]:
    """Return the fields of the filter bar that the question does not ask itself."""
    own = {one.key for one in question.parameters}
    known = ("as_of", *NARROWING)
    return [name for name in known if SAID_BY.get(name, name) not in own]


def bar_names(question: Question) -> list[str]:
    """Return the fields of the filter bar that the question says by its own names."""
    own = {one.key for one in question.parameters}
    return [name for name, said_by in SAID_BY.items() if said_by in own]


def understand(question: Question, user: User, given: Mapping[str, Any]) -> Reading:
    """Read the parameters and the filter bar; those not given are as they begin.

    The address of a dashboard may be given: its class, days and so on are taken for the
    question's own, and what the question cannot be narrowed by is a problem.
    """
    own = bar_names(question)
    given = {SAID_BY[name]: given[name] for name in own if given.get(name)} | dict(
        given
    )
    narrowed = {name: given[name] for name in FIELDS if name in given}
    scope = Scope.read(
        {name: text for name, text in narrowed.items() if name not in own},
        user,
        only=scope_names(question),
    )
    today = scope.asked_for or business_today()
    form = QuestionForm(question, user, given, today)
    if not form.is_valid() or not scope.is_valid:
        return Reading(question, form, None, scope)
    values, said = {}, {}
    for one in question.parameters:
        has_choice = one.key in form.fields
        values[one.key] = form.cleaned_data.get(one.key) if has_choice else None
        said[one.key] = one.say(values[one.key]) if has_choice else one.fixed
    asked = Asked(question, user, values, today, scope.run, said, scope)
    return Reading(question, form, asked, scope)


def answer(asked: Asked) -> Answer:
    """Answer what was asked, for who asked it."""
    question = asked.question
    if question.needs_run and asked.run is None:
        if asked.scope is not None and asked.scope.is_before_all:
            return _nothing(
                asked, "Nothing was valued by that day. Choose a later one."
            )
        return _nothing(
            asked,
            "Nothing is valued yet. Load orders; then the night, or “Value now” under"
            " Runs, values every account.",
        )
    if question.answer is not None:
        found = question.answer(asked)
        return replace(found, notes=[*found.notes, *_narrowed(asked)])
    total = read(with_base(asked, asked.made(question.totals)), asked.sql)[0]
    rows = SqlRows(with_base(asked, asked.made(question.table)), asked.sql)
    sentence = question.say(asked, total)
    return Answer(
        sentence=sentence,
        as_of=as_of(asked),
        columns=asked.columns,
        rows=rows,
        chart=_chart(asked, rows),
        matrix=question.matrix(asked) if question.matrix else None,
        notes=[*question.notes(asked, total), *_whose(asked)],
        has_names=bool(total.get("customers")),
    )


def as_of(asked: Asked) -> Any:
    """Return the day that the answer holds for."""
    if asked.question.needs_run and asked.run is not None:
        return asked.run.as_of
    return min(asked.values.get("until") or asked.today, asked.today)


def _narrowed(asked: Asked) -> list[str]:
    if asked.scope is None or not asked.scope.is_narrowed:
        return []
    return [f"Narrowed to {asked.scope.text}."]


def _whose(asked: Asked) -> Sequence[str]:
    said = _narrowed(asked)
    if not asked.user.sees_every_account:
        said.append("You see your own accounts, so this answer counts those alone.")
    return said


def _nothing(asked: Asked, sentence: str) -> Answer:
    empty = SqlRows("SELECT 1 WHERE false", {})
    return Answer(sentence, asked.today, asked.columns, empty, has_names=False)


def _chart(asked: Asked, rows: Rows) -> Chart | None:
    draw = asked.question.draw
    made = draw if isinstance(draw, Draw) or draw is None else draw(asked)
    if made is None:
        return None
    if made.sql:
        found: Sequence[Row] = read(with_base(asked, made.sql), asked.sql)
    else:
        found = rows.part(0, MOST_BARS)
    return chart_of(made, found, asked.columns)


# -- The names behind a number ---------------------------------------------------------


def names_behind(asked: Asked, *, part: str = "", of: str = "") -> QuerySet[Account]:
    """Return the accounts behind an answer, a line of it, or a number in that line.

    `part` is the line's key and `of` the column's; either may be empty.
    """
    rows = Account.objects.active().visible_to(asked.user)
    question = asked.question
    if question.names is not None:
        return rows.filter(pk__in=question.names(asked, part, of))
    if question.needs_run and asked.run is None:
        return rows.none()
    only = [one.names for one in asked.columns if one.key == of and one.names]
    only += ["part = %(part)s"] if part else []
    only += [question.named] if question.named else []
    where = f" WHERE {' AND '.join(f'({one})' for one in only)}" if only else ""
    statement = with_base(asked, f"SELECT DISTINCT account_id FROM base{where}")
    # Bound here, because its parameters have names and those around it have none.
    bound = mogrify(statement, asked.sql | {"part": part}, connection)
    return rows.filter(pk__in=RawSQL(str(bound).replace("%", "%%"), []))  # noqa: S611
