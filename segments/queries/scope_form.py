"""The fields of the filter bar: what may be asked for, and what is refused in words."""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.db import connection
from django.utils.choices import CallableChoiceIterator

from common.clock import business_today
from crm.choices import RelationshipType
from crm.forms.pickers import product_typeahead
from crm.models import Account, Product, Territory, User
from segments.choices import WorthClass

# What picks accounts; the others pick days.
NARROWING = ("class", "owner", "territory", "industry", "product", "relationship")
FIELDS = ("as_of", "from", "to", *NARROWING)
# Of pages that tell of classes themselves, between one night and an earlier one.
BETWEEN_NIGHTS = tuple(name for name in FIELDS if name not in {"to", "class"})
IN_WORDS = {"as_of": "day", "from": "period", "to": "period", "owner": "rep"}
MOST_INDUSTRIES = 200
LONGEST_INDUSTRY = 80

# Each value once by skipping through the index, whatever the number of accounts.
INDUSTRIES = """
    WITH RECURSIVE found(industry) AS (
        (SELECT industry FROM crm_account WHERE industry > ''
            ORDER BY industry LIMIT 1)
        UNION ALL
        SELECT (SELECT a.industry FROM crm_account a WHERE a.industry > found.industry
            ORDER BY a.industry LIMIT 1)
        FROM found WHERE found.industry IS NOT NULL
    )
    SELECT industry FROM found WHERE industry IS NOT NULL LIMIT %s
"""


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ScopeForm(forms.Form):
    """The filter bar; every field may be empty.

    A page that has no use for some of them names `only` the others. A rep sees their
    own accounts only, so that there is no choice of owner, and the
    territories and industries offered are those where they have accounts.
    """

    def __init__(
        self,
        given: Mapping[str, Any],
        *,
        user: User,
        only: Collection[str] = FIELDS,
    ) -> None:
        super().__init__(given, auto_id="scope_%s")
        self.user = user
        found = self._fields()
        self.fields |= {name: found[name] for name in found if name in only}
        for field in self.fields.values():
            field.required = False

    def _fields(self) -> dict[str, forms.Field]:
        own = Account.objects.active().visible_to(self.user).order_by()
        territories, products = Territory.objects.order_by("name"), Product.objects
        if not self.user.sees_every_account:
            territories = territories.filter(pk__in=own.values("territory"))
        found: dict[str, forms.Field] = {
            "as_of": _day("As of"),
            "from": _day("From"),
            "to": _day("To"),
            "class": _choice("Class", WorthClass.choices),
        }
        if self.user.sees_every_account:
            people = User.objects.order_by("name", "pk")
            found["owner"] = _record("Rep", people, "Everybody")
        return found | {
            "territory": _record("Territory", territories, "All"),
            "industry": forms.CharField(
                label="Industry",
                max_length=LONGEST_INDUSTRY,
                widget=forms.Select(choices=CallableChoiceIterator(self._industries)),
            ),
            "product": _record(
                "Product", products.order_by("name", "pk"), "All", product_typeahead()
            ),
            "relationship": _choice("Relationship", RelationshipType.choices),
        }

    def _industries(self) -> list[tuple[str, str]]:
        """Return the choices, asked for only when the bar is drawn."""
        return [("", "All"), *((one, one) for one in self._known_industries())]

    def _known_industries(self) -> list[str]:
        if not self.user.sees_every_account:
            own = Account.objects.active().visible_to(self.user).order_by("industry")
            found = own.exclude(industry="").values_list("industry", flat=True)
            return list(found.distinct()[:MOST_INDUSTRIES])
        with connection.cursor() as cursor:
            cursor.execute(INDUSTRIES, [MOST_INDUSTRIES])
            return [row[0] for row in cursor.fetchall()]

    def clean_as_of(self) -> Any:
        asked_for = self.cleaned_data["as_of"]
        if asked_for is not None and asked_for > business_today():
            raise forms.ValidationError("That day is still to come.")
        return asked_for

    def clean_industry(self) -> str:
        wanted = str(self.cleaned_data["industry"])
        rows = Account.objects.active().visible_to(self.user)
        if wanted and not rows.filter(industry=wanted).exists():
            raise forms.ValidationError("No account is in that industry.")
        return wanted

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        since, until = found.get("from"), found.get("to")
        if since and until and since > until:
            self.add_error("to", "The period ends before it begins.")
        for name in FIELDS:
            if self.data.get(name) and name not in self.fields:
                self.add_error(None, self._has_no(name))
        last = found.get("as_of") or business_today()
        for name in ("from", "to"):
            chosen = found.get(name)
            if chosen and chosen > last:
                self.add_error(name, "That is after the day that the page tells of.")
        return found

    def _has_no(self, name: str) -> str:
        if name == "owner" and not self.user.sees_every_account:
            return "You see your own accounts; there is no other rep."
        return f"This page cannot be narrowed by {IN_WORDS.get(name, name)}."


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=DayInput(),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Write the day as year-month-day: 2026-01-31."},
    )


def _choice(label: str, choices: Any) -> forms.ChoiceField:
    offered = [("", "All"), *((key, text) for key, text in choices if key)]
    return forms.ChoiceField(
        label=label,
        choices=offered,
        error_messages={"invalid_choice": "There is no “%(value)s”."},
    )


def _record(
    label: str, rows: Any, empty: str, widget: forms.Select | None = None
) -> "forms.ModelChoiceField[Any]":
    return forms.ModelChoiceField(
        rows,
        label=label,
        empty_label=empty,
        widget=widget or forms.Select(),
        error_messages={"invalid_choice": "There is no “%(value)s” to choose."},
    )
