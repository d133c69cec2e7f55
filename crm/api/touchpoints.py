"""Contacts with customers over the API: log, read a line, correct, take back."""

import uuid
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
from crm.forms.touchpoints import QuickLogForm
from crm.models import Account, Contact, Touchpoint
from crm.services import corrections, pins, touchpoints

RATINGS = ("rating_people", "rating_information", "rating_deliverables")
LONGEST_NOTE = 20_000


class TouchpointOut(serializers.ModelSerializer[Touchpoint]):
    """One contact; `voided_at` is set once it was undone."""

    user = serializers.EmailField(source="user.email", allow_null=True)
    fingerprint = serializers.CharField()

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
            "fingerprint",
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


class CorrectionIn(StrictModelSerializer):
    """What was wrong, as it should have been; only what is sent changes."""

    contact = VisibleField(
        queryset=Contact.objects.all(), required=False, allow_null=True
    )
    occurred_at = MomentField(required=False)
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True
    )
    fingerprint = serializers.CharField(max_length=16, required=False)

    class Meta:
        model = Touchpoint
        fields = (
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
            "fingerprint",
        )


class VoidIn(StrictSerializer):
    """Why the contact is taken back."""

    reason = serializers.CharField(max_length=300)


class QuickLineIn(StrictSerializer):
    """One line of the quick log about one account, and the time zone of its author."""

    account = VisibleField(queryset=Account.objects.active())
    line = serializers.CharField(max_length=1000)
    zone = serializers.CharField(max_length=60, required=False, allow_blank=True)


class QuickLineOut(serializers.Serializer[Any]):
    """What a line says. It can be stored once there are no `problems`."""

    channel = serializers.CharField()
    direction = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    minutes = serializers.IntegerField(allow_null=True)
    contact = serializers.IntegerField(allow_null=True)
    note = serializers.CharField()
    outcome = serializers.CharField()
    phase = serializers.CharField()
    care = serializers.CharField()
    ratings = serializers.DictField(child=serializers.IntegerField())
    follow_up_title = serializers.CharField()
    follow_up_due_on = serializers.DateField(allow_null=True)
    problems = serializers.ListField(child=serializers.CharField())
    candidates = serializers.ListField(child=serializers.IntegerField())


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
    inputs = {
        "create": TouchpointIn,
        "partial_update": CorrectionIn,
        "undo": UndoIn,
        "void": VoidIn,
        "preview": QuickLineIn,
        "pin": PinIn,
        "unpin": PinIn,
    }
    outputs = {"preview": QuickLineOut}
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
        return self.answer(self.get_queryset().get(pk=logged.pk))

    def partial_update(self, request: Request, pk: int) -> Response:
        """Correct a contact; a `fingerprint` that was read refuses a stale one."""
        touchpoint = self.get_object()
        values = self.read(request)
        seen = values.pop("fingerprint", None)
        corrected = corrections.correct_touchpoint(
            actor=self.actor,
            touchpoint=touchpoint,
            expected_fingerprint=seen,
            **values,
        )
        return self.answer(corrected)

    @extend_schema(summary="Take back a contact that never was, with a reason")
    @action(detail=True, methods=["post"])
    @acts_once
    def void(self, request: Request, pk: int) -> Response:
        touchpoint = self.get_object()
        said = self.read(request)
        return self.answer(
            corrections.void_touchpoint(
                actor=self.actor, touchpoint=touchpoint, reason=said["reason"]
            )
        )

    @extend_schema(summary="Say what a line of the quick log means; stores nothing")
    @action(detail=False, methods=["post"])
    @acts_once
    def preview(self, request: Request) -> Response:
        said = self.read(request)
        form = QuickLogForm(
            {
                "line": said["line"],
                "account": said["account"].pk,
                "zone": said.get("zone", ""),
                "form_token": uuid.uuid4(),
            },
            actor=self.actor,
        )
        return Response(QuickLineOut(_read(form)).data)

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


def _read(form: QuickLogForm) -> dict[str, Any]:
    """Return what a line says, in the words of the API."""
    said, contact = form.read(), form.chosen_contact()
    return {
        "channel": said.channel,
        "direction": said.direction,
        "occurred_at": form.moment(),
        "minutes": said.minutes,
        "contact": contact.pk if contact else None,
        "note": said.note,
        "outcome": said.outcome,
        "phase": said.phase,
        "care": said.care,
        "ratings": said.ratings,
        "follow_up_title": said.promise.title if said.promise else "",
        "follow_up_due_on": said.promise.due_on if said.promise else None,
        "problems": [*said.problems, *filter(None, [form.refusal()])],
        "candidates": [person.pk for person in said.candidates],
    }
