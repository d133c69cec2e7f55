"""Contacts with customers over the API: log and undo."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, StrictSerializer
from common.api_fields import MomentField, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.choices import TouchpointSource
from crm.models import Account, Contact, Touchpoint
from crm.services import pins, touchpoints

RATINGS = ("rating_people", "rating_information", "rating_deliverables")
LONGEST_NOTE = 20_000


class TouchpointOut(serializers.ModelSerializer[Touchpoint]):
    """One contact; `voided_at` is set once it was undone."""

    user = serializers.EmailField(source="user.email", allow_null=True)

    class Meta:
        model = Touchpoint
        fields = (
            "id",
            "account",
            "contact",
            "user",
            "channel",
            "direction",
            "occurred_at",
            "minutes",
            "note",
            "outcome",
            "phase",
            "care",
            *RATINGS,
            "source",
            "voided_at",
            "created_at",
        )
        read_only_fields = fields


class FollowUpIn(StrictSerializer):
    """What was promised, and by when."""

    title = serializers.CharField(max_length=300)
    due_on = serializers.DateField()

    def to_internal_value(self, data: Any) -> Any:
        return touchpoints.FollowUp(**super().to_internal_value(data))


class TouchpointIn(StrictModelSerializer):
    """A contact that happened. The same `idempotency_key` again stores nothing."""

    account = VisibleField(queryset=Account.objects.active())
    contact = VisibleField(
        queryset=Contact.objects.all(), required=False, allow_null=True
    )
    occurred_at = MomentField()
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True
    )
    follow_up = FollowUpIn(required=False, allow_null=True)
    idempotency_key = serializers.UUIDField(required=False, source="form_token")

    class Meta:
        model = Touchpoint
        fields = (
            "account",
            "contact",
            "channel",
            "direction",
            "occurred_at",
            "minutes",
            "note",
            "outcome",
            "phase",
            "care",
            *RATINGS,
            "follow_up",
            "idempotency_key",
        )


class PinIn(StrictSerializer):
    """Nothing needs to be said."""


class UndoIn(StrictSerializer):
    """Nothing needs to be said."""


class TouchpointFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    contact = RecordFilter("contact_id")

    class Meta:
        model = Touchpoint
        fields = ("account", "contact", "channel")


class TouchpointResource(Listed, Shown, Resource):
    """Every contact with a customer. Minutes become costs by themselves."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.LOG_TOUCHPOINTS
    queryset = Touchpoint.objects.select_related("user")
    output = TouchpointOut
    inputs = {"create": TouchpointIn, "undo": UndoIn, "pin": PinIn, "unpin": PinIn}
    filterset_class = TouchpointFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        ratings = {
            name.removeprefix("rating_"): values.pop(name)
            for name in RATINGS
            if name in values
        }
        logged = touchpoints.log_touchpoint(
            actor=self.actor, ratings=ratings, source=TouchpointSource.API, **values
        )
        return self.answer(logged)

    @extend_schema(summary="Take a contact back, with its cost and follow-ups")
    @action(detail=True, methods=["post"])
    @acts_once
    def undo(self, request: Request, pk: int) -> Response:
        touchpoint = self.get_object()
        self.read(request)
        return self.answer(
            touchpoints.undo_touchpoint(actor=self.actor, touchpoint=touchpoint)
        )

    @extend_schema(summary="Pin a contact to the top of the timeline")
    @action(detail=True, methods=["post"])
    @acts_once
    def pin(self, request: Request, pk: int) -> Response:
        touchpoint = self.get_object()
        self.read(request)
        pins.pin_contact(actor=self.actor, touchpoint=touchpoint)
        return self.answer(touchpoint)

    @extend_schema(summary="Take a pinned contact down")
    @action(detail=True, methods=["post"])
    @acts_once
    def unpin(self, request: Request, pk: int) -> Response:
        touchpoint = self.get_object()
        self.read(request)
        pins.unpin_contact(actor=self.actor, touchpoint=touchpoint)
        return self.answer(touchpoint)
