"""Campaigns over the API: made, filled, weighed, started, ended and measured."""

from typing import Any

import django_filters
from django.db.models import Count, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions, policy
from campaigns.api.gate import GateDecisionIn, GateUndecidedOut, decision_of
from campaigns.api.wallet import MeasuredEffectOut
from campaigns.errors import CampaignStateError
from campaigns.models import Campaign, TouchTemplate
from campaigns.queries import campaign_results
from campaigns.services import asked_starts, campaign_effects, campaigns, starting
from campaigns.services.drafts import TERMS
from common.api import StrictModelSerializer, StrictSerializer
from common.api import expected_version as expected
from common.api_fields import DayField
from common.once import acts_once
from common.resources import Listed, Resource, Shown

MONEY: dict[str, Any] = {"max_digits": 20, "decimal_places": 2}
# What a touch of a campaign says: it comes once, on a day of it.
CAMPAIGN_TERMS = tuple(
    name for name in TERMS if name not in {"cadence", "times", "every", "event_type"}
)


class CampaignTouchOut(serializers.ModelSerializer[TouchTemplate]):
    """One kind of touch, `offset_days` after the first day of its campaign."""

    class Meta:
        model = TouchTemplate
        fields = ("id", "campaign", *CAMPAIGN_TERMS)
        read_only_fields = fields


class CampaignOut(serializers.ModelSerializer[Campaign]):
    """One campaign with its touches; `ends_on` is its last day.

    It is `starting` while a worker is to start it, then `running`, or a `draft` again:
    `start_failure` says why.
    """

    owner = serializers.EmailField(source="owner.email")
    audience = serializers.IntegerField(
        source="enrolled", help_text="how many accounts are enrolled"
    )
    touches = CampaignTouchOut(many=True)

    class Meta:
        model = Campaign
        fields = (
            "id",
            "name",
            "goal",
            "kind",
            "care",
            "owner",
            "status",
            "starts_on",
            "ends_on",
            "budget",
            "holdout_percent",
            "start_failure",
            "started_at",
            "ended_at",
            "version",
            "audience",
            "touches",
        )
        read_only_fields = fields


