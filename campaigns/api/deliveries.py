"""Planned touches and the journal of mails over the API."""

from collections.abc import Callable
from typing import Any

import django_filters
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.api.gate import GateDecisionIn, GateUndecidedOut, decision_of
from campaigns.choices import DeliveryStatus, GateChoice, TouchStatus
from campaigns.models import Delivery, PlannedTouch
from campaigns.services import moving, resending, touch_gate, touches
from common.api import StrictSerializer
from common.api_fields import RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.choices import Outcome
from crm.models import Contact, User
from crm.policy import LONGEST_CONTACT_MINUTES


class DeliveryOut(serializers.ModelSerializer[Delivery]):
    """One mail: whose, for what, where it stands, and what the server said."""

    author = serializers.EmailField(source="author.email", allow_null=True)

    class Meta:
        model = Delivery
        fields = (
            "id",
            "account",
            "contact",
            "touch",
            "occasion",
            "address",
            "subject",
            "body",
            "topic",
            "status",
            "not_before",
            "attempts",
            "message_id",
            "answer",
            "author",
            "created_at",
            "finished_at",
        )
        read_only_fields = fields


class DeliveryFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    status = django_filters.ChoiceFilter(choices=DeliveryStatus.choices)

    class Meta:
        model = Delivery
        fields = ("account", "status")


class NothingIn(StrictSerializer):
    """An empty body."""


