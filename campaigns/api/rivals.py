"""Deals by competitor over the API."""

import datetime as dt
from typing import Any

from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.queries.rivals import Period, last_year, rival_report
from common.api import StrictSerializer
from common.api_fields import DayField
from common.clock import business_today
from common.resources import Resource
from crm import permissions
from crm.models import Deal


class RivalRowOut(serializers.Serializer[Any]):
    """One competitor; money is null before the first night."""

    competitor = serializers.CharField(source="name")
    is_catalogued = serializers.BooleanField()
    won = serializers.IntegerField()
    lost = serializers.IntegerField()
    margin_won = serializers.DecimalField(max_digits=18, decimal_places=2)
    margin_lost = serializers.DecimalField(max_digits=18, decimal_places=2)
    clv_won = serializers.DecimalField(max_digits=18, decimal_places=2, allow_null=True)
    clv_lost = serializers.DecimalField(
        max_digits=18, decimal_places=2, allow_null=True
    )


@extend_schema_serializer(many=False)
class RivalReportOut(serializers.Serializer[Any]):
    """Deals decided in a period, by competitor."""

    since = serializers.DateField(source="period.since")
    until = serializers.DateField(source="period.until")
    as_of = serializers.DateField(allow_null=True)
    results = RivalRowOut(many=True, source="rows")


class PeriodIn(StrictSerializer):
    """Days of decision, both included; without any the last twelve months."""

    since = DayField(required=False)
    until = DayField(required=False)

    def validate(self, attrs: Any) -> Any:
        whole = last_year(business_today())
        until = attrs.get("until", whole.until)
        since = attrs.get("since", min(whole.since, until))
        if until < since:
            raise serializers.ValidationError({"until": ["before since"]})
        return {"since": since, "until": until}


class RivalResource(Resource):
    """Deals won and lost by competitor, with what the customers are worth."""

    read_access = permissions.VIEW_DEALS
    queryset = Deal.objects.all()
    output = RivalReportOut
    pagination_class = None
    filter_backends = ()
    list_parameters = frozenset({"since", "until"})

    @extend_schema(
        summary="Read wins and losses by competitor",
        parameters=[
            OpenApiParameter("since", dt.date),
            OpenApiParameter("until", dt.date),
        ],
        responses=RivalReportOut,
    )
    def list(self, request: Request) -> Response:
        reader = PeriodIn(data=request.query_params.dict())
        reader.is_valid(raise_exception=True)
        period = Period(**reader.validated_data)
        report = rival_report(user=self.actor, period=period)
        return Response(RivalReportOut(report).data)
