"""Retention plans over the API: their versions, touches, and what they cost."""

from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns import permissions
from campaigns.models import PlanVersion, RetentionPlan, TouchTemplate
from campaigns.queries import costs
from common.resources import Listed, Resource, Shown

MONEY = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)


class TouchOut(serializers.ModelSerializer[TouchTemplate]):
    """One kind of touch; without a unit cost its yearly cost is not known."""

    cost_per_year = serializers.SerializerMethodField()

    class Meta:
        model = TouchTemplate
        fields = (
            "lineage",
            "title",
            "channel",
            "cadence",
            "times",
            "unit_cost",
            "minutes",
            "owner_role",
            "head",
            "care",
            "content",
            "cost_per_year",
        )
        read_only_fields = fields

    @extend_schema_field(MONEY)
    def get_cost_per_year(self, touch: TouchTemplate) -> str | None:
        cost = costs.yearly_cost(touch, self.context["hourly_costs"])
        return None if cost is None else str(cost)


class VersionOut(serializers.ModelSerializer[PlanVersion]):
    """One state of a plan, with its cost for one customer and year."""

    touches = TouchOut(many=True)
    cost_per_customer_year = serializers.SerializerMethodField()
    is_cost_complete = serializers.SerializerMethodField()

    class Meta:
        model = PlanVersion
        fields = (
            "id",
            "number",
            "status",
            "valid_from",
            "note",
            "published_at",
            "cost_per_customer_year",
            "is_cost_complete",
            "touches",
        )
        read_only_fields = fields

    @extend_schema_field(MONEY)
    def get_cost_per_customer_year(self, version: PlanVersion) -> str:
        return str(self._cost(version).per_customer.quantize(Decimal("0.01")))

    def get_is_cost_complete(self, version: PlanVersion) -> bool:
        return self._cost(version).is_complete

    def _cost(self, version: PlanVersion) -> costs.PlanCost:
        hourly = self.context["hourly_costs"]
        return costs.plan_cost(version.touches.all(), hourly=hourly)


class PlanOut(serializers.ModelSerializer[RetentionPlan]):
    versions = VersionOut(many=True)

    class Meta:
        model = RetentionPlan
        fields = ("id", "worth_class", "name", "versions")
        read_only_fields = fields


class PlanFilter(django_filters.FilterSet):
    class Meta:
        model = RetentionPlan
        fields = ("worth_class",)


class PlanResource(Listed, Shown, Resource):
    """What each class gets: one plan per class, versioned and costed."""

    read_access = permissions.VIEW_PLANS
    queryset = RetentionPlan.objects.prefetch_related(
        Prefetch("versions", PlanVersion.objects.prefetch_related("touches"))
    )
    output = PlanOut
    filterset_class = PlanFilter
    is_shared = True

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        return {**context, "hourly_costs": costs.hourly_costs()}
