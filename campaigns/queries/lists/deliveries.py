"""The journal of mails: what waits, what left, what was refused, and why."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from campaigns.choices import DeliveryStatus
from campaigns.models import Delivery
from campaigns.queries.lists.account_columns import person_cell
from campaigns.queries.lists.account_filters import people, search_field
from campaigns.queries.lists.base import Listing, Order
from campaigns.queries.lists.contacts import by_class
from campaigns.queries.lists.of_accounts import (
    ACCOUNT,
    ACCOUNT_OWNER,
    CLASS,
    in_order,
    with_worth,
)
from clv.models import ValuationRun
from common.lists.columns import Cell, Column, Registry
from common.lists.filters import Filter, choice_field, equals, record_field, said_by
from common.templatetags.display import moment
from crm.choices import ListKey
from segments.choices import WorthClass

UNDER_WAY, TO_DECIDE = "under_way", "to_decide"
STATES = (
    (TO_DECIDE, "To decide"),
    (UNDER_WAY, "On the way"),
    *DeliveryStatus.choices,
)
WAITING = (DeliveryStatus.PLANNED, DeliveryStatus.RETRY)
SENDING = (DeliveryStatus.CLAIMED, DeliveryStatus.HANDING_OVER)
OPEN_ENDS = (DeliveryStatus.UNCONFIRMED, DeliveryStatus.REJECTED)
TONES = {
    DeliveryStatus.REJECTED: "loss",
    DeliveryStatus.UNCONFIRMED: "loss",
    DeliveryStatus.SUPPRESSED: "muted",
    DeliveryStatus.CANCELLED: "muted",
}


def _subject(row: Any) -> Cell:
    mail: Delivery = row.record
    url = reverse("campaigns:delivery_detail", args=[mail.pk])
    return Cell(mail.subject, hint=mail.subject, url=url)


def _status(row: Any) -> Cell:
    mail: Delivery = row.record
    under = mail.answer[:80]
    if mail.status in WAITING and mail.not_before > timezone.now():
        under = f"leaves {moment(mail.not_before)}"
    return Cell(
        mail.get_status_display(),
        value=mail.status,
        under=under,
        hint=mail.answer,
        tone=TONES.get(DeliveryStatus(mail.status), ""),
    )


def _by_words(rows: Any, value: str, _listing: Any) -> Any:
    return rows.filter(
        Q(subject__icontains=value)
        | Q(address__istartswith=value)
        | Q(account__name__istartswith=value)
    )


def _by_status(rows: Any, value: str, _listing: Any) -> Any:
    if value == UNDER_WAY:
        return rows.filter(status__in=(*WAITING, *SENDING))
    if value == TO_DECIDE:
        return rows.filter(status__in=OPEN_ENDS)
    return rows.filter(status=value)


REGISTRY = Registry(
    (
        Column(
            "subject",
            "Mail",
            cell=_subject,
            export=lambda row: row.record.subject,
            sort="subject",
            is_fixed=True,
            style="is-main",
        ),
        ACCOUNT,
        Column(
            "status",
            "State",
            cell=_status,
            export=lambda row: row.record.get_status_display(),
            filter="status",
            is_default=True,
            is_on_phone=True,
        ),
        Column(
            "address",
            "To",
            cell=lambda row: Cell(row.record.address, hint=row.record.address),
            export=lambda row: row.record.address,
            is_default=True,
            is_on_phone=True,
        ),
        Column(
            "written",
            "Written",
            cell=lambda row: Cell(moment(row.record.created_at)),
            export=lambda row: row.record.created_at,
            sort="written",
            is_descending=True,
            is_default=True,
            style="is-day",
        ),
        Column(
            "ended",
            "Ended",
            cell=lambda row: Cell(
                moment(row.record.finished_at) if row.record.finished_at else ""
            ),
            export=lambda row: row.record.finished_at,
            is_default=True,
            style="is-day",
        ),
        Column(
            "attempts",
            "Attempts",
            cell=lambda row: Cell(str(row.record.attempts)),
            export=lambda row: row.record.attempts,
        ),
        Column(
            "answer",
            "Answer",
            cell=lambda row: Cell(row.record.answer[:120], hint=row.record.answer),
            export=lambda row: row.record.answer,
        ),
        Column(
            "topic",
            "Topic",
            cell=lambda row: Cell(row.record.topic),
            export=lambda row: row.record.topic,
        ),
        Column(
            "occasion",
            "For",
            cell=lambda row: Cell(row.record.occasion),
            export=lambda row: row.record.occasion,
        ),
        Column(
            "author",
            "Written by",
            cell=lambda row: person_cell(row.record.author, nobody="By itself"),
            export=lambda row: str(row.record.author or ""),
            filter="author",
            style="is-aside",
        ),
        CLASS,
        ACCOUNT_OWNER,
    )
)
FILTERS = (
    Filter(
        "search",
        "Search",
        search_field("Subject, address or account"),
        _by_words,
        is_quick=True,
    ),
    Filter(
        "status",
        "State",
        choice_field(STATES),
        _by_status,
        said_by(STATES),
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
    Filter("author", "Written by", record_field(people, "Everybody"), equals("author")),
    Filter(
        "owner",
        "Owner of the account",
        record_field(people, "Everybody"),
        equals("account__owner"),
    ),
)


class DeliveryList(Listing):
    """The mails to accounts that `user` may see, the newest first."""

    key = ListKey.DELIVERIES
    model = Delivery
    noun = "mail"
    registry = REGISTRY
    filters = FILTERS
    orders: ClassVar[Mapping[str, Order]] = {
        "written": Order("pk", int),
        "subject": Order("subject"),
        "account": Order("account__name"),
    }
    default_sort = "-written"
    note_template = "campaigns/deliveries/_note.html"

    @cached_property
    def run(self) -> ValuationRun | None:
        return ValuationRun.objects.current()

    @cached_property
    def standing(self) -> dict[str, Any]:
        """Return how many mails wait, left within the hour, and are to be decided."""
        hour_ago = timezone.now() - dt.timedelta(hours=1)
        left = Q(status=DeliveryStatus.ACCEPTED, finished_at__gt=hour_ago)
        counts = self.visible().aggregate(
            waiting=Count("pk", filter=Q(status__in=(*WAITING, *SENDING))),
            left=Count("pk", filter=left),
            unconfirmed=Count("pk", filter=Q(status=DeliveryStatus.UNCONFIRMED)),
        )
        return {**counts, "most": settings.MAILS_PER_HOUR}

    @property
    def is_server_set(self) -> bool:
        return settings.EMAIL_BACKEND == settings.SMTP_BACKEND

    def visible(self) -> QuerySet[Delivery]:
        return Delivery.objects.visible_to(self.user)

    def read(self, keys: Sequence[int]) -> list[Any]:
        rows = Delivery.objects.select_related("author", "account__owner")
        found = in_order(rows.in_bulk(list(keys)), keys)
        return with_worth(found, self.run, self.needs)
