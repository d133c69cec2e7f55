"""Allocation of effort over the API."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import RetentionPlan
from campaigns.queries.effort import effort_in
from common.resources import Resource
from segments.permissions import VIEW_DASHBOARD
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


class EffortResource(Resource):
    """Effort by class in the period that the parameters of the filter bar ask for."""

    read_access = VIEW_DASHBOARD
    queryset = RetentionPlan.objects.none()
    output = EffortOut
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
        effort = effort_in(scope)
        rows = effort.classes if effort else []
        return Response(self.get_serializer(rows, many=True).data)
