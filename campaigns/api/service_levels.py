"""Service levels over the API: what counts, and a new version of all."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions as own
from campaigns.models import ServiceLevel, ServiceVersion
from campaigns.models.service import CLASSES
from campaigns.policy import LONGEST_SERVICE_MINUTES as LONGEST_LEVEL
from campaigns.services import service_levels
from common.api import LARGEST_ID, StrictSerializer
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.choices import CaseUrgency


class ServiceLevelOut(serializers.ModelSerializer[ServiceLevel]):
    class Meta:
        model = ServiceLevel
        fields = ("worth_class", "urgency", "answer_minutes", "resolve_minutes")
        read_only_fields = fields


class ServiceVersionOut(serializers.ModelSerializer[ServiceVersion]):
    """One version of the service levels; the newest counts."""

    levels = ServiceLevelOut(many=True)
    author = serializers.EmailField(source="author.email", allow_null=True)

    class Meta:
        model = ServiceVersion
        fields = ("id", "reason", "warning_share", "author", "created_at", "levels")
        read_only_fields = fields


class ServiceLevelIn(StrictSerializer):
    worth_class = serializers.ChoiceField(choices=CLASSES, allow_blank=True)
    urgency = serializers.ChoiceField(choices=CaseUrgency.choices)
    answer_minutes = serializers.IntegerField(min_value=1, max_value=LONGEST_LEVEL)
    resolve_minutes = serializers.IntegerField(min_value=1, max_value=LONGEST_LEVEL)


def levels_field() -> serializers.BaseSerializer[Any]:
    count = len(CLASSES) * len(CaseUrgency.choices)
    bounds: dict[str, Any] = {"min_length": count, "max_length": count}
    return ServiceLevelIn(many=True, **bounds)


class ServiceVersionIn(StrictSerializer):
    """All levels at once, with the reason; `based_on` is the version changed."""

    levels = levels_field()
    reason = serializers.CharField(max_length=300)
    warning_share = serializers.DecimalField(
        max_digits=4,
        decimal_places=3,
        required=False,
        min_value=Decimal("0.001"),
        max_value=Decimal("0.999"),
    )
    based_on = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID
    )


class ServiceLevelResource(Listed, Shown, Resource):
    """How soon whose cases are answered and resolved, by version."""

    read_access = permissions.VIEW_CASES
    write_access = own.CHANGE_SERVICE_LEVELS
    queryset = ServiceVersion.objects.select_related("author").prefetch_related(
        "levels"
    )
    output = ServiceVersionOut
    inputs = {"create": ServiceVersionIn}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        said = self.read(request)
        minutes = {
            (one["worth_class"], one["urgency"]): (
                one["answer_minutes"],
                one["resolve_minutes"],
            )
            for one in said.pop("levels")
        }
        version = service_levels.publish_levels(
            actor=self.actor, minutes=minutes, **said
        )
        return self.answer(self.get_queryset().get(pk=version.pk))
