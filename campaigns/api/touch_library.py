"""The library of touches over the API."""

from typing import Any, ClassVar

import django_filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.api.plan_versions import TermsIn
from campaigns.choices import PLAN_CADENCES
from campaigns.models import LibraryTouch
from campaigns.services import library
from campaigns.services.drafts import TERMS
from common.api import expected_version
from common.once import acts_once
from common.resources import Listed, Resource, Shown


class LibraryTouchOut(serializers.ModelSerializer[LibraryTouch]):
    """One touch that is kept ready; a retired one is offered to no draft."""

    cadence = serializers.ChoiceField(choices=PLAN_CADENCES)
    event_type = serializers.CharField(source="event_type.key", allow_null=True)
    often = serializers.CharField(help_text="the cadence in words")

    class Meta:
        model = LibraryTouch
        fields = ("id", *TERMS, "often", "is_active", "version")
        read_only_fields = fields


class LibraryTouchIn(TermsIn):
    class Meta:
        model = LibraryTouch
        fields = TERMS


class LibraryTouchChange(TermsIn):
    """What may change; `is_active` retires a touch, or offers it again."""

    is_active = serializers.BooleanField(required=False)

    class Meta:
        model = LibraryTouch
        fields = (*TERMS, "is_active")


class LibraryFilter(django_filters.FilterSet):
    class Meta:
        model = LibraryTouch
        fields = ("channel", "is_active")


class LibraryResource(Listed, Shown, Resource):
    """Touches that are kept ready for any plan."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.CHANGE_PLANS
    queryset = LibraryTouch.objects.select_related("event_type")
    output = LibraryTouchOut
    inputs: ClassVar[dict[str, Any]] = {
        "create": LibraryTouchIn,
        "partial_update": LibraryTouchChange,
    }
    filterset_class = LibraryFilter
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(library.save_library_touch(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        stored = self.get_object()
        version, values = expected_version(request, stored), self.read(request)
        is_active = values.pop("is_active", None)
        if values or is_active is None:
            stored = library.save_library_touch(
                actor=self.actor, kept=stored, expected_version=version, **values
            )
        if is_active is not None:
            stored = library.switch_touch(
                actor=self.actor, kept=stored, is_active=is_active
            )
        return self.answer(stored)
