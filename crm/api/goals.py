"""Goals of customers over the API."""

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, StrictSerializer, expected_version
from common.api_fields import DayField, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import Account, ClientGoal, Contact, GoalEvidence
from crm.services import goals

LONGEST_TEXT = 20_000
GOAL = ("contact", "title", "status", "target_on", "review_on")


class GoalEvidenceOut(serializers.ModelSerializer[GoalEvidence]):
    class Meta:
        model = GoalEvidence
        fields = ("id", "noted_on", "text", "amount", "voided_at")
        read_only_fields = fields


class GoalOut(serializers.ModelSerializer[ClientGoal]):
    evidence = GoalEvidenceOut(many=True)

    class Meta:
        model = ClientGoal
        fields = (
            "id",
            "account",
            *GOAL,
            "owner",
            "next_step",
            "evidence",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


class GoalChange(StrictModelSerializer):
    contact = VisibleField(
        queryset=Contact.objects.all(), required=False, allow_null=True
    )
    target_on = DayField(required=False, allow_null=True)
    review_on = DayField(required=False, allow_null=True)

    class Meta:
        model = ClientGoal
        fields: tuple[str, ...] = GOAL


class GoalIn(GoalChange):
    account = VisibleField(queryset=Account.objects.active())

    class Meta:
        model = ClientGoal
        fields = ("account", *GOAL)


class GoalEvidenceIn(StrictSerializer):
    text = serializers.CharField(max_length=LONGEST_TEXT)
    noted_on = DayField(required=False)
    amount = serializers.DecimalField(
        max_digits=14, decimal_places=2, required=False, allow_null=True
    )


class GoalFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")

    class Meta:
        model = ClientGoal
        fields = ("account", "status")


class GoalResource(Listed, Shown, Resource):
    """What customers want to reach, and what our work was worth to them."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.LOG_TOUCHPOINTS
    queryset = ClientGoal.objects.select_related("account", "owner").prefetch_related(
        "evidence"
    )
    output = GoalOut
    inputs = {
        "create": GoalIn,
        "partial_update": GoalChange,
        "evidence": GoalEvidenceIn,
    }
    filterset_class = GoalFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(goals.create_goal(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        goal = self.get_object()
        version = expected_version(request, goal)
        changed = goals.change_goal(
            actor=self.actor,
            goal=goal,
            expected_version=version,
            **self.read(request),
        )
        return self.answer(changed)

    @extend_schema(summary="Note what shows that a goal comes nearer")
    @action(detail=True, methods=["post"])
    @acts_once
    def evidence(self, request: Request, pk: int) -> Response:
        goal = self.get_object()
        goals.add_evidence(actor=self.actor, goal=goal, **self.read(request))
        return self.answer(self.get_object())
