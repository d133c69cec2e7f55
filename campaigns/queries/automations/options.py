"""What the parameters of automations may be chosen from."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q

from campaigns.choices import BelowLine, VersionStatus
from campaigns.models import LibraryTouch, RetentionPlan, WebhookEndpoint
from crm.choices import CaseKind, RelationshipType, Stage, TaskKind, TaskPriority
from crm.models import EventType, Product, Tag, Territory, User
from segments.choices import WorthClass

Options = Sequence[tuple[str, str]]
BECAME_CUSTOMER = "customer"
NO_CLASS = "none"


def worth_classes() -> Options:
    return [(str(key), str(label)) for key, label in WorthClass.choices]


def classes_before() -> Options:
    return [*worth_classes(), (NO_CLASS, "No class yet")]


def directions() -> Options:
    return [("fell", "fell"), ("rose", "rose")]


def is_or_not() -> Options:
    return [("is", "is one of"), ("is_not", "is none of")]


def at_least_or_most() -> Options:
    return [("least", "at least"), ("most", "at most")]


def which_orders() -> Options:
    return [("first", "the first order")]


def case_kinds() -> Options:
    return _closed(CaseKind.choices)


def stages() -> Options:
    return _closed(Stage.choices)


def relationship_types() -> Options:
    return [(key, label) for key, label in _closed(RelationshipType.choices) if key]


def task_kinds() -> Options:
    return _closed(TaskKind.choices)


def priorities() -> Options:
    return _closed(TaskPriority.choices)


def responsible() -> Options:
    """Return who may get a task: by role, so that it follows when people change."""
    return [
        ("owner", "owner of the account"),
        ("manager", "manager of the territory"),
        ("author", "who switched the automation on"),
    ]


def told() -> Options:
    return [
        ("owner", "owner of the account"),
        ("manager", "manager of the territory"),
        ("marketer", "everybody in marketing"),
    ]


def where_said() -> Options:
    return [("needs", "needs"), ("preferences", "preferences")]


def event_types() -> Options:
    return _rows(EventType.objects.filter(is_active=True))


def yearly_days() -> Options:
    """Return days that come back every year: of events, and of becoming a customer."""
    types = EventType.objects.filter(is_active=True, recurs_yearly=True)
    return [*_rows(types), (BECAME_CUSTOMER, "Day of becoming a customer")]


def territories() -> Options:
    return _rows(Territory.objects.all())


def tags() -> Options:
    return _rows(Tag.objects.filter(is_active=True))


def people() -> Options:
    return _rows(User.objects.filter(is_active=True))


def products() -> Options:
    return _rows(Product.objects.filter(term_months__isnull=False))


def plans() -> Options:
    """Return plans that somebody can follow: those with a published version."""
    published = Q(versions__status=VersionStatus.PUBLISHED)
    return _rows(RetentionPlan.objects.filter(published).distinct())


def library_touches() -> Options:
    return _rows(LibraryTouch.objects.filter(is_active=True, unit_cost__isnull=False))


def below_the_line() -> Options:
    return _closed(BelowLine.choices)


def endpoints() -> Options:
    return _rows(WebhookEndpoint.objects.filter(is_active=True))


def _closed(choices: Iterable[tuple[Any, Any]]) -> Options:
    return [(str(key), str(label)) for key, label in choices]


def _rows(rows: Iterable[Any]) -> Options:
    return [(str(row.pk), str(row)) for row in rows]
