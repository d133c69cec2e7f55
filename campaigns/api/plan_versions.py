"""Versions of plans over the API: drafted touch by touch, compared, published."""

from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions, policy
from campaigns.api.plans import TouchOut, VersionOut, WithCosts
from campaigns.choices import PLAN_CADENCES
from campaigns.models import (
    LibraryTouch,
    PlanVersion,
    RetentionPlan,
    TouchTemplate,
)
from campaigns.queries import plan_effect, previews
from campaigns.services import drafts, plans
from campaigns.services.drafts import TERMS
from campaigns.services.ready import READY_PLANS
from common.api import (
    StrictModelSerializer,
    StrictSerializer,
    etag_of,
    expected_version,
)
from common.api_fields import DayField, NamedField, RecordFilter
from common.once import acts_once
from common.resources import Listed, Shown
from crm.models import EventType

MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}
HOURS: dict[str, Any] = {"max_digits": 12, "decimal_places": 2}


class TermsIn(StrictModelSerializer):
    """What a touch is; what does not belong to its cadence is left out."""

    cadence = serializers.ChoiceField(choices=PLAN_CADENCES)
    event_type = NamedField(
        slug_field="key",
        queryset=EventType.objects.all(),
        required=False,
        allow_null=True,
    )
    times = serializers.IntegerField(min_value=1, max_value=31, required=False)
    every = serializers.IntegerField(min_value=1, max_value=104, required=False)
    offset_days = serializers.IntegerField(
        min_value=-policy.FURTHEST_FROM_ANNIVERSARY_DAYS,
        max_value=policy.LATEST_ONBOARDING_DAY,
        required=False,
    )
    unit_cost = serializers.DecimalField(
        max_digits=10, decimal_places=2, min_value=0, required=False, allow_null=True
    )

    class Meta:
        model = TouchTemplate
        fields = TERMS


class TouchIn(TermsIn):
    """A touch for a draft."""

    draft = serializers.PrimaryKeyRelatedField(
        queryset=PlanVersion.objects.select_related("plan")
    )

    class Meta:
        model = TouchTemplate
        fields = ("draft", *TERMS)


class PlanVersionChangeIn(StrictSerializer):
    runs_days = serializers.IntegerField(
        min_value=1,
        max_value=policy.LONGEST_RUN_DAYS,
        allow_null=True,
        help_text="how long an account follows it; null: as long as it fits",
    )


class PublishPlanIn(StrictSerializer):
    valid_from = DayField(required=False, help_text="today if not said")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ReadyPlanIn(StrictSerializer):
    template = serializers.ChoiceField(
        choices=[(key, ready.name) for key, ready in READY_PLANS.items()]
    )


class FromLibraryIn(StrictSerializer):
    touch = serializers.PrimaryKeyRelatedField(
        queryset=LibraryTouch.objects.select_related("event_type")
    )


class PlanHeadOut(serializers.Serializer[plan_effect.HeadLine]):
    head = serializers.CharField(source="label")
    before = serializers.DecimalField(allow_null=True, **MONEY)
    after = serializers.DecimalField(**MONEY)


class TouchChangeOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    title = serializers.CharField()
    words = serializers.CharField()
    before = serializers.DecimalField(allow_null=True, **MONEY)
    after = serializers.DecimalField(allow_null=True, **MONEY)


class PlanEffectOut(serializers.Serializer[plan_effect.Effect]):
    """What a version costs, asks of account owners, and must earn.

    `before` is the version it is compared with, null where there is none.
    """

    before = serializers.IntegerField(source="before.version.pk", allow_null=True)
    after = serializers.IntegerField(source="after.version.pk")
    accounts = serializers.IntegerField(source="following.accounts")
    expected_margin_year = serializers.DecimalField(
        source="following.expected_margin_year", allow_null=True, **MONEY
    )
    cost_per_customer_year = serializers.DecimalField(
        source="after.cost.per_customer", **MONEY
    )
    cost_of_all_year = serializers.DecimalField(
        source="after.cost.whole_class", **MONEY
    )
    more_per_customer_year = serializers.DecimalField(
        source="more", allow_null=True, **MONEY
    )
    heads = PlanHeadOut(many=True)
    uplift_needed = serializers.DecimalField(source="even.uplift", **MONEY)
    uplift_share_of_margin = serializers.FloatField(
        source="even.share", allow_null=True
    )
    rep_hours_year = serializers.FloatField(source="hours.plan_a_year")
    rep_hours_week = serializers.FloatField(source="hours.plan")
    rep_hours_week_of_other_plans = serializers.FloatField(source="hours.other_plans")
    rep_capacity_week = serializers.FloatField(source="hours.capacity")
    touches_without_unit_cost = serializers.ListField(
        source="unpriced", child=serializers.CharField()
    )
    changes = TouchChangeOut(many=True)


class TouchPreviewOut(serializers.Serializer[Any]):
    """Subject and text as one person at one account would read them."""

    account = serializers.IntegerField(source="account.pk")
    contact = serializers.IntegerField(source="contact.pk", allow_null=True)
    subject = serializers.CharField()
    content = serializers.CharField()


class VersionFilter(django_filters.FilterSet):
    plan = RecordFilter("plan_id")

    class Meta:
        model = PlanVersion
        fields = ("plan", "status")


