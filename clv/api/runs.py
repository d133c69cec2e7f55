"""Runs over the API: look at them, and ask for one."""

import django_filters
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from clv import permissions
from clv.models import RunStep, ValuationRun
from clv.services import runs
from common.api import StrictSerializer
from common.api_fields import DayField, KeyedData
from common.once import acts_once
from common.resources import Listed, Resource, Shown


class StepOut(serializers.ModelSerializer[RunStep]):
    detail = KeyedData()

    class Meta:
        model = RunStep
        fields = ("name", "started_at", "finished_at", "rows", "detail")
        read_only_fields = fields


class RunOut(serializers.ModelSerializer[ValuationRun]):
    """One run; `is_current` marks the one whose values pages show."""

    requested_by = serializers.EmailField(source="requested_by.email", allow_null=True)
    parameters = KeyedData()
    metrics = KeyedData()
    steps = StepOut(many=True)

    class Meta:
        model = ValuationRun
        fields = (
            "id",
            "as_of",
            "kind",
            "status",
            "is_current",
            "rerun_of",
            "requested_by",
            "created_at",
            "started_at",
            "finished_at",
            "failure",
            "accounts_present",
            "accounts_valued",
            "model_name",
            "parameters",
            "metrics",
            "digest",
            "steps",
        )
        read_only_fields = fields


class RunIn(StrictSerializer):
    """The day to value; today when nothing is said."""

    as_of = DayField(required=False)


class RunFilter(django_filters.FilterSet):
    class Meta:
        model = ValuationRun
        fields = ("status", "as_of", "is_current")


class RunResource(Listed, Shown, Resource):
    """Valuation runs. POST asks for one: the answer is 202, a worker does the rest."""

    read_access = permissions.VIEW_RUNS
    write_access = permissions.START_RUNS
    queryset = (
        ValuationRun.objects.for_everybody()
        .select_related("requested_by")
        .prefetch_related("steps")
    )
    output = RunOut
    inputs = {"create": RunIn}
    statuses = {"create": status.HTTP_202_ACCEPTED}
    filterset_class = RunFilter
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(runs.request_run(actor=self.actor, **values))
