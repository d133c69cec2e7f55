"""Who follows which plan over the API, and what was not planned."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.api.gate import GateDecisionIn, GateUndecidedOut, decision_of
from campaigns.choices import ExceptionKind
from campaigns.models import PlanAssignment, RetentionPlan, TouchException
from campaigns.services import assignments
from common.api import StrictSerializer
from common.api_fields import RecordFilter, RecordId
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.models import BulkEdit
from crm.services.bulk_steps import MOST_AT_ONCE
from segments.choices import WorthClass


class PlanAssignmentOut(serializers.ModelSerializer[PlanAssignment]):
    """One account on one plan; open while `until` is null, which is not included."""

    worth_class = serializers.ChoiceField(choices=WorthClass.choices, allow_blank=True)
    assigned_by = serializers.EmailField(source="assigned_by.email", allow_null=True)

    class Meta:
        model = PlanAssignment
        fields = (
            "id",
            "account",
            "plan",
            "since",
            "until",
            "is_by_hand",
            "worth_class",
            "ends_on",
            "reason",
            "ended_because",
            "assigned_by",
        )
        read_only_fields = fields


class AccountsIn(StrictSerializer):
    accounts = serializers.ListField(
        child=RecordId(),
        min_length=1,
        max_length=MOST_AT_ONCE,
    )
    reason = serializers.CharField(max_length=300)


class PlanAssignmentIn(AccountsIn):
    """Accounts to be put on a plan; without `ends_on` until their class changes.

    `gate` decides about those for which a year of the plan does not pay.
    """

    plan = serializers.PrimaryKeyRelatedField(
        queryset=RetentionPlan.objects.all(), pk_field=RecordId()
    )
    ends_on = serializers.DateField(required=False, allow_null=True)
    gate = GateDecisionIn(required=False)


class AssignedOut(serializers.Serializer[Any]):
    """`edit` takes it back within a week; null where nobody was changed."""

    assigned = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    left_out = serializers.IntegerField()
    edit = serializers.IntegerField(allow_null=True)


class EditIn(StrictSerializer):
    edit = serializers.PrimaryKeyRelatedField(
        queryset=BulkEdit.objects.filter(action=assignments.ACTION),
        pk_field=RecordId(),
    )


class AccountCountOut(serializers.Serializer[Any]):
    accounts = serializers.IntegerField()


class PlanAssignmentFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    plan = RecordFilter("plan_id")
    is_open = django_filters.BooleanFilter("until", lookup_expr="isnull")

    class Meta:
        model = PlanAssignment
        fields = ("account", "plan", "is_open", "is_by_hand")


class PlanAssignmentResource(Listed, Shown, Resource):
    """Who follows which plan, since when and why."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.ASSIGN_PLANS
    queryset = PlanAssignment.objects.select_related("assigned_by")
    output = PlanAssignmentOut
    outputs = {
        "create": AssignedOut,
        "take_off": AccountCountOut,
        "undo": AccountCountOut,
    }
    inputs = {"create": PlanAssignmentIn, "take_off": AccountsIn, "undo": EditIn}
    filterset_class = PlanAssignmentFilter

    @extend_schema(
        summary="Put accounts on a plan by hand",
        responses={201: AssignedOut, 409: GateUndecidedOut},
    )
    @acts_once
    def create(self, request: Request) -> Response:
        said = self.read(request)
        decision = decision_of(said.pop("gate", None))
        keys = set(said.pop("accounts"))
        done = assignments.assign_weighed(
            actor=self.actor,
            account_ids=keys,
            decision=decision,
            **said,
        )
        answer = {
            "assigned": done.assigned,
            "unchanged": done.unchanged,
            "left_out": done.left_out,
            "edit": done.edit.pk if done.edit else None,
        }
        return Response(answer, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Take accounts off their plan by hand", responses={200: AccountCountOut}
    )
    @action(detail=False, methods=["post"], url_path="take-off")
    @acts_once
    def take_off(self, request: Request) -> Response:
        said = self.read(request)
        count = assignments.take_off(
            actor=self.actor, account_ids=said["accounts"], reason=said["reason"]
        )
        return Response({"accounts": count})

    @extend_schema(summary="Take an assignment back", responses={200: AccountCountOut})
    @action(detail=False, methods=["post"])
    @acts_once
    def undo(self, request: Request) -> Response:
        count = assignments.undo_assignment(actor=self.actor, **self.read(request))
        return Response({"accounts": count})


class TouchExceptionOut(serializers.ModelSerializer[TouchException]):
    """One touch that a plan asked for and that was not planned."""

    title = serializers.CharField(source="template.title")
    kind = serializers.ChoiceField(choices=ExceptionKind.choices)

    class Meta:
        model = TouchException
        fields = (
            "id",
            "account",
            "title",
            "lineage",
            "period",
            "due_on",
            "kind",
            "reason",
            "touchpoint",
        )
        read_only_fields = fields


class TouchExceptionFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    due_from = django_filters.DateFilter("due_on", lookup_expr="gte")
    due_until = django_filters.DateFilter("due_on", lookup_expr="lte")

    class Meta:
        model = TouchException
        fields = ("account", "kind", "due_from", "due_until")


class TouchExceptionResource(Listed, Shown, Resource):
    """What plans asked for and was not planned, with the reason."""

    read_access = permissions.VIEW_PLANS
    queryset = TouchException.objects.select_related("template")
    output = TouchExceptionOut
    filterset_class = TouchExceptionFilter
