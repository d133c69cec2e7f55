"""The value matrix and the health of targeting over the API."""

from typing import Any

from django.forms import Form
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.resources import Resource
from segments import permissions
from segments.models import ValueMatrix
from segments.queries.matrix import matrix_in
from segments.queries.scope import Scope
from segments.queries.targeting import health_in


class Amount(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=18, decimal_places=2, **kwargs)


class MoverOut(serializers.Serializer[Any]):
    account = serializers.IntegerField(source="account.pk")
    name = serializers.CharField(source="account.name")
    revenue_rank = serializers.IntegerField()
    clv_rank = serializers.IntegerField()
    revenue = Amount()
    clv = Amount()
    biggest_cost = serializers.CharField()
    cost = Amount()


class CornerOut(serializers.Serializer[Any]):
    """One corner with the names at its top."""

    key = serializers.CharField(source="kind.key")
    title = serializers.CharField(source="kind.title")
    customers = serializers.IntegerField()
    revenue = Amount()
    clv = Amount()
    biggest_cost = serializers.CharField()
    cost = Amount()
    movers = MoverOut(many=True)


class TargetedCohortOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    customers = serializers.IntegerField()
    mean = Amount()
    low = Amount(allow_null=True)
    high = Amount(allow_null=True)
    age_days = serializers.IntegerField(allow_null=True)
    is_red = serializers.BooleanField()
    verdict = serializers.CharField()


class TargetedCohortsOut(serializers.Serializer[Any]):
    """Cohorts of one kind; red only where the whole range lies below the mean.

    `age_days` is how long they have been customers, on average; the verdict of those
    that are too few or too young to judge says so, and they are not red.
    """

    kind = serializers.CharField()
    mean = Amount()
    cohorts = TargetedCohortOut(many=True)


class Scoped(Resource):
    """Answers for the accounts that the parameters of the filter bar ask for."""

    read_access = permissions.VIEW_DASHBOARD
    queryset = ValueMatrix.objects.none()
    pagination_class = None
    is_shared = True

    def _known_parameters(self) -> frozenset[str]:
        return frozenset(Scope.read({}, self.actor).form.fields)

    def scope(self, request: Request) -> Scope:
        scope = Scope.read(request.query_params, self.actor)
        if not scope.is_valid:
            raise serializers.ValidationError(problems_of(scope.form))
        return scope


class MatrixResource(Scoped):
    """Revenue rank against CLV rank: the four corners."""

    output = CornerOut

    def list(self, request: Request) -> Response:
        shown = matrix_in(self.scope(request))
        rows = shown.corners if shown else []
        return Response(self.get_serializer(rows, many=True).data)


class TargetingResource(Scoped):
    """Mean CLV by rep, source and quarter of the first order against all."""

    output = TargetedCohortsOut

    def list(self, request: Request) -> Response:
        health = health_in(self.scope(request))
        rows = health.tables if health else []
        return Response(self.get_serializer(rows, many=True).data)


def problems_of(form: Form) -> dict[str, list[str]]:
    """Return what cannot be read in an address, by field."""
    return {name: [str(one) for one in texts] for name, texts in form.errors.items()}
