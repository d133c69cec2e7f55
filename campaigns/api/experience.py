"""Ratings of contacts over the API."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from campaigns.api.scoped import ScopedReport
from campaigns.queries.experience import experience_in
from segments.queries.scope import Scope


class RatedOut(serializers.Serializer[Any]):
    """How the rated contacts of one group went, from 1 to 5."""

    kind = serializers.CharField()
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    contacts = serializers.IntegerField()
    mean = serializers.FloatField()
    spread = serializers.FloatField()
    worst_tenth = serializers.FloatField()
    people = serializers.FloatField(allow_null=True)
    information = serializers.FloatField(allow_null=True)
    deliverables = serializers.FloatField(allow_null=True)


class ExperienceResource(ScopedReport):
    """Ratings in the period that the parameters of the filter bar ask for."""

    output = RatedOut

    def rows(self, scope: Scope) -> Sequence[Any]:
        found = experience_in(scope)
        whole = [found.whole] if found.whole else []
        return [*whole, *found.classes, *found.owners, *found.channels]
