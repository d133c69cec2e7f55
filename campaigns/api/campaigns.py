"""Campaigns over the API: made, filled, weighed, started, ended and measured."""

from typing import Any

import django_filters
from django.db.models import Count, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions, policy
from campaigns.api.gate import GateDecisionIn, GateUndecidedOut, decision_of
from campaigns.api.plan_versions import TermsIn
from campaigns.api.wallet import MeasuredEffectOut
from campaigns.choices import CampaignStatus, LeftOut
from campaigns.errors import CampaignStateError
from campaigns.models import Campaign, Enrolment, TouchTemplate
from campaigns.queries import campaign_results
from campaigns.services import campaign_effects, campaigns, enrolling, starting
from campaigns.services.drafts import TERMS
from common.api import StrictModelSerializer, StrictSerializer, etag_of
from common.api import expected_version as expected
from common.api_fields import DayField, RecordFilter, RecordId
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.choices import Channel, Stage
from crm.services.bulk_steps import MOST_AT_ONCE
from segments.choices import WorthClass

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
    """One campaign with its touches; `ends_on` is its last day."""

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
        responses={200: CampaignOut, 409: GateUndecidedOut},
    )
    @action(detail=True, methods=["post"])
    @acts_once
    def start(self, request: Request, pk: int) -> Response:
        campaign, said = self.get_object(), self.read(request)
        starting.start_campaign(
            actor=self.actor,
            campaign=campaign,
            decision=decision_of(said.get("gate")),
        )
        return self._told(pk)

    @extend_schema(summary="End it today", request=None, responses=CampaignOut)
    @action(detail=True, methods=["post"])
    @acts_once
    def end(self, request: Request, pk: int) -> Response:
        self.read(request)
        campaigns.end_campaign(actor=self.actor, campaign=self.get_object())
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


class CampaignTouchIn(TermsIn):
    """What a touch is, and how many days after the first day it comes."""

    cadence = None  # type: ignore[assignment]
    times = None  # type: ignore[assignment]
    every = None  # type: ignore[assignment]
    event_type = None  # type: ignore[assignment]
    offset_days = serializers.IntegerField(
        min_value=0, max_value=policy.LONGEST_CAMPAIGN_DAYS, required=False
    )

    class Meta:
        model = TouchTemplate
        fields = CAMPAIGN_TERMS


class NewCampaignTouchIn(CampaignTouchIn):
    """A touch for a draft."""

    campaign = serializers.PrimaryKeyRelatedField(
        queryset=Campaign.objects.all(), pk_field=RecordId()
    )

    class Meta:
        model = TouchTemplate
        fields = ("campaign", *CAMPAIGN_TERMS)


class CampaignTouchFilter(django_filters.FilterSet):
    campaign = RecordFilter("campaign_id")

    class Meta:
        model = TouchTemplate
        fields = ("campaign",)


class CampaignTouchResource(Listed, Shown, Resource):
    """Touches of campaigns; those of drafts are added, changed and removed."""

    read_access = permissions.VIEW_CAMPAIGNS
    write_access = permissions.CHANGE_CAMPAIGNS
    queryset = TouchTemplate.objects.filter(campaign__isnull=False).select_related(
        "campaign"
    )
    output = CampaignTouchOut
    inputs = {"create": NewCampaignTouchIn, "partial_update": CampaignTouchIn}
    filterset_class = CampaignTouchFilter
    is_shared = True  # its rows are those of the campaigns that the actor may see

    def get_queryset(self) -> QuerySet[TouchTemplate]:
        rows: QuerySet[TouchTemplate] = super().get_queryset()
        return rows.filter(campaign__in=Campaign.objects.visible_to(self.actor))

    def answer(self, record: Any) -> Response:
        """Write a touch with the ETag of its campaign: that is what is edited."""
        code = status.HTTP_201_CREATED if self.action == "create" else 200
        response = Response(self.get_serializer(record).data, status=code)
        response["ETag"] = etag_of(record.campaign)
        return response

    @acts_once
    def create(self, request: Request) -> Response:
        touch = campaigns.save_touch(actor=self.actor, **self.read(request))
        return self.answer(self.get_queryset().get(pk=touch.pk))

    def partial_update(self, request: Request, pk: int) -> Response:
        touch = self.get_object()
        campaigns.save_touch(
            actor=self.actor,
            campaign=touch.campaign,
            touch=touch,
            expected_version=expected(request, touch.campaign),
            **self.read(request),
        )
        return self.answer(self.get_queryset().get(pk=pk))

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        touch = self.get_object()
        campaigns.remove_touch(actor=self.actor, campaign=touch.campaign, touch=touch)
        return Response(status=status.HTTP_204_NO_CONTENT)


