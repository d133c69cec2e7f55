"""Class-wide sendings over the API: whether it pays, letters, and the sending."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.api.gate import GateDecisionIn, GateUndecidedOut, decision_of
from campaigns.api.wallet import GateOut
from campaigns.choices import GateChoice, OwnerRole
from campaigns.models import TouchTemplate
from campaigns.queries import today
from campaigns.services import class_wide, letters, resending, sendings
from common.api import StrictSerializer
from common.clock import business_today
from common.once import acts_once
from common.resources import Resource

MOST_PARTS = 10_000


class SendIn(GateDecisionIn):
    """What to do about accounts for which it does not pay; not needed without any."""

    choice = serializers.ChoiceField(choices=GateChoice.choices, required=False)


@extend_schema_serializer(many=False)
class SentOut(serializers.Serializer[Any]):
    done = serializers.IntegerField()
    moved = serializers.IntegerField()
    dropped = serializers.IntegerField()
    queued = serializers.IntegerField()
    skipped = serializers.IntegerField()
    held = serializers.IntegerField()
    remaining = serializers.IntegerField()


class LettersIn(StrictSerializer):
    """Which part of the letters, from 1; each holds 500 accounts at most."""

    part = serializers.IntegerField(min_value=1, max_value=MOST_PARTS, default=1)


class LetterOut(serializers.Serializer[Any]):
    """One letter: the lines of its address, and its text."""

    address = serializers.ListField(child=serializers.CharField())
    subject = serializers.CharField()
    paragraphs = serializers.ListField(child=serializers.CharField())


@extend_schema_serializer(many=False)
class LettersOut(serializers.Serializer[Any]):
    """The letters of one part; none where the part is beyond the last."""

    letters = LetterOut(many=True)


@extend_schema_serializer(many=False)
class ResentOut(serializers.Serializer[Any]):
    mails = serializers.IntegerField()


class NothingIn(StrictSerializer):
    """An empty body."""


class SendingRowOut(serializers.Serializer[Any]):
    """A touch of marketing, and for how many accounts it is due."""

    id = serializers.IntegerField(source="template.pk")
    title = serializers.CharField(source="template.title")
    channel = serializers.CharField(source="template.channel")
    plan = serializers.IntegerField(source="template.version.plan_id")
    campaign = serializers.IntegerField(
        source="template.campaign_id",
        allow_null=True,
        help_text="the campaign that asks for it; its plan is then nobody's",
    )
    due = serializers.IntegerField()
    late = serializers.IntegerField()
    ahead = serializers.IntegerField()
    oldest_on = serializers.DateField()
    cost = serializers.DecimalField(max_digits=18, decimal_places=2)


class SendingResource(Resource):
    """One touch of marketing, marked as done for all accounts for which it is due."""

    read_access = permissions.CHANGE_PLANS
    write_access = permissions.CHANGE_PLANS
    queryset = TouchTemplate.objects.filter(owner_role=OwnerRole.MARKETER)
    output = GateOut
    inputs = {
        "send": SendIn,
        "settle": SendIn,
        "letters": LettersIn,
        "resend": NothingIn,
    }
    outputs = {
        "list": SendingRowOut,
        "send": SentOut,
        "settle": SentOut,
        "letters": LettersOut,
        "resend": ResentOut,
    }
    pagination_class = None
    is_shared = True

    @extend_schema(summary="List what marketing has to send")
    def list(self, request: Request) -> Response:
        rows = today.sendings(today=business_today())
        return Response(self.get_serializer(rows, many=True).data)

    @extend_schema(summary="Read whether sending it now pays", responses=GateOut)
    def retrieve(self, request: Request, pk: int) -> Response:
        found = sendings.gate_of(actor=self.actor, template=self.get_object())
        return Response(self.get_serializer(found).data)

    @extend_schema(
        summary="Decide about those below the line, before printing",
        responses={200: SentOut, 409: GateUndecidedOut},
    )
    @action(detail=True, methods=["post"])
    @acts_once
    def settle(self, request: Request, pk: int) -> Response:
        return self._decided(request, sendings.settle)

    @extend_schema(
        summary="Mail a touch to all, or mark it as done",
        responses={200: SentOut, 409: GateUndecidedOut},
    )
    @action(detail=True, methods=["post"])
    @acts_once
    def send(self, request: Request, pk: int) -> Response:
        return self._decided(request, sendings.send_all)

    @extend_schema(
        summary="Take letters to print, after `settle`",
        responses={200: LettersOut, 409: GateUndecidedOut},
    )
    @action(detail=True, methods=["post"])
    @acts_once
    def letters(self, request: Request, pk: int) -> Response:
        part, template = self.read(request)["part"], self.get_object()
        sendings.check_settled(sendings.gate_of(actor=self.actor, template=template))
        found = letters.letters_of(
            actor=self.actor,
            template=template,
            rows=class_wide.due_of(template, user=self.actor),
            part=part,
        )
        return Response(self.get_serializer({"letters": found}).data)

    @extend_schema(summary="Send all unconfirmed mails of it again")
    @action(detail=True, methods=["post"])
    @acts_once
    def resend(self, request: Request, pk: int) -> Response:
        self.read(request)
        mails = resending.resend_all(actor=self.actor, template=self.get_object())
        return Response({"mails": mails})

    def _decided(self, request: Request, act: Callable[..., sendings.Sent]) -> Response:
        said = self.read(request)
        decision = decision_of(said) if "choice" in said else None
        template = self.get_object()
        sent = act(actor=self.actor, template=template, decision=decision)
        return Response(self.get_serializer(sent).data)
