"""The question bank: ask, read the answer, take it along."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import (
    Http404,
    HttpResponse,
    HttpResponseBase,
)
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from campaigns.forms.questions import KeepForm, MailingForm
from campaigns.models import AnswerMailing, SavedQuestion
from campaigns.permissions import ASK_QUESTIONS, CHANGE_ALERT_RULES
from campaigns.queries.questions.answering import (
    QuestionForm,
    answer,
    understand,
)
from campaigns.queries.questions.base import Answer, Asked, Column, Question, Row
from campaigns.queries.questions.registry import BY_KEY, families
from campaigns.queries.questions.sets import names_url
from common.access import requires
from common.htmx import render_page, wants_fragment
from common.spreadsheets import csv_file
from crm.permissions import SHARE_VIEWS
from crm.requests import SignedInRequest
from segments.queries.scope import Scope
from segments.queries.scope_form import NARROWING

PAGE_SIZE = 25  # a phone shows each line as a card


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of an answer's table."""

    text: str
    title: str
    is_number: bool
    url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer's table; a pattern's can become a rule."""

    cells: list[Cell]
    rule: str = ""

    @property
    def name(self) -> str:
        return self.cells[0].text


@dataclass(frozen=True, slots=True)
class Table:
    """One page of an answer's table."""

    columns: list[Column]
    lines: list[Line]
    first: int
    last: int
    count: int
    previous: int
    next: int

    @property
    def has_rules(self) -> bool:
        return any(line.rule for line in self.lines)


@dataclass(frozen=True, slots=True)
class Entry:
    """One question of the bank, as it stands in the list."""

    question: Question
    form: QuestionForm


@require_GET
@requires(ASK_QUESTIONS)
def question_list(request: SignedInRequest) -> HttpResponse:
    """Show what can be asked, and what was kept."""
    return show_list(request)


def show_list(
    request: SignedInRequest, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """Render the list, with what went wrong if something did."""
    scope = Scope.read(request.GET, request.user, only=("as_of", *NARROWING))
    saved = SavedQuestion.objects.visible_to(request.user).select_related("owner")
    mailings = AnswerMailing.objects.visible_to(request.user)
    context = {
        "families": [
            (name, [Entry(one, QuestionForm(one, request.user, {})) for one in known])
            for name, known in families()
        ],
        "saved": [one for one in saved if one.question in BY_KEY],
        "mailings": mailings.select_related("saved", "recipient", "ordered_by"),
        "mailing_form": MailingForm(user=request.user, auto_id=False),
        "can_share": request.user.has_perm(SHARE_VIEWS),
        "problem": problem,
        "scope": scope,
    }
    return render(request, "campaigns/questions/list.html", context, status=status)


@require_GET
@requires(ASK_QUESTIONS)
def question(request: SignedInRequest, key: str) -> HttpResponse:
    """Answer one question, with what was chosen in its sentence."""
    if key not in BY_KEY:
        raise Http404(key)
    return question_page(request, key, request.GET.dict())


def question_page(
    request: SignedInRequest,
    key: str,
    given: Mapping[str, str],
    *,
    keep_form: KeepForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render a question with its answer, and what went wrong if something did."""
    reading = understand(BY_KEY[key], request.user, given)
    context: dict[str, Any] = {
        "reading": reading,
        "is_piece": wants_fragment(request),
        "answer": None,
        "problem": problem,
        "keep_form": keep_form,
        "can_share": request.user.has_perm(SHARE_VIEWS),
        "can_rule": request.user.has_perm(CHANGE_ALERT_RULES),
    }
    if reading.asked is not None:
        context |= _answered(request, reading.asked)
    return render_page(
        request,
        "campaigns/questions/page.html",
        fragment="campaigns/questions/_answer.html",
        context=context,
        status=status,
    )


def _answered(request: SignedInRequest, asked: Asked) -> dict[str, Any]:
    found = answer(asked)
    return {
        "asked": asked,
        "answer": found,
        "table": _table(asked, found, request.GET.get("page", "")),
        "matrix_rows": _matrix_rows(asked, found),
        "query": urlencode(asked.query),
        "names_url": names_url(asked) if found.has_names else "",
        "now_query": urlencode({k: v for k, v in asked.query.items() if k != "as_of"}),
        "link": request.build_absolute_uri(
            f"{reverse('campaigns:question', args=[asked.question.key])}"
            f"?{urlencode(asked.query)}"
        ),
    }


@require_GET
@requires(ASK_QUESTIONS)
def question_export(request: SignedInRequest, key: str) -> HttpResponseBase:
    """Stream the whole table of an answer as CSV."""
    if key not in BY_KEY:
        raise Http404(key)
    reading = understand(BY_KEY[key], request.user, request.GET.dict())
    if reading.asked is None:
        problem = "; ".join(f"{label}: {text}" for label, text in reading.problems)
        return HttpResponse(problem, status=400, content_type="text/plain")
    found, scope = answer(reading.asked), reading.scope
    return csv_file(
        key,
        [one.title for one in found.columns],
        _csv_rows(found),
        as_of=found.as_of,
        among=scope.text if scope.is_narrowed else "",
    )


def _csv_rows(found: Answer) -> Iterator[tuple[Any, ...]]:
    for row in found.rows.every():
        yield tuple(row[one.key] for one in found.columns)


# -- The table -------------------------------------------------------------------------


def _table(asked: Asked, found: Answer, page: str) -> Table:
    count = found.rows.count()
    pages = max(1, -(-count // PAGE_SIZE))
    number = min(max(int(page), 1), pages) if page.isdigit() else 1
    start = (number - 1) * PAGE_SIZE
    rows = found.rows.part(start, PAGE_SIZE) if count else []
    return Table(
        columns=list(found.columns),
        lines=[_line(asked, found, row) for row in rows],
        first=start + 1,
        last=start + len(rows),
        count=count,
        previous=number - 1,
        next=number + 1 if number < pages else 0,
    )


def _line(asked: Asked, found: Answer, row: Row) -> Line:
    cells = [_cell(asked, column, row) for column in found.columns]
    return Line(cells, rule=str(row.get("rule") or ""))


def _cell(asked: Asked, column: Column, row: Row) -> Cell:
    value = row[column.key]
    url = ""
    if column.kind == "account":
        url = reverse("crm:account_detail", args=[row["account_id"]])
    elif column.names and value and row.get("part"):
        url = names_url(asked, part=str(row["part"]), of=column.key)
    return Cell(column.say(value), column.title, column.is_number, url)


def _matrix_rows(asked: Asked, found: Answer) -> list[tuple[str, list[Any]]]:
    if found.matrix is None:
        return []
    return [
        (
            name,
            [
                (cell, names_url(asked, part=cell.part) if cell.part else "")
                for cell in cells
            ],
        )
        for name, cells in found.matrix.rows
    ]
