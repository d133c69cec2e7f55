"""Assumptions over the API: their versions, the effect of others, and publishing."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from clv import permissions
from clv.choices import CostDriver, PriorStrength, RunStatus
from clv.models import AssumedNumbers, Assumptions, AssumptionsPreview
from clv.policy import COST_DRIVERS
from clv.services import assumptions
from common.api import StrictSerializer
from common.api_fields import KeyedData, RecordId
from common.once import acts_once
from common.resources import Listed, Resource, Shown

DRIVERS_SCHEMA = {
    "type": "object",
    "description": "Kind of cost to serve, and what it grows with.",
    "properties": {
        kind: {"type": "string", "enum": CostDriver.values} for kind in COST_DRIVERS
    },
    "additionalProperties": False,
}


@extend_schema_field(DRIVERS_SCHEMA)
class DriversField(KeyedData):
    """Kinds of cost; those that are not named keep their driver."""


class Share(serializers.DecimalField):
    """A share; 0.1 is 10 %."""

    def __init__(self, digits: int = 5, **kwargs: Any) -> None:
        super().__init__(max_digits=digits, decimal_places=4, **kwargs)


class NumbersIn(StrictSerializer):
    """The numbers to change; the others stay as in version `based_on`."""

    based_on = RecordId(help_text="The version that counts now, as you have read it.")
    annual_rate = Share(required=False, digits=6, min_value=0, max_value=1)
    horizon_months = serializers.IntegerField(
        required=False, min_value=1, max_value=120
    )
    margin_rate_if_cost_unknown = Share(required=False, min_value=0, max_value=1)
    retention_effect = Share(required=False, min_value=0, max_value=1)
    response_scale = Share(required=False, max_value=1)
    prior_orders_per_year = serializers.DecimalField(
        max_digits=7, decimal_places=2, required=False, allow_null=True
    )
    prior_share_leaving = Share(required=False, allow_null=True)
    prior_margin_per_order = serializers.DecimalField(
        max_digits=12, decimal_places=2, required=False, allow_null=True
    )
    prior_strength = serializers.ChoiceField(
        choices=PriorStrength.choices, required=False
    )
    cost_drivers = DriversField(required=False)


class PublishIn(NumbersIn):
    """What shall count, why, and whether all accounts are valued by it at once."""

    reason = serializers.CharField(max_length=assumptions.LONGEST_REASON)
    run_now = serializers.BooleanField(
        default=False, help_text="false waits for the night"
    )


NUMBERS = AssumedNumbers.number_names()


class AssumptionsOut(serializers.ModelSerializer[Assumptions]):
    """One version; the newest counts. Equity is what its preview saw, if any."""

    author = serializers.EmailField(source="author.email", allow_null=True)
    cost_drivers = DriversField(source="drivers_by_kind")

    class Meta:
        model = Assumptions
        fields = (
            "id",
            *NUMBERS,
            "reason",
            "author",
            "created_at",
            "equity_before",
            "equity_after",
        )
        read_only_fields = fields


class PreviewOut(serializers.ModelSerializer[AssumptionsPreview]):
    """The effect of numbers that nobody has published, on the values of one run.

    `result` is null until `status` is "previewed". Pairs are before and after.
    """

    status = serializers.ChoiceField(source="run.status", choices=RunStatus.choices)
    failure = serializers.CharField(source="run.failure")
    as_of = serializers.DateField(source="run.as_of")
    cost_drivers = DriversField(source="drivers_by_kind")
    is_outdated = serializers.BooleanField()
    result = serializers.SerializerMethodField()

    class Meta:
        model = AssumptionsPreview
        fields = (
            "id",
            "status",
            "failure",
            "compared",
            "as_of",
            "based_on",
            *NUMBERS,
            "created_at",
            "is_outdated",
            "result",
        )
        read_only_fields = fields

    def get_result(self, preview: AssumptionsPreview) -> dict[str, Any] | None:
        return preview.result or None


class AssumptionsResource(Listed, Shown, Resource):
    """Versions of what is assumed. POST publishes the next."""

    read_access = permissions.VIEW_ASSUMPTIONS
    write_access = permissions.CHANGE_ASSUMPTIONS
    queryset = Assumptions.objects.select_related("author")
    output = AssumptionsOut
    inputs = {"create": PublishIn}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        said = {name: values.pop(name) for name in ("based_on", "reason", "run_now")}
        made = assumptions.publish(actor=self.actor, numbers=values, **said)
        return self.answer(made)


class PreviewResource(Listed, Resource):
    """Your preview. POST asks for one: the answer is 202, a worker does the rest.

    Everybody has one at a time: the next takes the place of the last. Ask for the list
    until its status is "previewed" or "failed".
    """

    read_access = permissions.CHANGE_ASSUMPTIONS
    write_access = permissions.CHANGE_ASSUMPTIONS
    queryset = AssumptionsPreview.objects.select_related("run")
    output = PreviewOut
    inputs = {"create": NumbersIn}
    statuses = {"create": status.HTTP_202_ACCEPTED}
    is_shared = True

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(run__requested_by=self.actor)

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        based_on = values.pop("based_on")
        preview = assumptions.request_preview(
            actor=self.actor, numbers=values, based_on=based_on
        )
        return self.answer(preview)
