"""The plan board over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.budget import Amount
from campaigns.models import PlanVersion
from campaigns.queries.board import BoardRow, board
from common.clock import business_today
from common.resources import Resource
from segments.permissions import VIEW_DASHBOARD


class TallyOut(serializers.Serializer[Any]):
    """Touches due within 90 days by what became of them, and those of next week."""

    due = serializers.IntegerField()
    done = serializers.IntegerField()
    late = serializers.IntegerField()
    next_week = serializers.IntegerField(source="ahead")
    skipped = serializers.IntegerField()
    expired = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    adherence = serializers.FloatField(source="share", allow_null=True)


class BoardReasonOut(serializers.Serializer[Any]):
    status = serializers.CharField()
    reason = serializers.CharField()
    touches = serializers.IntegerField()


class WithheldOut(serializers.Serializer[Any]):
    """Touches of a plan that were not planned, by why."""

    kind = serializers.CharField()
    touches = serializers.IntegerField()


class BoardPlanOut(serializers.Serializer[Any]):
    """One plan; budget is null while no version is published."""

    plan = serializers.IntegerField(source="plan.pk")
    name = serializers.CharField(source="plan.name")
    worth_class = serializers.CharField(source="plan.worth_class", allow_blank=True)
    followers = serializers.IntegerField()
    touches = TallyOut(source="lines.tally")
    spent = Amount()
    budget = Amount(allow_null=True)
    reasons = BoardReasonOut(many=True)
    not_planned = WithheldOut(source="withheld", many=True)


class BoardRowOut(serializers.Serializer[Any]):
    """One person or one kind of touch; `plan` is empty for a person."""

    name = serializers.CharField(source="label")
    plan = serializers.CharField(source="note", allow_blank=True)
    touches = TallyOut(source="lines.tally")


class BoardResource(Resource):
    """Every plan with who follows it, what was done, left out, spent and planned."""

    read_access = VIEW_DASHBOARD
    queryset = PlanVersion.objects.none()
    output = BoardPlanOut
    outputs = {"people": BoardRowOut, "touches": BoardRowOut}
    is_shared = True
    pagination_class = None

    def list(self, request: Request) -> Response:
        found = board(today=business_today())
        rows = [one for column in found.columns for one in column.plans]
        return Response(self.get_serializer(rows, many=True).data)

    @extend_schema(responses=BoardRowOut(many=True))
    @action(detail=False, methods=["get"])
    def people(self, request: Request) -> Response:
        """Adherence by who does the touches."""
        return self._rows(board(today=business_today()).people)

    @extend_schema(responses=BoardRowOut(many=True))
    @action(detail=False, methods=["get"])
    def touches(self, request: Request) -> Response:
        """Adherence by kind of touch."""
        return self._rows(board(today=business_today()).touches)

    def _rows(self, rows: Any) -> Response:
        found: list[BoardRow] = list(rows)
        return Response(self.get_serializer(found, many=True).data)
