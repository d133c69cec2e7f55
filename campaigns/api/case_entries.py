"""What was done about cases over the API; only minutes are ever corrected."""

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer
from common.api_fields import RecordFilter
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.choices import Channel
from crm.models import CaseEntry
from crm.policy import LONGEST_CONTACT_MINUTES
from crm.services import case_steps


class CaseEntryOut(serializers.ModelSerializer[CaseEntry]):
    """One thing that was done about a case; `cost` is the ledger row of its minutes."""

    author = serializers.EmailField(source="author.email", allow_null=True)
    channel = serializers.ChoiceField(choices=Channel.choices, allow_blank=True)

    class Meta:
        model = CaseEntry
        fields = (
            "id",
            "case",
            "kind",
            "text",
            "channel",
            "before",
            "after",
            "minutes",
            "cost",
            "author",
            "made_at",
        )
        read_only_fields = fields


class CaseEntryFilter(django_filters.FilterSet):
    case = RecordFilter("case_id")

    class Meta:
        model = CaseEntry
        fields = ("case",)


class CaseMinutesIn(StrictSerializer):
    minutes = serializers.IntegerField(
        min_value=0, max_value=LONGEST_CONTACT_MINUTES, allow_null=True
    )


class CaseEntryResource(Listed, Shown, Resource):
    """All that was done about cases; only minutes are ever corrected."""

    read_access = permissions.VIEW_CASES
    write_access = permissions.CHANGE_CASES
    queryset = CaseEntry.objects.select_related("author")
    output = CaseEntryOut
    inputs = {"minutes": CaseMinutesIn}
    filterset_class = CaseEntryFilter

    @extend_schema(summary="Correct how long it took, and what it cost")
    @action(detail=True, methods=["post"])
    @acts_once
    def minutes(self, request: Request, pk: int) -> Response:
        entry = case_steps.correct_minutes(
            actor=self.actor, entry=self.get_object(), **self.read(request)
        )
        return self.answer(entry)
