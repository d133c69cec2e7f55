"""Rules for shared costs and their applications, over the API."""

import datetime as dt
from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, StrictSerializer, expected_version
from common.api_fields import DayField, RecordFilter
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import Allocation, AllocationRule, LedgerEntry, Territory
from crm.queries import allocation as queries
from crm.services import allocation, allocation_rules

TERMS = (
    "driver",
    "span",
    "relationship_type",
    "territory",
    "industry",
    "is_monthly",
    "is_active",
)


class RuleOut(serializers.ModelSerializer[AllocationRule]):
    """How shared costs of one kind are spread; `said` says it in words."""

    said = serializers.CharField()

    class Meta:
        model = AllocationRule
        fields = ("id", "name", "kind", *TERMS, "said", "version")
        read_only_fields = fields


class RuleChange(StrictModelSerializer):
    territory = serializers.PrimaryKeyRelatedField(
        queryset=Territory.objects.all(), required=False, allow_null=True
    )
    reason = serializers.CharField(max_length=300)

    class Meta:
        model = AllocationRule
        fields: tuple[str, ...] = (*TERMS, "reason")


class RuleIn(RuleChange):
    name = serializers.CharField(max_length=150)

    class Meta:
        model = AllocationRule
        fields = ("name", "kind", *TERMS, "reason")


class PeriodIn(StrictSerializer):
    """Whole months, and some of their costs if not all."""

    period_start = DayField()
    period_end = DayField()
    costs = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62),
        required=False,
        max_length=10_000,
    )


class AllocationIn(PeriodIn):
    rule = serializers.PrimaryKeyRelatedField(queryset=AllocationRule.objects.all())


class Amount(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=18, decimal_places=2, **kwargs)


class ShareOut(serializers.Serializer[queries.Share]):
    account = serializers.IntegerField(source="account.pk")
    name = serializers.CharField(source="account.name")
    weight = serializers.DecimalField(max_digits=32, decimal_places=0)
    amount = Amount()


class AllocationPreviewOut(serializers.Serializer[queries.Preview]):
    """Who would bear what. `largest` holds the biggest shares, `charged` sums all."""

    total = Amount()
    charged = Amount()
    cost_count = serializers.IntegerField()
    account_count = serializers.IntegerField()
    without_count = serializers.IntegerField()
    months_with_nobody = serializers.ListField(
        child=serializers.DateField(), source="empty_months"
    )
    largest = ShareOut(many=True)


class AllocationOut(serializers.ModelSerializer[Allocation]):
    """One application of a version of a rule."""

    rule = serializers.IntegerField(source="version.rule_id")
    rule_version = serializers.IntegerField(source="version.number")

    class Meta:
        model = Allocation
        fields = (
            "id",
            "rule",
            "rule_version",
            "period_start",
            "period_end",
            "total",
            "cost_count",
            "account_count",
            "applied_at",
            "applied_by",
            "undone_at",
            "undone_by",
            "undone_reason",
        )
        read_only_fields = fields


class ReasonIn(StrictSerializer):
    reason = serializers.CharField(max_length=250)


class AllocationRuleResource(Listed, Shown, Resource):
    """Rules by which shared costs are spread; each change is a version."""

    read_access = permissions.CHANGE_LEDGER
    write_access = permissions.CHANGE_LEDGER
    queryset = AllocationRule.objects.all()
    output = RuleOut
    outputs = {"preview": AllocationPreviewOut}
    inputs = {"create": RuleIn, "partial_update": RuleChange, "preview": PeriodIn}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        return self.answer(
            allocation_rules.create_rule(actor=self.actor, **self.read(request))
        )

    def partial_update(self, request: Request, pk: int) -> Response:
        rule = self.get_object()
        version, values = expected_version(request, rule), self.read(request)
        changed = allocation_rules.change_rule(
            actor=self.actor,
            rule=rule,
            reason=values.pop("reason", ""),
            expected_version=version,
            **values,
        )
        return self.answer(changed)

    @extend_schema(summary="Say who would bear what; nothing is stored")
    @action(detail=True, methods=["post"])
    @acts_once
    def preview(self, request: Request, pk: int) -> Response:
        rule, wanted = self.get_object(), self.read(request)
        days: tuple[dt.date, dt.date] = (wanted["period_start"], wanted["period_end"])
        found: list[LedgerEntry] = queries.unspread(
            rule, *days, chosen=wanted.get("costs", ())
        )
        seen = queries.preview(rule, found)
        return Response(self.get_serializer(seen).data)


class AllocationFilter(django_filters.FilterSet):
    rule = RecordFilter("version__rule_id")

    class Meta:
        model = Allocation
        fields = ("rule",)


class AllocationResource(Listed, Shown, Resource):
    """What was spread, by which version of which rule."""

    read_access = permissions.CHANGE_LEDGER
    write_access = permissions.CHANGE_LEDGER
    queryset = Allocation.objects.select_related("version")
    output = AllocationOut
    inputs = {"create": AllocationIn, "undo": ReasonIn}
    is_shared = True
    filterset_class = AllocationFilter

    @extend_schema(summary="Spread the shared costs of whole months by a rule")
    @acts_once
    def create(self, request: Request) -> Response:
        return self.answer(
            allocation.apply_rule(actor=self.actor, **self.read(request))
        )

    @extend_schema(summary="Take an allocation back by reversing its parts")
    @action(detail=True, methods=["post"])
    @acts_once
    def undo(self, request: Request, pk: int) -> Response:
        made = self.get_object()
        return self.answer(
            allocation.undo(actor=self.actor, allocation=made, **self.read(request))
        )
