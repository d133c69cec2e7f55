"""Allocation of effort over the API."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from campaigns.api.scoped import ScopedReport
from campaigns.queries.effort import effort_in
from segments.queries.scope import Scope


class EffortOut(serializers.Serializer[Any]):
    """Hours and money of one class, as they are and as recommended."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    customers = serializers.IntegerField()
    hours = serializers.FloatField()
    hours_recommended = serializers.FloatField()
    money = serializers.FloatField()
    money_recommended = serializers.FloatField()
    justified = serializers.FloatField()
    per_hour = serializers.FloatField(allow_null=True)
    per_money = serializers.FloatField(allow_null=True)


class EffortResource(ScopedReport):
    """Effort by class in the period that the parameters of the filter bar ask for."""

    output = EffortOut

    def rows(self, scope: Scope) -> Sequence[Any]:
        effort = effort_in(scope)
        return effort.classes if effort else []
