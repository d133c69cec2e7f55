"""Touches and audiences of campaigns over the API."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions, policy
from campaigns.api.campaigns import CAMPAIGN_TERMS, CampaignTouchOut
from campaigns.api.plan_versions import TermsIn
from campaigns.choices import CampaignStatus, LeftOut
from campaigns.models import Campaign, Enrolment, TouchTemplate
from campaigns.services import campaigns, enrolling
from common.api import StrictSerializer, etag_of
from common.api import expected_version as expected
from common.api_fields import RecordFilter, RecordId
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.choices import Channel, Stage
from crm.services.bulk_steps import MOST_AT_ONCE
from segments.choices import WorthClass


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
