"""Cases over the API: opened, taken in from messages, answered, settled, handed on."""

from collections.abc import Callable, Iterable
from typing import Any

import django_filters
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.queries.service import standings
from common.api import StrictSerializer, expected_version
from common.api_fields import NamedField, RecordFilter, SourceField, VisibleField
from common.once import acts_once
from common.resources import Resource, Shown
from crm import permissions
from crm.choices import CaseKind, CaseStatus, CaseUrgency, Channel
from crm.models import (
    Account,
    Case,
    Contact,
    Holding,
    Product,
    Territory,
    User,
)
from crm.policy import LONGEST_CONTACT_MINUTES
from crm.services import case_steps, cases

LONGEST_TEXT = cases.LONGEST["text"]


class CaseClockOut(serializers.Serializer[Any]):
    """How the clocks stand now; seconds below 0 are late, null has been answered."""

    state = serializers.CharField()
    said = serializers.CharField()
    why = serializers.CharField()
    answer_left_seconds = serializers.IntegerField(
        source="answer.left", allow_null=True
    )
    resolve_left_seconds = serializers.IntegerField(source="resolve.left")
    weight = serializers.IntegerField()


class CaseOut(serializers.ModelSerializer[Case]):
    number = serializers.CharField()
    product = serializers.CharField(source="product.sku", allow_null=True)
    owner = serializers.EmailField(source="owner.email", allow_null=True)
    territory = serializers.CharField(source="territory.name", allow_null=True)
    escalated_to = serializers.EmailField(source="escalated_to.email", allow_null=True)
    worth_class = serializers.CharField(source="standing.worth_class", allow_null=True)
    clock = CaseClockOut(source="standing")

    class Meta:
        model = Case
        fields = (
            "id",
            "number",
            "account",
            "contact",
            "sender",
            "product",
            "holding",
            "title",
            "description",
            "channel",
            "kind",
            "urgency",
            "status",
            "owner",
            "territory",
            "escalated_to",
            "escalated_at",
            "worth_class",
            "clock",
            "opened_at",
            "first_answered_at",
            "answered_after_seconds",
            "waiting_since",
            "paused_seconds",
            "resolved_at",
            "resolution",
            "closed_at",
            "source",
            "external_id",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


def minutes_field() -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False, min_value=0, max_value=LONGEST_CONTACT_MINUTES
    )


def text_field(**options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=LONGEST_TEXT, **options)


class CaseChangeIn(StrictSerializer):
    """What may change of a case; an account only where none is known yet."""

    title = serializers.CharField(max_length=cases.LONGEST["title"], required=False)
    account = VisibleField(queryset=Account.objects.active(), required=False)
    contact = VisibleField(
        queryset=Contact.objects.all(), required=False, allow_null=True
    )
    holding = VisibleField(
        queryset=Holding.objects.all(), required=False, allow_null=True
    )
    product = NamedField(
        slug_field="sku",
        queryset=Product.objects.all(),
        required=False,
        allow_null=True,
    )
    description = text_field(required=False, allow_blank=True)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    kind = serializers.ChoiceField(choices=CaseKind.choices, required=False)
    urgency = serializers.ChoiceField(choices=CaseUrgency.choices, required=False)
    territory = NamedField(
        slug_field="name",
        queryset=Territory.objects.all(),
        required=False,
        allow_null=True,
    )


class CaseIn(CaseChangeIn):
    """Something that a customer wants settled; without an owner the rep gets it."""

    account = VisibleField(queryset=Account.objects.active())
    title = serializers.CharField(max_length=cases.LONGEST["title"])
    owner = NamedField(
        slug_field="email",
        queryset=User.objects.filter(is_active=True),
        required=False,
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A message on a social network",
            value={
                "sender": "@anna_berg",
                "text": "Your toner leaks all over my desk!",
                "channel": "social",
                "source": "mastodon",
                "external_id": "114321",
            },
            request_only=True,
        ),
        OpenApiExample(
            "An e-mail",
            value={
                "sender": "anna@berg.example",
                "title": "Two boxes are missing",
                "text": "The order of Monday came with two boxes less.",
                "channel": "email",
                "kind": "complaint",
                "urgency": "high",
            },
            request_only=True,
        ),
    ]
)
class CaseMessageIn(StrictSerializer):
    """A message of a customer; `sender` is an address, a handle or a telephone."""

    sender = serializers.CharField(max_length=cases.LONGEST["sender"])
    text = text_field()
    title = serializers.CharField(
        max_length=cases.LONGEST["title"], required=False, allow_blank=True
    )
    channel = serializers.ChoiceField(choices=Channel.choices, default=Channel.EMAIL)
    kind = serializers.ChoiceField(choices=CaseKind.choices, required=False)
    urgency = serializers.ChoiceField(choices=CaseUrgency.choices, required=False)
    source = SourceField()  # type: ignore[assignment]
    external_id = serializers.CharField(max_length=200, required=False)


class CaseAnswerIn(StrictSerializer):
    """What was answered; with `waits` the clock stands until the customer writes."""

    text = text_field()
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    minutes = minutes_field()
    waits = serializers.BooleanField(required=False)


class CaseNoteIn(StrictSerializer):
    text = text_field()
    minutes = minutes_field()


class CaseWaitIn(StrictSerializer):
    text = text_field(required=False, allow_blank=True)


class CaseReplyIn(StrictSerializer):
    """What the customer wrote; a resolved case is open again."""

    text = text_field()
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)


