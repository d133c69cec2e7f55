"""Data quality over the API."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from segments.api.matrix import Amount, Scoped
from segments.queries.quality import quality_in


class UncostedOut(serializers.Serializer[Any]):
    """One product sold without a known unit cost; null is lines without a product."""

    product = serializers.IntegerField(source="part.product_id", allow_null=True)
    name = serializers.CharField()
    lines = serializers.IntegerField(source="part.things")
    accounts = serializers.IntegerField(source="part.accounts")
    revenue = serializers.FloatField(source="part.amount")
    width = Amount(allow_null=True)


class MissingOut(serializers.Serializer[Any]):
    """One missing fact; low, high and width are null where they are not measured."""

    key = serializers.CharField(source="fact.key")
    title = serializers.CharField(source="fact.title")
    to_do = serializers.CharField(source="fact.todo")
    missing = serializers.IntegerField(source="things")
    unit = serializers.CharField(source="fact.unit")
    accounts = serializers.IntegerField()
    clv = Amount()
    low = Amount(allow_null=True)
    high = Amount(allow_null=True)
    width = Amount(allow_null=True)
    unmeasured = serializers.IntegerField()
    products = UncostedOut(many=True)


class QualityResource(Scoped):
    """What is missing in the accounts asked for, the widest doubt about CLV first."""

    output = MissingOut

    def list(self, request: Request) -> Response:
        found = quality_in(self.scope(request))
        rows = found.rows if found else []
        return Response(self.get_serializer(rows, many=True).data)
