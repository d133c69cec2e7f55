"""The list of people at accounts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.urls import reverse

from campaigns.queries.lists.account_columns import tag_names, tags_cell, text_cell
from campaigns.queries.lists.account_filters import (
    all_tags,
    by_tag,
    people,
    search_field,
)
from campaigns.queries.lists.base import Listing, Order
from campaigns.queries.lists.of_accounts import (
    ACCOUNT,
    ACCOUNT_OWNER,
    CLASS,
    CLV,
    in_order,
    with_worth,
)
from clv.models import Valuation, ValuationRun
from common.lists.columns import Attempt, Cell, Column, Registry
from common.lists.filters import (
    Filter,
    choice_field,
    equals,
    record_field,
    said_by,
)
from common.templatetags.display import UNKNOWN, count, day
from crm.choices import Attitude, Channel, DecisionRole, ListKey
from crm.models import Contact
from crm.queries.consent import refused_on_record
from segments.choices import WorthClass
from segments.models import Membership

REACH = (
    ("yes", "May be contacted"),
    ("no", "Asked not to be contacted"),
    ("left", "Has left"),
)
SAID_BESIDE_THE_NAME = {"left", "do_not_contact"}


def _name(row: Any) -> Cell:
    contact: Contact = row.record
    mark = "do not contact" if contact.do_not_contact else ""
    return Cell(
        contact.name,
        hint=contact.name,
        url=reverse("crm:contact_detail", args=[contact.pk]),
        mark="left" if contact.left_on else mark,
    )


def _phone(row: Any) -> Cell:
    phone = row.record.phone
    dialled = "".join(c for c in phone if c.isdigit() or c == "+")
    return _reach(row.record, Channel.PHONE, phone, f"tel:{dialled}", "no calls")


def _email(row: Any) -> Cell:
    email = row.record.email
    return _reach(row.record, Channel.EMAIL, email, f"mailto:{email}", "no mail")


def _reach(contact: Contact, channel: Channel, text: str, url: str, no: str) -> Cell:
    """Write a number or an address; what the person refused is no link."""
    if not text:
        return Cell(UNKNOWN, tone="muted")
    refusal = refused_on_record(contact, channel)
    if refusal:
        mark = no if refusal.code not in SAID_BESIDE_THE_NAME else ""
        return Cell(text, hint=refusal.message, tone="muted", mark=mark)
    attempt = Attempt(contact.account_id, contact.pk, channel.value)
    return Cell(text, hint=text, url=url, attempt=attempt)


def _said(name: str) -> Any:
    def cell(row: Any) -> Cell:
        value = getattr(row.record, name)
        text = getattr(row.record, f"get_{name}_display")()
        return Cell(text if value else UNKNOWN, value=value)

    return cell


REGISTRY = Registry(
    (
        Column(
            "name",
            "Name",
            cell=_name,
            export=lambda row: row.record.name,
            sort="name",
            edit="name",
            is_fixed=True,
            style="is-main",
        ),
        ACCOUNT,
        Column(
            "title",
            "Job title",
            cell=lambda row: text_cell(row.record.title),
            export=lambda row: row.record.title,
            edit="title",
            style="is-aside",
        ),
        Column(
            "role",
            "Decision role",
            cell=_said("decision_role"),
            export=lambda row: row.record.get_decision_role_display(),
            filter="role",
            edit="decision_role",
            is_default=True,
            is_on_phone=True,
        ),
        Column(
            "attitude",
            "Attitude",
            cell=_said("attitude"),
            export=lambda row: row.record.get_attitude_display(),
            filter="attitude",
            edit="attitude",
        ),
        Column(
            "influence",
            "Influence",
            cell=lambda row: Cell(count(row.record.influence)),
            export=lambda row: row.record.influence,
            sort="influence",
            is_number=True,
            is_descending=True,
        ),
        Column(
            "phone",
            "Phone",
            cell=_phone,
            export=lambda row: row.record.phone,
            edit="phone",
            is_default=True,
            is_on_phone=True,
            style="is-short",
        ),
        Column(
            "email",
            "E-mail",
            cell=_email,
            export=lambda row: row.record.email,
            edit="email",
            is_default=True,
            is_on_phone=True,
            style="is-aside",
        ),
        CLASS,
        CLV,
        Column(
            "last_contact",
            "Account's last contact",
            cell=lambda row: Cell(day(row.account.last_contact_on)),
            export=lambda row: row.account.last_contact_on,
            style="is-short",
        ),
        Column(
            "tags",
            "Tags",
            cell=lambda row: tags_cell(row.record.tags),
            export=lambda row: tag_names(row.record.tags),
            filter="tag",
            edit="tags",
            is_default=True,
        ),
        ACCOUNT_OWNER,
    )
)


def by_class(rows: Any, value: str, _listing: Any) -> Any:
    """Keep the rows whose account stands in the class today."""
    held = Membership.objects.open().filter(account=OuterRef("account"))
    return rows.filter(Exists(held.filter(worth_class=value)))


def by_worth(listing: Any) -> Any:
    """Return the CLV of the account of a row."""
    run_id = listing.run.pk if listing.run else 0
    values = Valuation.objects.filter(run_id=run_id, account_id=OuterRef("account_id"))
    return Subquery(values.values("clv"))


def _by_words(rows: Any, value: str, _listing: Any) -> Any:
    return rows.matching(value)


def _by_reach(rows: Any, value: str, _listing: Any) -> Any:
    if value == "left":
        return rows.exclude(left_on=None)
    return rows.filter(left_on=None, do_not_contact=value == "no")


FILTERS = (
    Filter(
        "search", "Search", search_field("Name or e-mail"), _by_words, is_quick=True
    ),
    Filter(
        "role",
        "Decision role",
        choice_field(DecisionRole.choices),
        equals("decision_role"),
        said_by(DecisionRole.choices),
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
    Filter("tag", "Tag", record_field(all_tags), by_tag, is_quick=True),
    Filter(
        "owner",
        "Owner",
        record_field(people, "Everybody"),
        equals("account__owner"),
        is_quick=True,
    ),
    Filter(
        "attitude",
        "Attitude",
        choice_field(Attitude.choices),
        equals("attitude"),
        said_by(Attitude.choices),
    ),
    Filter("reach", "Reach", choice_field(REACH), _by_reach, said_by(REACH)),
)


class ContactList(Listing):
    """The people at accounts that `user` may see."""

    key = ListKey.CONTACTS
    model = Contact
    noun = "contact"
    registry = REGISTRY
    filters = FILTERS
    orders: ClassVar[Mapping[str, Order]] = {
        "name": Order("name"),
        "account": Order("account__name"),
        "influence": Order("influence", int, is_nullable=True),
        "clv": Order("worth", Decimal, is_nullable=True, annotation=by_worth),
    }
    default_sort = "name"

    @cached_property
    def run(self) -> ValuationRun | None:
        return ValuationRun.objects.current()

    def visible(self) -> QuerySet[Contact]:
        return Contact.objects.visible_to(self.user)

    def read(self, keys: Sequence[int]) -> list[Any]:
        rows = Contact.objects.select_related("account__owner").prefetch_related(
            "tags", "consents"
        )
        found = in_order(rows.in_bulk(list(keys)), keys)
        return with_worth(found, self.run, self.needs)