class VersionResource(Listed, Shown, WithCosts):
    """Versions of plans. Only drafts change; one is published, others archived."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.CHANGE_PLANS
    queryset = (
        PlanVersion.objects.filter(plan__in=RetentionPlan.objects.followable())
        .select_related("plan")
        .prefetch_related("touches")
    )
    output = VersionOut
    outputs = {"effect": PlanEffectOut}
    inputs = {
        "partial_update": PlanVersionChangeIn,
        "publish": PublishPlanIn,
        "archive": StrictSerializer,
        "template": ReadyPlanIn,
        "from_library": FromLibraryIn,
    }
    filterset_class = VersionFilter
    is_shared = True

    def _known_parameters(self) -> frozenset[str]:
        mine = {"with"} if self.action == "effect" else set()
        return super()._known_parameters() | mine

    def partial_update(self, request: Request, pk: int) -> Response:
        """Say for how long an account follows the plan."""
        stored = self.get_object()
        version, values = expected_version(request, stored), self.read(request)
        drafts.set_run(
            actor=self.actor,
            version=stored,
            runs_days=values.get("runs_days", stored.runs_days),
            expected_version=version,
        )
        return self._fresh(pk)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """Discard a draft."""
        plans.discard_draft(actor=self.actor, version=self.get_object())
        return Response(status=204)

    def _unless_changed(self, request: Request) -> PlanVersion:
        """Return the version, refused where If-Match names another state of it."""
        version: PlanVersion = self.get_object()
        if "If-Match" in request.headers:
            expected_version(request, version)
        return version

    @extend_schema(summary="Publish a draft")
    @action(detail=True, methods=["post"])
    @acts_once
    def publish(self, request: Request, pk: int) -> Response:
        values = self.read(request)
        version = self._unless_changed(request)
        plans.publish(
            actor=self.actor,
            version=version,
            expected_version=version.version,
            **values,
        )
        return self._fresh(pk)

    @extend_schema(summary="Withdraw the published version", request=None)
    @action(detail=True, methods=["post"])
    @acts_once
    def archive(self, request: Request, pk: int) -> Response:
        self.read(request)
        plans.archive(actor=self.actor, version=self._unless_changed(request))
        return self._fresh(pk)

    @extend_schema(summary="Replace a draft's touches by those of a ready plan")
    @action(detail=True, methods=["post"])
    @acts_once
    def template(self, request: Request, pk: int) -> Response:
        key = self.read(request)["template"]
        version = self._unless_changed(request)
        drafts.load_template(actor=self.actor, version=version, key=key)
        return self._fresh(pk)

    @extend_schema(summary="Put a touch of the library into a draft")
    @action(detail=True, methods=["post"], url_path="from-library")
    @acts_once
    def from_library(self, request: Request, pk: int) -> Response:
        kept = self.read(request)["touch"]
        drafts.put_library_touch(actor=self.actor, version=self.get_object(), kept=kept)
        return self._fresh(pk)

    @extend_schema(
        summary="Read cost, hours and break-even, compared with another version",
        parameters=[
            OpenApiParameter(
                "with", int, description="another version; the published if not said"
            )
        ],
        responses=PlanEffectOut,
    )
    @action(detail=True, methods=["get"], filter_backends=(), pagination_class=None)
    def effect(self, request: Request, pk: int) -> Response:
        version = self.get_object()
        found = plan_effect.effect(
            version, self._other(request, version), plan_effect.ground(version.plan)
        )
        return Response(PlanEffectOut(found).data)

    def _other(self, request: Request, version: PlanVersion) -> PlanVersion | None:
        wanted = request.query_params.get("with")
        rows = self.get_queryset()
        if wanted is None:
            published: PlanVersion | None = (
                rows.published().filter(plan=version.plan_id).exclude(pk=version.pk)
            ).first()
            return published
        found = rows.filter(pk=int(wanted[:18])).first() if wanted.isdecimal() else None
        if found is None:
            raise serializers.ValidationError({"with": ["unknown version"]})
        other: PlanVersion = found
        return other

    def _fresh(self, pk: int) -> Response:
        return self.answer(self.get_queryset().get(pk=pk))


class TouchResource(Listed, Shown, WithCosts):
    """Touches of plans; those of drafts are added, changed and removed."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.CHANGE_PLANS
    queryset = TouchTemplate.objects.filter(campaign=None).select_related(
        "version", "version__plan"
    )
    output = TouchOut
    inputs = {"create": TouchIn, "partial_update": TermsIn}
    is_shared = True

    def answer(self, record: Any) -> Response:
        """Write a touch with the ETag of its draft: that is what is edited."""
        status = 201 if self.action == "create" else 200
        response = Response(self.get_serializer(record).data, status=status)
        response["ETag"] = etag_of(record.version)
        return response

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        touch = drafts.save_touch(
            actor=self.actor, version=values.pop("draft"), **values
        )
        return self.answer(self.get_queryset().get(pk=touch.pk))

    def partial_update(self, request: Request, pk: int) -> Response:
        touch = self.get_object()
        version = expected_version(request, touch.version)
        drafts.save_touch(
            actor=self.actor,
            version=touch.version,
            touch=touch,
            expected_version=version,
            **self.read(request),
        )
        return self.answer(self.get_queryset().get(pk=pk))

    @extend_schema(
        summary="Read the texts as five customers would",
        responses=TouchPreviewOut(many=True),
    )
    @action(detail=True, methods=["get"], filter_backends=(), pagination_class=None)
    def preview(self, request: Request, pk: int) -> Response:
        touch = self.get_object()
        found = previews.previews(
            touch.version.plan,
            user=self.actor,
            subject=touch.subject,
            content=touch.content,
        )
        return Response(TouchPreviewOut(found, many=True).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        touch = self.get_object()
        drafts.remove_touch(actor=self.actor, version=touch.version, touch=touch)
        return Response(status=204)
