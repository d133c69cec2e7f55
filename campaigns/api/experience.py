"""Ratings of contacts over the API."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import RetentionPlan
from campaigns.queries.experience import experience_in
from common.resources import Resource
from segments.permissions import VIEW_DASHBOARD
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


class ExperienceResource(Resource):
    """Ratings in the period that the parameters of the filter bar ask for."""

    read_access = VIEW_DASHBOARD
    queryset = RetentionPlan.objects.none()
    output = RatedOut
    pagination_class = None
    is_shared = True

    def _known_parameters(self) -> frozenset[str]:
        return frozenset(Scope.read({}, self.actor).form.fields)

    def list(self, request: Request) -> Response:
        scope = Scope.read(request.query_params, self.actor)
        if not scope.is_valid:
            errors = scope.form.errors.items()
            raise serializers.ValidationError(
                {name: [str(one) for one in texts] for name, texts in errors}
            )
        found = experience_in(scope)
        whole = [found.whole] if found.whole else []
        rows = [*whole, *found.classes, *found.owners, *found.channels]
        return Response(self.get_serializer(rows, many=True).data)
