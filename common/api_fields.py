"""Fields and filters that several resources share."""

import datetime as dt
import json
from typing import Any, ClassVar

import django_filters
from django import forms
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api import LARGEST_ID

MOST_CHARACTERS = 20_000
EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)  # an older day is a typing error


class RecordId(serializers.IntegerField):
    """The number of a record, as JSON carries it."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool):
            self.fail("invalid")
        number: int = super().to_internal_value(data)
        if not 0 < number <= LARGEST_ID:
            self.fail("invalid")
        return number


class VisibleField(serializers.PrimaryKeyRelatedField[Any]):
    """Another record, by its number; only one that the caller may see is known."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "does_not_exist": "unknown {what}",
        "incorrect_type": "unknown {what}",
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("pk_field", RecordId())
        super().__init__(**kwargs)

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.visible_to(self.context["request"].user)

    def fail(self, key: str, **kwargs: Any) -> Any:
        super().fail(key, what=self.field_name, **kwargs)


class NamedField(serializers.SlugRelatedField[Any]):
    """Another record that everybody knows, by its name or key."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "does_not_exist": "unknown {what}",
        "invalid": "unknown {what}",
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)

    def fail(self, key: str, **kwargs: Any) -> Any:
        super().fail(key, what=self.field_name, **kwargs)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class KeyedData(serializers.JSONField):
    """A JSON object of the caller's own, of a bounded size."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            raise serializers.ValidationError("Send an object with keys and values.")
        if len(json.dumps(value)) > MOST_CHARACTERS:
            raise serializers.ValidationError("This is too much data for one record.")
        return value


class RecordFilter(django_filters.NumberFilter):
    """Keeps the rows that point at one record."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=1, max_value=LARGEST_ID, **kwargs)

    def get_max_validator(self) -> None:
        return None


class SourceField(serializers.CharField):
    """The system that a record comes from; with its number it is stored once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, default="api", **kwargs)


class DayField(serializers.DateField):
    """A day of business, such as 2026-01-31."""

    def to_internal_value(self, value: Any) -> dt.date:
        day: dt.date = super().to_internal_value(value)
        if day < EARLIEST.date():
            raise serializers.ValidationError("Days before 1970 are not kept.")
        return day


class MomentField(serializers.DateTimeField):
    """A moment of business, with its offset from UTC."""

    def to_internal_value(self, value: Any) -> dt.datetime:
        moment: dt.datetime = super().to_internal_value(value)
        if moment < EARLIEST:
            raise serializers.ValidationError("Moments before 1970 are not kept.")
        return moment
