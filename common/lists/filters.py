"""What lists can be narrowed to: one declaration per filter, one form from all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet

LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """One way to narrow a list.

    `field` makes the form field for a user, None where the user has no use for it.
    `apply` keeps the rows that fit; its third argument is the list. `say` writes the
    value for its chip. Quick filters stand above the list, hidden ones only in
    addresses; the others open on demand.
    """

    key: str
    label: str
    field: Callable[[Any], forms.Field | None]
    apply: Callable[[Any, Any, Any], Any]
    say: Callable[[Any], str] = str
    is_quick: bool = False
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is set, in words; taking it away drops the parameter `key`."""

    key: str
    label: str
    text: str
    without: str = ""


class FilterForm(forms.Form):
    """The filters in the address of a list; what cannot be read counts as not given."""

    sort = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    columns = forms.CharField(required=False, max_length=600, widget=forms.HiddenInput)
    view = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(
        self, given: Mapping[str, Any], *, filters: Sequence[Filter], user: Any
    ) -> None:
        super().__init__(given, auto_id="filter_%s")
        self.filters = {}
        for one in filters:
            made = one.field(user)
            if made is None:
                continue
            made.required = False
            made.label = one.label
            if one.is_hidden:
                made.widget = forms.HiddenInput()
            self.fields[one.key] = made
            self.filters[one.key] = one
        self.is_valid()

    def given(self, key: str) -> Any:
        """Return one value that could be read, else None."""
        return self.cleaned_data.get(key) or None

    @property
    def set_filters(self) -> list[tuple[Filter, Any]]:
        """Return the filters that are set, with their values."""
        values = ((one, self.given(key)) for key, one in self.filters.items())
        return [(one, value) for one, value in values if value is not None]

    @property
    def quick_fields(self) -> list[forms.BoundField]:
        return [self[key] for key, one in self.filters.items() if one.is_quick]

    @property
    def further_fields(self) -> list[forms.BoundField]:
        return [
            self[key]
            for key, one in self.filters.items()
            if not one.is_quick and not one.is_hidden
        ]

    @property
    def given_hidden(self) -> list[forms.BoundField]:
        return [field for field in self.hidden_fields() if field.value()]

    @property
    def has_further(self) -> bool:
        """Tell whether one of those that open on demand is set."""
        return any(
            not one.is_quick and not one.is_hidden for one, _ in self.set_filters
        )


# -- Fields that filters are made of ---------------------------------------------------


def text_field(placeholder: str = "", *, kind: str = "text") -> Callable[[Any], Any]:
    def make(_user: Any) -> forms.Field:
        attributes = {"type": kind, "placeholder": placeholder}
        return forms.CharField(
            max_length=LONGEST_TEXT, widget=forms.TextInput(attrs=attributes)
        )

    return make


class _UsualField(forms.ChoiceField):
    def __init__(self, *, usual: str, **options: Any) -> None:
        super().__init__(**options)
        self.usual = usual

    def valid_value(self, value: Any) -> bool:
        return value == self.usual or super().valid_value(value)


def choice_field(
    choices: Sequence[tuple[str, Any]], *, usual: str = ""
) -> Callable[[Any], Any]:
    """Return the field of a filter; `usual` is the key that needs no choosing.

    Who gives it all the same, as a click on a cell does, is understood.
    """
    first = dict(choices)[usual] if usual else "All"
    others = [(key, label) for key, label in choices if key and key != usual]

    def make(_user: Any) -> forms.Field:
        return _UsualField(choices=[("", first), *others], usual=usual)

    return make


def tick_field(_user: Any) -> forms.Field:
    return forms.BooleanField()


def record_field(
    rows: Callable[[Any], QuerySet[Any] | None],
    empty: str = "All",
    widget: Callable[[], forms.Select] = forms.Select,
) -> Callable[[Any], Any]:
    def make(user: Any) -> forms.Field | None:
        found = rows(user)
        if found is None:
            return None
        return forms.ModelChoiceField(found, empty_label=empty, widget=widget())

    return make


def said_by(choices: Sequence[tuple[str, Any]]) -> Callable[[Any], str]:
    """Return what writes a choice by its label."""
    labels = {key: str(label) for key, label in choices}
    return lambda value: labels.get(value, str(value))


def equals(path: str) -> Callable[[Any, Any, Any], Any]:
    """Return what keeps the rows whose `path` equals the value."""
    return lambda rows, value, _listing: rows.filter(**{path: value})
