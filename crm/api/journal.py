"""The journal of accounts over the API."""

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer
from common.api_fields import DayField, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.choices import HypothesisStatus
from crm.models import Account, Hypothesis, HypothesisEvidence
from crm.services import journal

LONGEST_TEXT = 20_000


class HypothesisEvidenceOut(serializers.ModelSerializer[HypothesisEvidence]):
    class Meta:
        model = HypothesisEvidence
        fields = ("id", "is_for", "noted_on", "text")
        read_only_fields = fields


class HypothesisOut(serializers.ModelSerializer[Hypothesis]):
    evidence = HypothesisEvidenceOut(many=True)

    class Meta:
        model = Hypothesis
        fields = (
            "id",
            "account",
            "author",
            "statement",
            "status",
            "review_on",
            "concluded_on",
            "conclusion",
            "evidence",
            "created_at",
            "version",
        )
        read_only_fields = fields


class HypothesisIn(StrictSerializer):
    account = VisibleField(queryset=Account.objects.active())
    statement = serializers.CharField(max_length=500)
    review_on = DayField(required=False)


class HypothesisEvidenceIn(StrictSerializer):
    is_for = serializers.BooleanField()
    text = serializers.CharField(max_length=LONGEST_TEXT)
    noted_on = DayField(required=False)


class ConclusionIn(StrictSerializer):
    """Confirmed or refuted; or open again until `review_on`."""

    status = serializers.ChoiceField(HypothesisStatus.choices)
    conclusion = serializers.CharField(max_length=500, required=False, allow_blank=True)
    review_on = DayField(required=False)


class HypothesisFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")

    class Meta:
        model = Hypothesis
        fields = ("account", "status")


class HypothesisResource(Listed, Shown, Resource):
    """What people suppose about accounts, what speaks for it, and what came of it."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.LOG_TOUCHPOINTS
    queryset = Hypothesis.objects.select_related("account").prefetch_related("evidence")
    output = HypothesisOut
    inputs = {
        "create": HypothesisIn,
        "evidence": HypothesisEvidenceIn,
        "conclusion": ConclusionIn,
    }
    filterset_class = HypothesisFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(journal.create_hypothesis(actor=self.actor, **values))

    @extend_schema(summary="Note what speaks for or against it")
    @action(detail=True, methods=["post"])
    @acts_once
    def evidence(self, request: Request, pk: int) -> Response:
        found = self.get_object()
        journal.add_evidence(actor=self.actor, hypothesis=found, **self.read(request))
        return self.answer(self.get_object())

    @extend_schema(summary="Conclude it, or open it again")
    @action(detail=True, methods=["post"])
    @acts_once
    def conclusion(self, request: Request, pk: int) -> Response:
        found, values = self.get_object(), self.read(request)
        review_on = values.pop("review_on", None)
        if values["status"] == HypothesisStatus.OPEN:
            journal.review_again(
                actor=self.actor,
                hypothesis=found,
                review_on=review_on or found.review_on,
            )
        else:
            journal.conclude(actor=self.actor, hypothesis=found, **values)
        return self.answer(self.get_object())
