"""Form fields that more than one app asks for."""

import copy
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator
from django.urls import reverse
from django.utils import timezone

from common.zones import own_zone

PERCENT = Decimal(100)


class OwnTimeField(forms.DateTimeField):
    """A moment, shown and typed in the zone of who asks."""

    def prepare_value(self, value: Any) -> Any:
        with timezone.override(own_zone()):
            return super().prepare_value(value)

    def to_python(self, value: Any) -> dt.datetime | None:
        with timezone.override(own_zone()):
            moment: dt.datetime | None = super().to_python(value)
        return moment


class PercentField(forms.DecimalField):
    """A share, typed and shown as per cent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=7, decimal_places=2, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return f"{(value * PERCENT).normalize():f}"
        return value

    def clean(self, value: Any) -> Decimal | None:
        typed = super().clean(value)
        return None if typed is None else typed / PERCENT


class Typeahead(forms.Select):
    """One of very many records, found by typing.

    The page holds the first few and the one that is chosen; static/js/typeahead.js asks
    the API resource of `url_name` for others, by the words typed. It must know the
    parameter `search` and answer with `id` and `name`. Without a script the first few
    can be chosen.
    """

    template_name = "common/typeahead.html"
    MOST_DRAWN = 50

    def __init__(self, url_name: str, *, none_found: str) -> None:
        super().__init__()
        self.url_name = url_name
        self.none_found = none_found

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["source"] = reverse(self.url_name)
        context["widget"]["none_found"] = self.none_found
        return context

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> list[Any]:
        drawn = copy.copy(self)
        drawn.choices = list(self._drawn([str(one) for one in value if one]))
        found: list[Any] = super(Typeahead, drawn).optgroups(name, value, attrs)
        return found

    def _drawn(self, chosen: list[str]) -> Iterator[tuple[Any, Any]]:
        """Yield the empty choice, the first records, and what is chosen beyond them."""
        every = self.choices
        if not isinstance(every, ModelChoiceIterator):
            yield from every
            return
        field = every.field
        if field.empty_label is not None:
            yield "", field.empty_label
        first = list(every.queryset[: self.MOST_DRAWN])
        known = {str(one.pk) for one in first}
        others = [key for key in chosen if key not in known and key.isdecimal()]
        beyond = every.queryset.filter(pk__in=others) if others else []
        for one in (*first, *beyond):
            yield one.pk, field.label_from_instance(one)
