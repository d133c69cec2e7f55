"""What the list of accounts can be narrowed to."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet

from campaigns.models import Campaign
from campaigns.queries.campaign_sets import is_in
from common.lists.filters import (
    Filter,
    choice_field,
    equals,
    record_field,
    said_by,
    text_field,
    tick_field,
)
from crm.choices import RelationshipType, SizeBand, Source, Stage, TaskStatus
from crm.forms.pickers import product_typeahead
from crm.models import (
    Competitor,
    CompetitorPresence,
    Product,
    Tag,
    Task,
    Territory,
    User,
)
from crm.models.lifecycle import LifecycleStage, LifecycleStay
from segments.choices import WorthClass
from segments.queries.products import has_product

LAST_DAY = dt.date.max
TASKS = (("open", "Has an open task"), ("none", "Has none"))


def people(user: User) -> QuerySet[User] | None:
    """Return whose rows can be asked for; a rep sees none but their own."""
    if not user.sees_every_account:
        return None
    return User.objects.filter(is_active=True).order_by("name", "pk")


def all_tags(_user: Any) -> QuerySet[Tag]:
    return Tag.objects.order_by("name", "pk")


def territories(_user: Any) -> QuerySet[Territory]:
    return Territory.objects.order_by("name")


def _products(_user: Any) -> QuerySet[Product]:
    return Product.objects.order_by("name", "pk")


def _by_product(rows: Any, value: Product, listing: Any) -> Any:
    return rows.filter(has_product(value, listing.form.given("as_of") or LAST_DAY))


def day_field(_user: Any) -> forms.Field:
    return forms.DateField()


def search_field(placeholder: str) -> Any:
    return text_field(placeholder, kind="search")


def _by_words(rows: Any, value: str, _listing: Any) -> Any:
    return rows.matching(value)


def _by_class(rows: Any, value: str, listing: Any) -> Any:
    standing = listing.memberships().filter(account=OuterRef("pk"))
    return rows.filter(Exists(standing.filter(worth_class=value)))


def _who_ordered(rows: Any, _value: Any, listing: Any) -> Any:
    return rows.filter(Exists(listing.values_of_row().exclude(first_on=None)))


def _not_valued(rows: Any, _value: Any, listing: Any) -> Any:
    return rows.filter(~Exists(listing.values_of_row()))


def _stages(_user: Any) -> QuerySet[LifecycleStage]:
    return LifecycleStage.objects.order_by("position", "pk")


def _by_lifecycle(rows: Any, value: LifecycleStage, _listing: Any) -> Any:
    stays = LifecycleStay.objects.filter(account=OuterRef("pk"), until=None)
    return rows.filter(Exists(stays.filter(stage=value)))


def _campaigns(user: User) -> QuerySet[Campaign]:
    return Campaign.objects.visible_to(user).order_by("-starts_on", "-pk")


def _by_campaign(rows: Any, value: Campaign, _listing: Any) -> Any:
    return rows.filter(is_in(value))


def _rivals(_user: Any) -> QuerySet[Competitor]:
    return Competitor.objects.order_by("name", "pk")


def _by_competitor(rows: Any, value: Competitor, _listing: Any) -> Any:
    there = CompetitorPresence.objects.filter(account=OuterRef("pk"), until=None)
    return rows.filter(Exists(there.filter(competitor=value)))


def _by_task(rows: Any, value: str, _listing: Any) -> Any:
    open_tasks = Task.objects.filter(account=OuterRef("pk"), status=TaskStatus.OPEN)
    has_one = Exists(open_tasks)
    return rows.filter(has_one) if value == "open" else rows.filter(~has_one)


def by_tag(rows: Any, value: Tag, _listing: Any) -> Any:
    """Keep the rows that carry the tag, without repeating a row."""
    return rows.filter(pk__in=rows.model.objects.filter(tags=value).values("pk"))


def _unchanged(rows: Any, _value: Any, _listing: Any) -> Any:
    return rows


def _choice(key: str, label: str, name: str, choices: Any, **more: Any) -> Filter:
    field, apply = choice_field(choices), equals(name)
    return Filter(key, label, field, apply, said_by(choices), **more)


FILTERS = (
    Filter(
        "search",
        "Search",
        search_field("Name, city or number"),
        _by_words,
        is_quick=True,
    ),
    Filter(
        "class",
        "Class",
        choice_field(WorthClass.choices),
        _by_class,
        said_by(WorthClass.choices),
        is_quick=True,
    ),
    _choice("stage", "Stage", "stage", Stage.choices, is_quick=True),
    Filter(
        "owner",
        "Owner",
        record_field(people, "Everybody"),
        equals("owner"),
        is_quick=True,
    ),
    Filter("tag", "Tag", record_field(all_tags), by_tag, is_quick=True),
    Filter(
        "task",
        "Task",
        choice_field(TASKS),
        _by_task,
        said_by(TASKS),
    ),
    Filter(
        "customers",
        "Ever ordered",
        tick_field,
        _who_ordered,
        lambda _value: "yes",
        is_quick=True,
    ),
    Filter("city", "City", text_field(), equals("city")),
    Filter("industry", "Industry", text_field(), equals("industry")),
    _choice("size", "Size", "size_band", SizeBand.choices),
    _choice(
        "relationship", "Relationship", "relationship_type", RelationshipType.choices
    ),
    Filter("lifecycle", "Lifecycle", record_field(_stages), _by_lifecycle),
    Filter("competitor", "Competitor there", record_field(_rivals), _by_competitor),
    _choice("source", "Source", "source", Source.choices),
    Filter("territory", "Territory", record_field(territories), equals("territory")),
    Filter("campaign", "Campaign", record_field(_campaigns), _by_campaign),
    Filter(
        "product",
        "Has bought or held",
        record_field(_products, widget=product_typeahead),
        _by_product,
    ),
    Filter(
        "new",
        "Newer than the valuation",
        tick_field,
        _not_valued,
        lambda _value: "yes",
        is_hidden=True,
    ),
    Filter("as_of", "As of", day_field, _unchanged, is_hidden=True),
)
