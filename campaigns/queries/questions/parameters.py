"""Parameters of questions: what can be chosen inside the sentence."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from common.templatetags.display import day
from crm.choices import Channel
from crm.forms.pickers import product_typeahead
from crm.models import Product, User
from segments.choices import WorthClass

# Days that nobody means; arithmetic with them could leave the calendar.
FIRST_DAY = dt.date(1900, 1, 1)
LAST_DAY = dt.date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One choice in a sentence.

    `field` makes the form field for somebody, None where they have no choice; then
    the sentence says `fixed`. `initial` is the value to begin with, as an address has
    it; `listed` stands in the list of questions, where nothing is chosen yet.
    """

    key: str
    label: str
    field: Callable[[User], forms.Field | None]
    initial: Callable[[dt.date], str]
    say: Callable[[Any], str]
    fixed: str = ""
    listed: str = ""

    @property
    def in_list(self) -> str:
        return self.listed or self.label.lower()


def choice(
    key: str,
    label: str,
    choices: Sequence[tuple[str, str]],
    *,
    initial: str | None = None,
) -> Parameter:
    """Return a closed list; the first choice, or `initial`, to begin with."""
    words = dict(choices)
    first = choices[0][0] if initial is None else initial

    def field(_user: User) -> forms.Field:
        return forms.ChoiceField(choices=choices, required="" not in words)

    return Parameter(
        key=key,
        label=label,
        field=field,
        initial=lambda _today: first,
        say=lambda value: words.get(value or "", str(value)),
        listed=words[first],
    )


def whole(key: str, label: str, *, initial: int, least: int, most: int) -> Parameter:
    """Return a whole number between two bounds."""

    def field(_user: User) -> forms.Field:
        return forms.IntegerField(
            min_value=least,
            max_value=most,
            widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        )

    return Parameter(
        key=key,
        label=label,
        field=field,
        initial=lambda _today: str(initial),
        say=str,
        listed=str(initial),
    )


def share(key: str, label: str, *, initial: int) -> Parameter:
    """Return a whole per cent between 1 and 99."""
    return whole(key, label, initial=initial, least=1, most=99)


def _date(key: str, label: str, initial: Callable[[dt.date], dt.date]) -> Parameter:
    def field(_user: User) -> forms.Field:
        return forms.DateField(
            widget=forms.DateInput(attrs={"type": "date"}),
            validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
        )

    return Parameter(
        key=key,
        label=label,
        field=field,
        initial=lambda today: initial(today).isoformat(),
        say=day,
    )


def one_day(key: str, label: str) -> Parameter:
    return _date(key, label, lambda today: today)


def period(*, days: int = 365) -> tuple[Parameter, Parameter]:
    """Return the first and the last day of a period that ends today."""
    length = dt.timedelta(days=days - 1)  # both days count
    return (
        _date("since", "First day", lambda today: today - length),
        _date("until", "Last day", lambda today: today),
    )


class ProductField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One product, also one that is not sold any more."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}" if obj.is_active else f"{obj.name} (not sold any more)"


def product(
    key: str = "product", label: str = "Product", *, rank: int = 0, any_of: str = ""
) -> Parameter:
    """Return one product; `rank` is the place by name of the one to begin with.

    With `any_of` no product may be chosen, which stands in the list in those words.
    """

    def field(_user: User) -> forms.Field:
        return ProductField(
            Product.objects.order_by("name", "pk"),
            empty_label=any_of or None,
            required=not any_of,
            widget=product_typeahead(),
            error_messages={
                "required": "Choose a product. If there is none, load products first.",
                "invalid_choice": "There is no such product.",
            },
        )

    def initial(_today: dt.date) -> str:
        if any_of:
            return ""
        rows = Product.objects.filter(is_active=True).order_by("name", "pk")
        keys = list(rows.values_list("pk", flat=True)[: rank + 1])
        return str(keys[-1]) if keys else ""

    return Parameter(
        key=key,
        label=label,
        field=field,
        initial=initial,
        say=lambda value: str(value) if value else any_of,
        listed=any_of or ("another product" if rank else "a product"),
    )


def _people(user: User) -> forms.Field | None:
    if not user.sees_every_account:
        return None
    return forms.ModelChoiceField(
        User.objects.order_by("name", "pk"),
        empty_label="anybody",
        required=False,
        error_messages={"invalid_choice": "There is no such person."},
    )


# A rep has no choice: their answers are about their own accounts.
OWNER = Parameter(
    key="owner",
    label="Owner",
    field=_people,
    initial=lambda _today: "",
    say=lambda value: str(value) if value else "anybody",
    fixed="you",
    listed="anybody",
)

CLASSES = tuple((key.value, f"class “{key.label}”") for key in WorthClass)
EVERY_CLASS = (("", "any class"), *CLASSES)
CLASS = choice("worth_class", "Class", EVERY_CLASS)
KEY_CLASS = choice("worth_class", "Class", EVERY_CLASS, initial=WorthClass.CURRENT_KEY)
CHANNEL = choice(
    "channel",
    "Channel",
    (
        ("", "any channel"),
        *(
            (key.value, str(key.label).lower())
            for key in Channel
            if key is not Channel.NOTE
        ),
    ),
)