class DeliveryResource(Listed, Shown, Resource):
    """Mails to customers; they are written by touches, sendings and automations."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.DO_TOUCHES
    queryset = Delivery.objects.select_related("author", "account__owner", "contact")
    output = DeliveryOut
    filterset_class = DeliveryFilter
    inputs = {"resend": NothingIn, "confirm": NothingIn, "cancel": NothingIn}

    @extend_schema(summary="Send a mail again that was refused or is unconfirmed")
    @action(detail=True, methods=["post"])
    @acts_once
    def resend(self, request: Request, pk: int) -> Response:
        return self._act(request, resending.resend)

    @extend_schema(summary="Say that an unconfirmed mail arrived")
    @action(detail=True, methods=["post"])
    @acts_once
    def confirm(self, request: Request, pk: int) -> Response:
        return self._act(request, resending.confirm)

    @extend_schema(summary="Call back a mail that waits")
    @action(detail=True, methods=["post"])
    @acts_once
    def cancel(self, request: Request, pk: int) -> Response:
        return self._act(request, resending.cancel)

    def _act(self, request: Request, act: Callable[..., Delivery]) -> Response:
        mail = self.get_object()
        self.read(request)
        return self.answer(act(actor=self.actor, delivery=mail))


class PlannedTouchOut(serializers.ModelSerializer[PlannedTouch]):
    """One touch of a plan for one account."""

    title = serializers.CharField(source="template.title")
    channel = serializers.CharField(source="template.channel")
    assigned_to = serializers.EmailField(source="assigned_to.email", allow_null=True)

    class Meta:
        model = PlannedTouch
        fields = (
            "id",
            "account",
            "title",
            "channel",
            "due_on",
            "period",
            "owner_role",
            "assigned_to",
            "status",
            "reason",
            "touchpoint",
            "closed_at",
        )
        read_only_fields = fields


class PlannedTouchFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    status = django_filters.ChoiceFilter(choices=TouchStatus.choices)

    class Meta:
        model = PlannedTouch
        fields = ("account", "status")


DECISION = ("choice", "reason", "cheaper", "below")


class TouchDoneIn(GateDecisionIn):
    """How it went; without minutes the plan's count.

    A letter that does not pay needs a decision, as `mail` does.
    """

    choice = serializers.ChoiceField(choices=GateChoice.choices, required=False)
    minutes = serializers.IntegerField(
        required=False, min_value=0, max_value=LONGEST_CONTACT_MINUTES
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    outcome = serializers.ChoiceField(
        choices=Outcome.choices, required=False, allow_blank=True
    )
    contact = VisibleField(queryset=Contact.objects.all(), required=False)


class TouchSkipIn(StrictSerializer):
    reason = serializers.CharField(max_length=300)


class TouchGiveIn(StrictSerializer):
    """To whom, by e-mail address."""

    to = serializers.EmailField()
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)


class TouchMailIn(GateDecisionIn):
    """The mail as it goes out, and what to do where it does not pay.

    A decision is not needed where it pays. `drop` skips the touch, and `cheaper` counts
    it as done over the channel named there: the mail stays unsent.
    """

    choice = serializers.ChoiceField(choices=GateChoice.choices, required=False)

    contact = VisibleField(queryset=Contact.objects.all())
    subject = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=20_000)


class PlannedTouchResource(Listed, Shown, Resource):
    """Touches that plans ask for: done, skipped, given to a colleague, or mailed."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.DO_TOUCHES
    queryset = PlannedTouch.objects.filter(account__merged_into=None).select_related(
        "template", "account", "assigned_to"
    )
    output = PlannedTouchOut
    filterset_class = PlannedTouchFilter
    inputs = {
        "done": TouchDoneIn,
        "skip": TouchSkipIn,
        "undo": NothingIn,
        "give": TouchGiveIn,
        "mail": TouchMailIn,
    }

    @extend_schema(
        summary="Say that a touch was done, or close a letter that does not pay",
        responses={200: PlannedTouchOut, 409: GateUndecidedOut},
    )
    @action(detail=True, methods=["post"])
    @acts_once
    def done(self, request: Request, pk: int) -> Response:
        touch = self.get_object()
        said = self.read(request)
        decision = {name: said.pop(name) for name in DECISION if name in said}
        return self.answer(
            touch_gate.complete_touch(
                actor=self.actor,
                touch=touch,
                decision=decision_of(decision if "choice" in decision else None),
                **said,
            )
        )

    @extend_schema(summary="Skip a touch")
    @action(detail=True, methods=["post"])
    @acts_once
    def skip(self, request: Request, pk: int) -> Response:
        return self._act(request, touches.skip)

    @extend_schema(summary="Take back that a touch was done or skipped")
    @action(detail=True, methods=["post"])
    @acts_once
    def undo(self, request: Request, pk: int) -> Response:
        return self._act(request, touches.undo)

    @extend_schema(summary="Give a touch to a colleague")
    @action(detail=True, methods=["post"])
    @acts_once
    def give(self, request: Request, pk: int) -> Response:
        touch = self.get_object()
        said = self.read(request)
        to = User.objects.filter(email__iexact=said.pop("to"), is_active=True).first()
        if to is None:
            raise serializers.ValidationError({"to": ["unknown person"]})
        moved = moving.give_touch(actor=self.actor, touch=touch, to=to, **said)
        return self.answer(moved)

    @extend_schema(
        summary="Queue the mail of a touch, or close it where it does not pay",
        responses={
            200: PolymorphicProxySerializer(
                component_name="TouchMailed",
                serializers=[DeliveryOut, PlannedTouchOut],
                resource_type_field_name=None,
                many=False,
            ),
            409: GateUndecidedOut,
        },
    )
    @action(detail=True, methods=["post"])
    @acts_once
    def mail(self, request: Request, pk: int) -> Response:
        touch = self.get_object()
        said = self.read(request)
        mail = {name: said.pop(name) for name in ("contact", "subject", "body")}
        settled = touch_gate.mail_touch(
            actor=self.actor,
            touch=touch,
            decision=decision_of(said if "choice" in said else None),
            **mail,
        )
        if settled.mail is None:
            return self.answer(settled.touch)
        return Response(DeliveryOut(settled.mail).data)

    def _act(self, request: Request, act: Callable[..., Any]) -> Response:
        touch = self.get_object()
        said = self.read(request)
        return self.answer(act(actor=self.actor, touch=touch, **said))
