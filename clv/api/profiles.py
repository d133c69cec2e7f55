"""Ideal customer profiles over the API: every version, and the next one."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clv.models import IdealProfile
from clv.permissions import PUBLISH_PROFILES, VIEW_VALUES
from clv.services.profiles import LONGEST_NOTE, MOST_INDUSTRIES, publish_profile
from common.api import StrictSerializer
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.choices import SizeBand


class ProfileOut(serializers.ModelSerializer[IdealProfile]):
    """One version; an empty criterion narrows nothing."""

    class Meta:
        model = IdealProfile
        fields = (
            "id",
            "version",
            "industries",
            "size_bands",
            "least_worth",
            "note",
            "created_by",
            "created_at",
        )
        read_only_fields = fields


class ProfileIn(StrictSerializer):
    """What the next version asks of a customer; something at least."""

    industries = serializers.ListField(
        child=serializers.CharField(max_length=80),
        max_length=MOST_INDUSTRIES,
        required=False,
    )
    size_bands = serializers.ListField(
        child=serializers.ChoiceField([key for key in SizeBand.values if key]),
        required=False,
    )
    least_worth = serializers.DecimalField(
        max_digits=14, decimal_places=2, required=False, allow_null=True
    )
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True
    )


class ProfileResource(Listed, Shown, Resource):
    """Whom the firm wants to win, newest version first; versions are never changed."""

    read_access = VIEW_VALUES
    write_access = PUBLISH_PROFILES
    queryset = IdealProfile.objects.all()
    output = ProfileOut
    inputs: ClassVar[dict[str, Any]] = {"create": ProfileIn}
    is_shared = True

    @extend_schema(summary="Publish the next version of the ideal profile")
    @acts_once
    def create(self, request: Request) -> Response:
        return self.answer(publish_profile(actor=self.actor, **self.read(request)))