class CaseResolveIn(StrictSerializer):
    resolution = text_field()
    minutes = minutes_field()


class CaseReopenIn(StrictSerializer):
    reason = text_field()


class CaseEscalateIn(StrictSerializer):
    """Why, and to whom: without a person to the manager of the territory."""

    reason = serializers.CharField(max_length=300)
    to = NamedField(
        slug_field="email",
        queryset=User.objects.filter(is_active=True),
        required=False,
    )


class CaseHandOverIn(StrictSerializer):
    owner = NamedField(slug_field="email", queryset=User.objects.filter(is_active=True))
    text = serializers.CharField(max_length=300, required=False, allow_blank=True)


class CaseFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    owner = RecordFilter("owner_id")
    status = django_filters.ChoiceFilter(choices=CaseStatus.choices)
    urgency = django_filters.ChoiceFilter(choices=CaseUrgency.choices)

    class Meta:
        model = Case
        fields = ("account", "owner", "status", "urgency")


def with_standings(rows: Iterable[Case] | None) -> list[Case]:
    """Hang on each case how its clocks stand, for the serializer."""
    found = list(rows or ())
    for case, standing in zip(found, standings(found), strict=True):
        case.standing = standing  # type: ignore[attr-defined]
    return found


class CaseResource(Shown, Resource):
    """What customers want settled. Resolved and closed, never deleted."""

    read_access = permissions.VIEW_CASES
    write_access = permissions.CHANGE_CASES
    queryset = Case.objects.select_related(
        "account", "product", "owner", "territory", "escalated_to"
    )
    output = CaseOut
    inputs = {
        "create": CaseIn,
        "partial_update": CaseChangeIn,
        "inbound": CaseMessageIn,
        "answer_customer": CaseAnswerIn,
        "note": CaseNoteIn,
        "wait": CaseWaitIn,
        "reply": CaseReplyIn,
        "resolve": CaseResolveIn,
        "reopen": CaseReopenIn,
        "close": CaseWaitIn,
        "escalate": CaseEscalateIn,
        "hand_over": CaseHandOverIn,
    }
    statuses = {"inbound": 201}
    filterset_class = CaseFilter

    def list(self, request: Request) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        data = self.get_serializer(with_standings(rows), many=True).data
        return self.get_paginated_response(data)

    @acts_once
    def create(self, request: Request) -> Response:
        return self._shown(cases.open_case(actor=self.actor, **self.read(request)))

    def partial_update(self, request: Request, pk: int) -> Response:
        case = self.get_object()
        version = expected_version(request, case)
        changed = cases.change_case(
            actor=self.actor, case=case, expected_version=version, **self.read(request)
        )
        return self._shown(changed)

    @extend_schema(summary="Open a case for a message")
    @action(detail=False, methods=["post"])
    @acts_once
    def inbound(self, request: Request) -> Response:
        return self._shown(
            cases.receive_message(actor=self.actor, **self.read(request))
        )

    @extend_schema(summary="Keep an answer and what it cost")
    @action(detail=True, methods=["post"], url_path="answer", url_name="answer")
    @acts_once
    def answer_customer(self, request: Request, pk: int) -> Response:
        return self._step(request, case_steps.answer_case)

    @extend_schema(summary="Keep an internal note")
    @action(detail=True, methods=["post"])
    @acts_once
    def note(self, request: Request, pk: int) -> Response:
        return self._step(request, case_steps.add_note)

    @extend_schema(summary="Let the clock stand while the customer is asked")
    @action(detail=True, methods=["post"])
    @acts_once
    def wait(self, request: Request, pk: int) -> Response:
        return self._step(request, case_steps.wait_for_customer)

    @extend_schema(summary="Keep what the customer wrote")
    @action(detail=True, methods=["post"])
    @acts_once
    def reply(self, request: Request, pk: int) -> Response:
        return self._step(request, case_steps.take_up)

    @extend_schema(summary="Resolve a case")
    @action(detail=True, methods=["post"])
    @acts_once
    def resolve(self, request: Request, pk: int) -> Response:
        return self._step(request, case_steps.resolve_case)

    @extend_schema(summary="Open a settled case again")
    @action(detail=True, methods=["post"])
    @acts_once
    def reopen(self, request: Request, pk: int) -> Response:
        return self._step(request, case_steps.reopen_case)

    @extend_schema(summary="Close a resolved case for good")
    @action(detail=True, methods=["post"])
    @acts_once
    def close(self, request: Request, pk: int) -> Response:
        return self._step(request, case_steps.close_case)

    @extend_schema(summary="Escalate a case")
    @action(detail=True, methods=["post"])
    @acts_once
    def escalate(self, request: Request, pk: int) -> Response:
        return self._step(request, case_steps.escalate_case)

    @extend_schema(summary="Give a case to somebody else")
    @action(detail=True, methods=["post"], url_path="hand-over")
    @acts_once
    def hand_over(self, request: Request, pk: int) -> Response:
        return self._step(request, case_steps.hand_over)

    def _step(self, request: Request, step: Callable[..., Any]) -> Response:
        case = self.get_object()
        step(actor=self.actor, case=case, **self.read(request))
        return self._shown(case)

    def _shown(self, case: Case) -> Response:
        """Answer with the case, also to who has just given it away."""
        (found,) = with_standings([type(self).queryset.get(pk=case.pk)])
        return self.answer(found)

    def retrieve(self, request: Request, pk: int) -> Response:
        return self._shown(self.get_object())
