"""Form fields that more than one app asks for."""

from decimal import Decimal
from typing import Any

from django import forms

PERCENT = Decimal(100)


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
