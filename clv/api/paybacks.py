"""When customers pay back, over the API: by quarter of first order and by source."""

import datetime as dt
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clv import permissions
from clv.api.valuations import AsOf, run_on
from clv.choices import CohortKind
from clv.models import ValuationRun
from clv.queries.paybacks import paybacks_of
from common.resources import Resource


class MomentOut(serializers.Serializer[Any]):
    """Mean profit up to a month since the first order; month 0 is before it."""

    month = serializers.IntegerField()
    profit = serializers.FloatField()
    customers = serializers.IntegerField()


class CohortOut(serializers.Serializer[Any]):
    """Customers of one quarter, of one source, or all, and when they paid back.

    `months_until_half` counts those who have not paid back yet for as long as they have
    been watched; null is "not reached". `months_until_mean` is the month from which on
    their mean profit is not below zero; null is "not yet". `course` holds only months
    that enough customers lived through.
    """

    kind = serializers.ChoiceField(choices=CohortKind.choices)
    key = serializers.CharField()
    name = serializers.CharField(source="label")
    customers = serializers.IntegerField()
    cost_to_win = serializers.DecimalField(max_digits=18, decimal_places=2)
    paid_back = serializers.IntegerField()
    share_paid_back = serializers.FloatField(allow_null=True)
    months_until_half = serializers.IntegerField(allow_null=True)
    months_until_mean = serializers.IntegerField(allow_null=True)
    course = MomentOut(many=True)


class PaybackResource(Resource):
    """When customers pay back what they cost, cohort by cohort."""

    read_access = permissions.VIEW_PAYBACK
    queryset = ValuationRun.objects.none()
    output = CohortOut
    pagination_class = None
    filter_backends = ()
    list_parameters = frozenset({"as_of"})
    is_shared = True

    @extend_schema(
        summary="Tell when customers pay back",
        parameters=[
            OpenApiParameter("as_of", dt.date, description="such as 2026-01-31")
        ],
        responses=CohortOut(many=True),
    )
    def list(self, request: Request) -> Response:
        reader = AsOf(data=dict(request.query_params.items()))
        reader.is_valid(raise_exception=True)
        run = run_on(reader.validated_data.get("as_of"))
        rows = paybacks_of(run).cohorts
        return Response(self.get_serializer(rows, many=True).data)