class EnrolmentOut(serializers.ModelSerializer[Enrolment]):
    """One account in the audience; what was true at the start is not known before."""

    left_out = serializers.ChoiceField(choices=LeftOut.choices, allow_blank=True)
    way = serializers.ChoiceField(choices=Channel.choices, allow_blank=True)
    worth_class = serializers.ChoiceField(choices=WorthClass.choices, allow_blank=True)
    stage = serializers.ChoiceField(choices=Stage.choices, allow_blank=True)

    class Meta:
        model = Enrolment
        fields = (
            "id",
            "campaign",
            "account",
            "added_at",
            "is_control",
            "left_out",
            "left_out_because",
            "way",
            "worth_class",
            "stage",
            "clv",
            "expected_margin",
        )
        read_only_fields = fields


class EnrolIn(StrictSerializer):
    campaign = serializers.PrimaryKeyRelatedField(
        queryset=Campaign.objects.filter(status=CampaignStatus.DRAFT),
        pk_field=RecordId(),
    )
    accounts = serializers.ListField(
        child=RecordId(), min_length=1, max_length=MOST_AT_ONCE
    )


class RefusedOut(serializers.Serializer[Any]):
    reason = serializers.CharField()
    accounts = serializers.ListField(child=serializers.IntegerField())


class EnrolledOut(serializers.Serializer[Any]):
    """`added` are the accounts to take out again to undo it."""

    added = serializers.ListField(child=serializers.IntegerField())
    already = serializers.IntegerField()
    refused = RefusedOut(many=True)


class WithdrawnOut(serializers.Serializer[Any]):
    accounts = serializers.IntegerField()


class EnrolmentFilter(django_filters.FilterSet):
    campaign = RecordFilter("campaign_id")
    account = RecordFilter("account_id")

    class Meta:
        model = Enrolment
        fields = ("campaign", "account", "is_control", "left_out")


class EnrolmentResource(Listed, Shown, Resource):
    """The audiences of campaigns: accounts are put in and taken out of drafts."""

    read_access = permissions.VIEW_CAMPAIGNS
    write_access = permissions.ADD_TO_CAMPAIGNS
    queryset = Enrolment.objects.all()
    output = EnrolmentOut
    inputs = {"create": EnrolIn, "withdraw": EnrolIn}
    outputs = {"create": EnrolledOut, "withdraw": WithdrawnOut}
    filterset_class = EnrolmentFilter

    @extend_schema(
        summary="Put accounts into the audience of a draft",
        responses={201: EnrolledOut},
    )
    @acts_once
    def create(self, request: Request) -> Response:
        said = self.read(request)
        done = enrolling.enrol(
            actor=self.actor,
            campaign=said["campaign"],
            account_ids=said["accounts"],
        )
        answer = {
            "added": list(done.added),
            "already": done.already,
            "refused": [
                {"reason": reason, "accounts": list(accounts)}
                for reason, accounts in done.refused.items()
            ],
        }
        return Response(answer, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Take accounts out of the audience of a draft",
        responses={200: WithdrawnOut},
    )
    @action(detail=False, methods=["post"])
    @acts_once
    def withdraw(self, request: Request) -> Response:
        said = self.read(request)
        taken = enrolling.withdraw_enrolments(
            actor=self.actor,
            campaign=said["campaign"],
            account_ids=said["accounts"],
        )
        return Response({"accounts": taken})
