"""Fields that several resources share."""

import json
from typing import Any

import django_filters
from django import forms
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api import LARGEST_ID

MOST_CHARACTERS = 20_000


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