class CampaignIn(StrictModelSerializer):
    """A new campaign; what is not sent of a change stays."""

    goal = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    starts_on = DayField()
    ends_on = DayField(help_text="the last day")
    budget = serializers.DecimalField(
        max_digits=14, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    holdout_percent = serializers.IntegerField(
        min_value=0, max_value=policy.MOST_HOLDOUT_PERCENT, required=False
    )

    class Meta:
        model = Campaign
        fields = (
            "name",
            "goal",
            "kind",
            "care",
            "starts_on",
            "ends_on",
            "budget",
            "holdout_percent",
        )


class StartIn(StrictSerializer):
    """`gate` decides about those for whom the campaign does not pay."""

    gate = GateDecisionIn(required=False)


class TakeEffectIn(StrictSerializer):
    """`based_on` is the effect of the channel that was read, null where none was."""

    reason = serializers.CharField(max_length=300)
    based_on = serializers.IntegerField(required=False, allow_null=True, min_value=1)


@extend_schema_serializer(many=False)
class CampaignGateOut(serializers.Serializer[Any]):
    """What the touches of a campaign cost and gain with its audience."""

    accounts = serializers.IntegerField()
    below = serializers.IntegerField(help_text="for how many it does not pay")
    cost_each = serializers.DecimalField(**MONEY)
    cost = serializers.DecimalField(**MONEY)
    gain = serializers.DecimalField(**MONEY)
    gain_below = serializers.DecimalField(**MONEY)
    is_needed = serializers.BooleanField(help_text="whether it has to be decided")
    sentence = serializers.CharField()
    rests_on = serializers.CharField()


class OutcomeOut(serializers.Serializer[Any]):
    """Those who were touched against those who were spared; null is not to be told."""

    treated = serializers.IntegerField()
    controls = serializers.IntegerField()
    mean_treated = serializers.DecimalField(allow_null=True, **MONEY)
    mean_control = serializers.DecimalField(allow_null=True, **MONEY)
    each = serializers.DecimalField(
        allow_null=True, help_text="the difference per account", **MONEY
    )
    each_low = serializers.DecimalField(allow_null=True, **MONEY)
    each_high = serializers.DecimalField(allow_null=True, **MONEY)
    total = serializers.DecimalField(
        allow_null=True, help_text="of all who were touched, less cost", **MONEY
    )
    low = serializers.DecimalField(allow_null=True, **MONEY)
    high = serializers.DecimalField(allow_null=True, **MONEY)
    untold = serializers.CharField(help_text="why it cannot be told, or blank")


@extend_schema_serializer(many=False)
class CampaignResultsOut(serializers.Serializer[Any]):
    """What a campaign brought about; `clv` is null before a night valued it."""

    since = serializers.DateField()
    until = serializers.DateField()
    is_final = serializers.BooleanField()
    treated = serializers.IntegerField()
    controls = serializers.IntegerField()
    merged = serializers.IntegerField()
    left_out = serializers.DictField(child=serializers.IntegerField())
    touches = serializers.DictField(child=serializers.IntegerField())
    cost = serializers.DecimalField(**MONEY)
    budget = serializers.DecimalField(allow_null=True, **MONEY)
    budget_left = serializers.DecimalField(allow_null=True, **MONEY)
    margin = OutcomeOut()
    clv = OutcomeOut(allow_null=True)
    won_treated = serializers.IntegerField()
    won_controls = serializers.IntegerField()
    sentence = serializers.CharField()


class CampaignFilter(django_filters.FilterSet):
    class Meta:
        model = Campaign
        fields = ("status", "kind")


class CampaignResource(Listed, Shown, Resource):
    """Efforts with a goal, for chosen accounts, and what they brought about."""

    read_access = permissions.VIEW_CAMPAIGNS
    write_access = permissions.CHANGE_CAMPAIGNS
    queryset = Campaign.objects.select_related("owner").prefetch_related("touches")
    output = CampaignOut
    inputs = {
        "create": CampaignIn,
        "partial_update": CampaignIn,
        "start": StartIn,
        "end": StrictSerializer,
        "cancel": StrictSerializer,
        "call_off": StrictSerializer,
        "effect": TakeEffectIn,
    }
    outputs = {
        "gate": CampaignGateOut,
        "results": CampaignResultsOut,
        "effect": MeasuredEffectOut,
    }
    statuses = {"effect": 201}
    filterset_class = CampaignFilter

    def get_queryset(self) -> QuerySet[Campaign]:
        rows: QuerySet[Campaign] = super().get_queryset()
        return rows.annotate(enrolled=Count("enrolments"))

    @acts_once
    def create(self, request: Request) -> Response:
        made = campaigns.create_campaign(actor=self.actor, **self.read(request))
        return self._told(made.pk)

    def partial_update(self, request: Request, pk: int) -> Response:
        campaign = self.get_object()
        campaigns.change_campaign(
            actor=self.actor,
            campaign=campaign,
            expected_version=expected(request, campaign),
            **self.read(request),
        )
        return self._told(pk)

    @extend_schema(
        summary="Read whether it pays for everybody", responses=CampaignGateOut
    )
    @action(detail=True, methods=["get"], filter_backends=(), pagination_class=None)
    def gate(self, request: Request, pk: int) -> Response:
        campaign = self.get_object()
        self._let_in()
        return Response(self.get_serializer(starting.gate_of(campaign)).data)

    @extend_schema(
        summary="Start it: draw the control group and plan its touches",
        request=StartIn,
        responses={200: CampaignOut, 202: CampaignOut, 409: GateUndecidedOut},
    )
    @action(detail=True, methods=["post"])
    @acts_once
    def start(self, request: Request, pk: int) -> Response:
        """Start at once; with a large audience a worker soon does, and it is 202."""
        campaign, said = self.get_object(), self.read(request)
        done = asked_starts.ask_start(
            actor=self.actor,
            campaign=campaign,
            decision=decision_of(said.get("gate")),
        )
        answer = self._told(pk)
        answer.status_code = 202 if done.is_starting else 200
        return answer

    @extend_schema(summary="End it today", request=None, responses=CampaignOut)
    @action(detail=True, methods=["post"])
    @acts_once
    def end(self, request: Request, pk: int) -> Response:
        self.read(request)
        campaigns.end_campaign(actor=self.actor, campaign=self.get_object())
        return self._told(pk)

    @extend_schema(
        summary="Call a start off that no worker has taken yet",
        request=None,
        responses=CampaignOut,
    )
    @action(detail=True, methods=["post"], url_path="call-off")
    @acts_once
    def call_off(self, request: Request, pk: int) -> Response:
        """Let one that is `starting` be a draft again; nobody heard of it."""
        self.read(request)
        asked_starts.call_off_start(actor=self.actor, campaign=self.get_object())
        return self._told(pk)

    @extend_schema(summary="Give a draft up", request=None, responses=CampaignOut)
    @action(detail=True, methods=["post"])
    @acts_once
    def cancel(self, request: Request, pk: int) -> Response:
        self.read(request)
        campaigns.cancel_campaign(actor=self.actor, campaign=self.get_object())
        return self._told(pk)

    @extend_schema(summary="Read what it brought about", responses=CampaignResultsOut)
    @action(detail=True, methods=["get"], filter_backends=(), pagination_class=None)
    def results(self, request: Request, pk: int) -> Response:
        campaign = self.get_object()
        self._let_in()
        found = campaign_results.results(campaign)
        if found is None:
            raise CampaignStateError("It has not started, so there are no results.")
        return Response(self.get_serializer(found).data)

    @extend_schema(
        summary="Take the result as the measured effect of its channel",
        request=TakeEffectIn,
        responses={201: MeasuredEffectOut},
    )
    @action(detail=True, methods=["post"])
    @acts_once
    def effect(self, request: Request, pk: int) -> Response:
        campaign = self.get_object()
        made = campaign_effects.take_effect(
            actor=self.actor, campaign=campaign, **self.read(request)
        )
        return self.answer(made)

    def _let_in(self) -> None:
        """Let only those read sums of all accounts who see every account."""
        if not self.actor.sees_every_account:
            self.permission_denied(self.request)

    def _told(self, pk: int) -> Response:
        """Write a campaign as it stands now: also one that left the actor's sight."""
        rows = self.queryset.annotate(enrolled=Count("enrolments"))
        return self.answer(rows.get(pk=pk))
