"""What the CRM itself brings to the timeline."""

from collections.abc import Sequence
from typing import Any

from django.db.models import (
    Case,
    Count,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KT

from crm.choices import (
    CostKind,
    HoldingStatus,
    OrderStatus,
    TaskStatus,
    TouchpointSource,
)
from crm.models import (
    Account,
    AuditEvent,
    GoalEvidence,
    Holding,
    HypothesisEvidence,
    LedgerEntry,
    LifeEvent,
    Order,
    OrderLine,
    OrderReturn,
    Task,
    Touchpoint,
)
from crm.queries.entries import Entries, joined, of_accounts, words

CHANGE_OF_OWNER = "account.owner_changed"


def contacts(account_ids: Sequence[int]) -> Entries:
    """Return calls, mails, meetings, visits, post, web, chat, social and notes."""
    rows = of_accounts(Touchpoint.objects.standing(), account_ids)
    costs = LedgerEntry.objects.filter(touchpoint=OuterRef("pk")).order_by()
    spent = costs.values("touchpoint").annotate(n=Sum("amount")).values("n")
    # Undo belongs to what was typed here; other sources have doors of their own.
    typed_at = Case(When(source=TouchpointSource.TYPED, then=F("created_at")))
    return Entries(
        rows,
        at="occurred_at",
        columns={
            "channel": F("channel"),
            "direction": F("direction"),
            "text": F("note"),
            "person": words("contact__name"),
            "who": words("user__name"),
            "who_id": F("user_id"),
            "outcome": F("outcome"),
            "minutes": F("minutes"),
            "amount": Subquery(spent),
            "stored_at": typed_at,
        },
        channel="channel",
        person="contact__name",
        who="user_id",
        searched=("note", "contact__name"),
    )


def orders(account_ids: Sequence[int]) -> Entries:
    """Return orders, cancelled ones too."""
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    is_off = When(status=OrderStatus.CANCELLED, then=Value("Order, cancelled"))
    return Entries(
        of_accounts(Order.objects.all(), account_ids),
        at="ordered_on",
        is_day=True,
        columns={
            "title": Case(is_off, default=Value("Order"), output_field=TextField()),
            "text": words("external_id"),
            "outcome": F("status"),
            "count": Subquery(lines.annotate(n=Count("pk")).values("n")),
            "amount": Subquery(lines.annotate(n=Sum("revenue")).values("n")),
        },
        product="lines__product__name",
        searched=("external_id",),
    )


def returns(account_ids: Sequence[int]) -> Entries:
    """Return goods that came back; the amount is what was paid back."""
    return Entries(
        of_accounts(OrderReturn.objects.all(), account_ids),
        at="returned_on",
        is_day=True,
        columns={
            "text": joined(
                words("line__product__name"),
                Case(
                    When(Q(reason="") | Q(line__product=None), then=Value("")),
                    default=Value(": "),
                    output_field=TextField(),
                ),
                words("reason"),
            ),
            "amount": -F("refund"),
        },
        product="line__product__name",
        searched=("reason", "line__product__name"),
    )


def goal_evidence(account_ids: Sequence[int]) -> Entries:
    """Return what was seen of the customer's goals."""
    return Entries(
        of_accounts(GoalEvidence.objects.filter(voided_at=None), account_ids),
        at="noted_on",
        is_day=True,
        columns={
            "title": words("goal__title"),
            "text": F("text"),
            "who": words("recorded_by__name"),
            "who_id": F("recorded_by_id"),
            "amount": F("amount"),
        },
        who="recorded_by_id",
        searched=("goal__title", "text"),
    )


def journal_evidence(account_ids: Sequence[int]) -> Entries:
    """Return what was seen that speaks for or against a hypothesis."""
    return Entries(
        of_accounts(HypothesisEvidence.objects.all(), account_ids),
        at="noted_on",
        is_day=True,
        columns={
            "title": words("hypothesis__statement"),
            "text": F("text"),
            "who": words("recorded_by__name"),
            "who_id": F("recorded_by_id"),
        },
        who="recorded_by_id",
        searched=("hypothesis__statement", "text"),
    )


def events(account_ids: Sequence[int]) -> Entries:
    """Return what happened in the customer's life."""
    return Entries(
        of_accounts(LifeEvent.objects.standing(), account_ids),
        at="occurred_on",
        is_day=True,
        columns={
            "title": F("type__name"),
            "text": F("note"),
            "person": words("contact__name"),
            "who": words("created_by__name"),
            "who_id": F("created_by_id"),
        },
        person="contact__name",
        who="created_by_id",
        searched=("type__name", "note", "contact__name"),
    )


def tasks(account_ids: Sequence[int]) -> Entries:
    """Return what was promised and done."""
    rows = of_accounts(Task.objects.filter(status=TaskStatus.DONE), account_ids)
    return Entries(
        rows,
        at="done_at",
        columns={
            "text": words("title"),
            "who": words("owner__name"),
            "who_id": F("owner_id"),
        },
        who="owner_id",
        searched=("title",),
    )


def costs(account_ids: Sequence[int]) -> Entries:
    """Return costs entered by hand; those of contacts stand at their contacts."""
    rows = of_accounts(LedgerEntry.objects.by_hand(), account_ids)
    kinds = [
        When(kind=kind.value, then=Value(f"Cost: {str(kind.label).lower()}"))
        for kind in CostKind
    ]
    return Entries(
        rows,
        at="incurred_on",
        is_day=True,
        columns={
            "title": Case(*kinds, default=Value("Cost"), output_field=TextField()),
            "text": Case(
                When(note="", then=words("document")),
                When(document="", then=words("note")),
                default=joined(words("note"), Value(" · "), words("document")),
                output_field=TextField(),
            ),
            "who": words("created_by__name"),
            "who_id": F("created_by_id"),
            "amount": F("amount"),
        },
        who="created_by_id",
        searched=("note", "document"),
    )


def owners(account_ids: Sequence[int]) -> Entries:
    """Return who handed the account to whom."""
    return _audited(
        account_ids,
        CHANGE_OF_OWNER,
        joined(
            KT("detail__before"),
            Value(" → "),
            KT("detail__after"),
        ),
    )


def created(account_ids: Sequence[int]) -> Entries:
    """Return when somebody entered the account here."""
    return _audited(account_ids, "account.created", Value(""))


def _audited(account_ids: Sequence[int], action: str, text: Any) -> Entries:
    rows: QuerySet[AuditEvent] = AuditEvent.objects.filter(
        subject_type=Account._meta.label_lower, action=action
    )
    if len(account_ids) == 1:
        rows = rows.filter(subject_id=account_ids[0])
    else:
        rows = rows.filter(subject_id__in=account_ids)
    return Entries(
        rows,
        at="at",
        columns={
            "text": text,
            "who": words("actor__name"),
            "who_id": F("actor_id"),
        },
        who="actor_id",
    )


def holdings(account_ids: Sequence[int]) -> Entries:
    """Return since when they have what they have, and had."""
    return Entries(
        of_accounts(Holding.objects.all(), account_ids),
        at="acquired_on",
        is_day=True,
        columns={
            "text": joined(F("product__name"), Value(", "), _units()),
            "link_id": F("account_id"),
        },
        product="product__name",
        searched=("product__name", "serial_number", "note"),
    )


def holdings_stopped(account_ids: Sequence[int]) -> Entries:
    """Return what ended, came back, was renewed or replaced."""
    gone = Holding.objects.exclude(status=HoldingStatus.ACTIVE)
    is_same = Q(replaced_by__product=F("product"))
    return Entries(
        of_accounts(gone.filter(ends_on__isnull=False), account_ids),
        at="ends_on",
        is_day=True,
        columns={
            "title": Case(
                When(is_same, then=Value("Contract renewed")),
                When(status=HoldingStatus.REPLACED, then=Value("Replaced")),
                When(status=HoldingStatus.RETURNED, then=Value("Given back")),
                default=Value("Ended"),
                output_field=TextField(),
            ),
            "text": Case(
                When(
                    Q(replaced_by__isnull=False) & ~is_same,
                    then=joined(
                        F("product__name"),
                        Value(" by "),
                        F("replaced_by__product__name"),
                    ),
                ),
                default=words("product__name"),
                output_field=TextField(),
            ),
            "link_id": F("account_id"),
        },
        product="product__name",
        searched=("product__name", "note"),
    )


def _units() -> Func:
    """Write the quantity without needless zeros."""
    return Func(F("quantity"), function="trim_scale", output_field=TextField())
