"""The list of tasks: what somebody promised to do, by when."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.urls import reverse

from campaigns.queries.lists.account_columns import person_cell
from campaigns.queries.lists.account_filters import people, search_field
from campaigns.queries.lists.base import Listing, Order
from campaigns.queries.lists.contacts import by_class, by_worth
from campaigns.queries.lists.of_accounts import (
    ACCOUNT,
    ACCOUNT_OWNER,
    CLASS,
    CLV,
    in_order,
    with_worth,
)
from clv.models import ValuationRun
from common.clock import business_today
from common.lists.columns import Cell, Column, Registry
from common.lists.filters import (
    Filter,
    choice_field,
    equals,
    record_field,
    said_by,
)
from common.templatetags.display import day, days_away
from crm.choices import ListKey, TaskKind, TaskPriority, TaskStatus
from crm.models import Task
from segments.choices import WorthClass

ANY = "any"
STATUSES = (*TaskStatus.choices, (ANY, "Any"))
DUE = (
    ("late", "Overdue"),
    ("today", "Today"),
    ("week", "Within seven days"),
)


def _title(row: Any) -> Cell:
    task: Task = row.record
    where = reverse("crm:task_edit", args=[task.pk])
    is_open = task.status == TaskStatus.OPEN
    return Cell(
        task.title,
        hint=task.title,
        url=f"{where}?then={reverse('campaigns:task_list')}",
        mark="" if is_open else task.get_status_display(),
    )


def _due(row: Any) -> Cell:
    task: Task = row.record
    today = business_today()
    if task.status != TaskStatus.OPEN:
        return Cell(day(task.due_on), tone="muted")
    tone = "loss" if task.due_on < today else ""
    return Cell(day(task.due_on), tone=tone, under=days_away(task.due_on, today))


def _said(name: str) -> Any:
    def cell(row: Any) -> Cell:
        value = getattr(row.record, name)
        return Cell(getattr(row.record, f"get_{name}_display")(), value=value)

    return cell


def _by_words(rows: Any, value: str, _listing: Any) -> Any:
    return rows.filter(Q(title__icontains=value) | Q(account__name__istartswith=value))


def _by_status(rows: Any, value: str, _listing: Any) -> Any:
    return rows if value == ANY else rows.filter(status=value)


def _by_day(rows: Any, value: str, _listing: Any) -> Any:
    today = business_today()
    wanted = {
        "late": Q(due_on__lt=today),
        "today": Q(due_on=today),
        "week": Q(due_on__range=(today, today + dt.timedelta(days=7))),
    }
    return rows.filter(wanted[value])


REGISTRY = Registry(
    (
        Column(
            "title",
            "Task",
            cell=_title,
            export=lambda row: row.record.title,
            sort="title",
            edit="title",
            is_fixed=True,
            style="is-main",
        ),
        ACCOUNT,
        Column(
            "due",
            "By",
            cell=_due,
            export=lambda row: row.record.due_on,
            sort="due",
            edit="due_on",
            is_default=True,
            is_on_phone=True,
            style="is-short",
        ),
        Column(
            "who",
            "Who",
            cell=lambda row: person_cell(row.record.owner),
            export=lambda row: row.record.owner.name,
            filter="who",
            edit="owner",
            is_default=True,
            is_on_phone=True,
            style="is-aside",
        ),
        Column(
            "kind",
            "Kind",
            cell=_said("kind"),
            export=lambda row: row.record.get_kind_display(),
            filter="kind",
            is_default=True,
            style="is-short",
        ),
        Column(
            "priority",
            "Priority",
            cell=_said("priority"),
            export=lambda row: row.record.get_priority_display(),
            filter="priority",
        ),
        Column(
            "status",
            "Status",
            cell=_said("status"),
            export=lambda row: row.record.get_status_display(),
            filter="status",
        ),
        CLASS,
        CLV,
        ACCOUNT_OWNER,
    )
)
FILTERS = (
    Filter(
        "search", "Search", search_field("Task or account"), _by_words, is_quick=True
    ),
    Filter(
        "status",
        "Status",
        choice_field(STATUSES, usual=TaskStatus.OPEN),
        _by_status,
        said_by(STATUSES),
        is_quick=True,
    ),
    Filter("due", "By", choice_field(DUE), _by_day, said_by(DUE), is_quick=True),
    Filter(
        "who",
        "Who",
        record_field(people, "Everybody"),
        equals("owner"),
        is_quick=True,
    ),
    Filter(
        "class",
        "Class",
        choice_field(WorthClass.choices),
        by_class,
        said_by(WorthClass.choices),
        is_quick=True,
    ),
    Filter(
        "kind",
        "Kind",
        choice_field(TaskKind.choices),
        equals("kind"),
        said_by(TaskKind.choices),
    ),
    Filter(
        "priority",
        "Priority",
        choice_field(TaskPriority.choices),
        equals("priority"),
        said_by(TaskPriority.choices),
    ),
    Filter(
        "owner",
        "Owner of the account",
        record_field(people, "Everybody"),
        equals("account__owner"),
    ),
)


class TaskList(Listing):
    """The tasks that `user` may see; the open ones unless others are asked for."""

    key = ListKey.TASKS
    model = Task
    noun = "task"
    registry = REGISTRY
    filters = FILTERS
    orders: ClassVar[Mapping[str, Order]] = {
        "due": Order("due_on", dt.date),
        "title": Order("title"),
        "account": Order("account__name", is_nullable=True),
        "clv": Order("worth", Decimal, is_nullable=True, annotation=by_worth),
    }
    default_sort = "due"

    @cached_property
    def run(self) -> ValuationRun | None:
        return ValuationRun.objects.current()

    def visible(self) -> QuerySet[Task]:
        return Task.objects.visible_to(self.user)

    def filtered(self, *, without: frozenset[str] = frozenset()) -> QuerySet[Any]:
        rows = super().filtered(without=without)
        if self.form.given("status"):
            return rows
        return rows.filter(status=TaskStatus.OPEN)

    def read(self, keys: Sequence[int]) -> list[Any]:
        rows = Task.objects.select_related("owner", "account__owner")
        found = in_order(rows.in_bulk(list(keys)), keys)
        return with_worth(found, self.run, self.needs)
