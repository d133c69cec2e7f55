"""Retention plans over the API: who they are for, their versions, their cost."""

from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.choices import PLAN_CADENCES
from campaigns.models import PlanVersion, RetentionPlan, TouchTemplate
from campaigns.queries import costs
from campaigns.services import plans
from campaigns.services.drafts import TERMS
from campaigns.services.ready import READY_PLANS
from common.api import StrictSerializer, expected_version
from common.api_fields import NamedField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.choices import RelationshipType
from crm.models import Tag, Territory
from segments.choices import WorthClass

MONEY = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)


class TouchOut(serializers.ModelSerializer[TouchTemplate]):
    """One kind of touch; without a unit cost its yearly cost is not known."""

    cadence = serializers.ChoiceField(choices=PLAN_CADENCES)
    event_type = serializers.CharField(source="event_type.key", allow_null=True)
    often = serializers.CharField(help_text="the cadence in words")
    cost_per_year = serializers.SerializerMethodField()

    class Meta:
        model = TouchTemplate
        fields = ("id", "lineage", *TERMS, "often", "cost_per_year")
        read_only_fields = fields

    @extend_schema_field(MONEY)
    def get_cost_per_year(self, touch: TouchTemplate) -> str | None:
        runs_days = touch.version.runs_days
        cost = costs.yearly_cost(touch, self.context["hourly_costs"], runs_days)
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
            "plan",
            "number",
            "status",
            "valid_from",
            "ended_on",
            "runs_days",
            "note",
            "published_at",
            "version",
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
        return costs.plan_cost(
            version.touches.all(), hourly=hourly, runs_days=version.runs_days
        )


class PlanOut(serializers.ModelSerializer[RetentionPlan]):
    """One plan; without a class it is for accounts that no night has classed yet."""

    territory = serializers.CharField(source="territory.name", allow_null=True)
    tag = serializers.CharField(source="tag.name", allow_null=True)
    audience = serializers.CharField(help_text="who follows it, in words")
    worth_class = serializers.ChoiceField(choices=WorthClass.choices, allow_blank=True)
    versions = VersionOut(many=True)

    class Meta:
        model = RetentionPlan
        fields = (
            "id",
            "worth_class",
            "name",
            "is_automatic",
            "relationship_type",
            "territory",
            "tag",
            "audience",
            "version",
            "versions",
        )
        read_only_fields = fields


class PlanChangeIn(StrictSerializer):
    """What a plan is called and who it is for; what is not sent stays."""

    name = serializers.CharField(max_length=150, required=False)
    worth_class = serializers.ChoiceField(
        choices=WorthClass.choices,
        required=False,
        allow_blank=True,
        help_text="blank: newcomers",
    )
    is_automatic = serializers.BooleanField(
        required=False, help_text="false: only whom somebody puts on it"
    )
    relationship_type = serializers.ChoiceField(
        choices=RelationshipType.choices[:-1], required=False, allow_blank=True
    )
    territory = NamedField(
        slug_field="name",
        queryset=Territory.objects.all(),
        required=False,
        allow_null=True,
    )
    tag = NamedField(
        slug_field="name", queryset=Tag.objects.all(), required=False, allow_null=True
    )


class PlanIn(PlanChangeIn):
    """A new plan; its first draft is empty, from a ready plan, or a copy."""

    name = serializers.CharField(max_length=150)
    template = serializers.ChoiceField(
        choices=[(key, ready.name) for key, ready in READY_PLANS.items()],
        required=False,
    )
    copied_from = serializers.PrimaryKeyRelatedField(
        queryset=PlanVersion.objects.all(), required=False
    )

    def validate(self, attrs: Any) -> Any:
        if "template" in attrs and "copied_from" in attrs:
            raise serializers.ValidationError(
                {"copied_from": ["Begin with a ready plan or with a copy, not both."]}
            )
        return attrs


class PlanFilter(django_filters.FilterSet):
    class Meta:
        model = RetentionPlan
        fields = ("worth_class", "is_automatic")


class WithCosts(Resource):
    """Knows what an hour of whom costs."""

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        return {**context, "hourly_costs": costs.hourly_costs()}


class PlanResource(Listed, Shown, WithCosts):
    """Who gets what: plans of classes, of parts of them, and by hand; versioned."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.CHANGE_PLANS
    queryset = (
        RetentionPlan.objects.followable()
        .select_related("territory", "tag")
        .prefetch_related(
            Prefetch("versions", PlanVersion.objects.prefetch_related("touches"))
        )
    )
    output = PlanOut
    outputs = {"draft": VersionOut}
    inputs = {
        "create": PlanIn,
        "partial_update": PlanChangeIn,
        "draft": StrictSerializer,
    }
    statuses = {"draft": 201}
    filterset_class = PlanFilter
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        version = plans.create_plan(
            actor=self.actor,
            name=values.pop("name"),
            template=values.pop("template", ""),
            copied_from=values.pop("copied_from", None),
            audience=plans.Audience(**values),
        )
        return self.answer(self.get_queryset().get(pk=version.plan_id))

    def partial_update(self, request: Request, pk: int) -> Response:
        plan = self.get_object()
        version, values = expected_version(request, plan), self.read(request)
        name = values.pop("name", plan.name)
        audience = plans.Audience(
            **{
                field: values.get(field, getattr(plan, field))
                for field in plans.Audience.__slots__
            }
        )
        plans.change_plan(
            actor=self.actor,
            plan=plan,
            name=name,
            audience=audience,
            expected_version=version,
        )
        return self.answer(self.get_queryset().get(pk=pk))

    @extend_schema(summary="Start a draft, or find the one that is open", request=None)
    @action(detail=True, methods=["post"])
    @acts_once
    def draft(self, request: Request, pk: int) -> Response:
        self.read(request)
        return self.answer(plans.start_draft(actor=self.actor, plan=self.get_object()))
