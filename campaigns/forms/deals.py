"""Forms of deals: what they hold, how they end, and what the lists show of them."""

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory

from campaigns.queries.deals import DEFAULT_SORT, DealFilter
from common.clock import business_today
from common.editing import VersionedForm
from crm.choices import DealStatus, OrderStatus
from crm.models import (
    Account,
    Competitor,
    Contact,
    Deal,
    DealLossReason,
    DealStage,
    Order,
    Product,
    User,
)
from crm.services.deals import MOST_LINES, NewLine

LINES = "line"  # begins the names of their fields
ROWS_OFFERED = 3  # empty ones below those that are there
ORDERS_OFFERED = 50
RIVALS_OFFERED = 200


class DateInput(forms.DateInput):
    """The browser's own date picker, which wants ISO dates."""

    input_type = "date"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%d", **options)


class RivalInput(forms.TextInput):
    """Free words, with the names of the catalogue offered while typing."""

    template_name = "campaigns/deals/_rival.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rivals = Competitor.objects.filter(is_active=True).order_by("name", "pk")
        context["rivals"] = rivals.values_list("name", flat=True)[:RIVALS_OFFERED]
        return context


class DealForm(VersionedForm):
    """What a deal is about; reps own what they add."""

    class Meta:
        model = Deal
        fields = [
            "title",
            "stage",
            "contact",
            "close_on",
            "source",
            "competitor",
            "owner",
            "note",
        ]
        labels = {
            "title": "What they may buy",
            "contact": "With whom",
            "close_on": "Decision expected on",
            "source": "Came through",
            "competitor": "Competitor",
        }
        help_texts = {"competitor": "Who else offers; empty if not known"}
        widgets = {
            "close_on": DateInput(),
            "competitor": RivalInput(),
            "note": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(
        self, *args: Any, account: Account, actor: User, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        people: Any = self.fields["contact"]
        people.queryset = Contact.objects.filter(account=account).order_by("name", "pk")
        people.empty_label = "Nobody in particular"
        if self.instance.pk:
            del self.fields["stage"]
        else:
            stages: Any = self.fields["stage"]
            stages.queryset = DealStage.objects.filter(is_active=True)
            stages.empty_label = None
        if actor.sees_every_account:
            owners: Any = self.fields["owner"]
            owners.queryset = User.objects.filter(is_active=True).order_by("name", "pk")
            owners.empty_label = None
            self.initial.setdefault("owner", account.owner_id or actor.pk)
        else:
            del self.fields["owner"]

    def beside(self, record: Deal) -> str:
        """Name the lines, so that nobody replaces some that they have not seen."""
        lines = record.lines.order_by("pk").select_related("product")
        words = (
            f"{one.quantity:f} × {one.product or one.text} at {one.unit_price:f}"
            f" less {one.discount:f}, cost {one.unit_cost or '–'}"
            for one in lines
        )
        return "lines " + "; ".join(words)


class LineForm(forms.Form):
    """One line; an empty row counts as none."""

    product = forms.ModelChoiceField(
        Product.objects.filter(is_active=True).order_by("name", "pk"),
        required=False,
        empty_label="Something else",
    )
    text = forms.CharField(label="In words", max_length=200, required=False)
    quantity = forms.DecimalField(
        required=False, max_digits=12, decimal_places=3, min_value=Decimal("0.001")
    )
    unit_price = forms.DecimalField(
        required=False, max_digits=14, decimal_places=4, min_value=0
    )
    discount = forms.DecimalField(
        required=False, max_digits=14, decimal_places=2, min_value=0
    )
    unit_cost = forms.DecimalField(
        required=False, max_digits=14, decimal_places=4, min_value=0
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        product: Product | None = found.get("product")
        if not self.has_something:
            return found
        if product is None and not found.get("text"):
            self.add_error("product", "Choose a product or say what it is.")
        if found.get("unit_price") is None and "unit_price" not in self.errors:
            if product is None or product.list_price is None:
                self.add_error("unit_price", "Give a price.")
            else:
                found["unit_price"] = product.list_price
        return found

    @property
    def has_something(self) -> bool:
        return any(value not in {None, ""} for value in self.cleaned_data.values())

    def line(self) -> NewLine:
        given = self.cleaned_data
        return NewLine(
            product=given["product"],
            text=given["text"],
            quantity=given["quantity"] or Decimal(1),
            unit_price=given["unit_price"],
            discount=given["discount"] or Decimal(0),
            unit_cost=given["unit_cost"],
        )


class _Lines(BaseFormSet):  # type: ignore[type-arg]  # not so at run time
    def lines(self) -> list[NewLine]:
        return [form.line() for form in self.forms if form.has_something]

    @property
    def discount(self) -> Decimal:
        """Return what the lines give away: as typed, else as they are stored."""
        if self.is_bound:
            return typed_discount(self.data)
        given = (form.initial.get("discount") for form in self.forms)
        return sum((one for one in given if one), Decimal(0))


def typed_discount(data: Mapping[str, Any]) -> Decimal:
    """Return the sum of the discounts in a form half filled in.

    One that cannot be read yet counts as none: saving says what is wrong with it.
    """
    field = LineForm.base_fields["discount"]
    total = Decimal(0)
    for number in range(MOST_LINES):
        with suppress(ValidationError):
            total += field.clean(data.get(f"{LINES}-{number}-discount")) or 0
    return total


LineFormSet = formset_factory(
    LineForm,
    formset=_Lines,
    extra=ROWS_OFFERED,
    max_num=MOST_LINES,
    absolute_max=MOST_LINES,
)


def line_forms(data: Any, deal: Deal | None) -> _Lines:
    """Return a row for each line that the deal has, and some empty ones."""
    initial = []
    if deal is not None:
        names = ("product", "text", "quantity", "unit_price", "discount", "unit_cost")
        initial = [
            {name: getattr(line, name) for name in names}
            for line in deal.lines.select_related("product")
        ]
    formset: Any = LineFormSet(data, initial=initial, prefix=LINES)
    products = Product.objects.filter(is_active=True).order_by("name", "pk")
    choices = [("", "Something else"), *((p.pk, str(p)) for p in products)]
    for form in formset.forms:  # one query, not one per row
        form.fields["product"].widget.choices = choices
    return formset  # type: ignore[no-any-return]


class LoseForm(forms.Form):
    """Why a deal was lost, and to whom."""

    reason = forms.ModelChoiceField(
        DealLossReason.objects.filter(is_active=True),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": "Say why it was lost."},
    )
    competitor = forms.CharField(
        label="To whom",
        max_length=200,
        required=False,
        help_text="If you know it",
        widget=RivalInput(),
    )
    note = forms.CharField(
        label="What we learn from it",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)


class OrderForm(forms.Form):
    """The order that a won deal became: made of its lines, one that is there, later."""

    PLACE, LINK, LATER = "place", "link", "later"

    how = forms.ChoiceField(label="The order", widget=forms.RadioSelect)
    ordered_on = forms.DateField(label="Ordered on", required=False, widget=DateInput())
    order = forms.ModelChoiceField(
        Order.objects.none(), label="Which order", required=False
    )

    def __init__(self, *args: Any, deal: Deal, may_order: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        free = Order.objects.filter(
            account=deal.account_id, status=OrderStatus.CONFIRMED, deal=None
        ).order_by("-ordered_on", "-pk")[:ORDERS_OFFERED]
        self.orders = list(free)
        choices = []
        if may_order and deal.lines.exists():
            choices.append((self.PLACE, "Place it now, from the lines of the deal"))
        if self.orders:
            choices.append((self.LINK, "It is entered already: link it"))
        choices.append((self.LATER, "Later: it comes from elsewhere"))
        how: Any = self.fields["how"]
        how.choices = choices
        self.initial.setdefault("how", choices[0][0])
        self.initial.setdefault("ordered_on", business_today())
        order: Any = self.fields["order"]
        order.queryset = Order.objects.filter(pk__in=[one.pk for one in self.orders])
        order.empty_label = "Choose an order"
        order.label_from_instance = _say_order
        if self.PLACE not in dict(choices):
            del self.fields["ordered_on"]
        if not self.orders:
            del self.fields["order"]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if found.get("how") == self.LINK and not found.get("order"):
            self.add_error("order", "Choose which order it is.")
        if found.get("how") == self.PLACE and not found.get("ordered_on"):
            self.add_error("ordered_on", "Say on which day it was ordered.")
        return found


class WinForm(OrderForm):
    """A deal that is won: from whom, and which order it became."""

    competitor = forms.CharField(
        label="Won from",
        max_length=200,
        required=False,
        help_text="If you know it",
        widget=RivalInput(),
    )
    note = forms.CharField(
        label="What decided it",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)


def _say_order(order: Order) -> str:
    return f"{order.ordered_on:%Y-%m-%d}, {order.external_id}"


class DealFilterForm(forms.Form):
    """Filters in the address of board and list; what cannot be read is not given."""

    search = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Deal or account"}
        ),
    )
    status = forms.ChoiceField(
        required=False,
        choices=[*DealStatus.choices, ("all", "All")],
    )
    stage = forms.ModelChoiceField(
        DealStage.objects.all(), required=False, empty_label="All"
    )
    stale = forms.BooleanField(required=False, label="Stale only")
    sort = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        if user.sees_every_account:
            self.fields["owner"] = forms.ModelChoiceField(
                User.objects.filter(is_active=True).order_by("name", "pk"),
                required=False,
                empty_label="Everybody",
            )

    def wanted(self) -> DealFilter:
        """Return what could be read."""
        self.is_valid()
        given = self.cleaned_data
        status = given.get("status") or DealStatus.OPEN.value
        return DealFilter(
            search=given.get("search") or "",
            owner=given.get("owner"),
            is_stale=bool(given.get("stale")),
            status="" if status == "all" else status,
            stage=given.get("stage"),
            sort=given.get("sort") or DEFAULT_SORT,
        )


class StageForm(forms.ModelForm):  # type: ignore[type-arg]  # not so at run time
    """One stage of the firm's own."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)

    class Meta:
        model = DealStage
        fields = ["name", "prior_chance", "stale_after_days", "is_active"]
        labels = {
            "prior_chance": "Chance stated",
            "stale_after_days": "Stale after days",
            "is_active": "In use",
        }
        help_texts = {
            "prior_chance": "Between 0 and 1. Counts as ten closed deals beside yours."
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial.setdefault("version", self.instance.version)

    def values(self) -> dict[str, Any]:
        return {k: v for k, v in self.cleaned_data.items() if k != "version"}


class ReasonForm(forms.Form):
    """One reason for losing."""

    name = forms.CharField(max_length=80)
    is_active = forms.BooleanField(required=False, initial=True, label="In use")
