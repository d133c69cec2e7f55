"""Mailboxes and calendars that are read, and the meetings in them, over the API."""

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer, expected_version
from common.api_fields import DayField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.api.touchpoints import TouchpointOut
from crm.capture_choices import MailboxSecurity
from crm.choices import Outcome
from crm.models import CalendarSubscription, Contact, Mailbox, Meeting
from crm.services import calendars, capture_sources, mailboxes, meetings

STATE = (
    "id",
    "user",
    "is_active",
    "problem",
    "tried_at",
    "succeeded_at",
    "next_at",
    "taken_count",
    "passed_count",
    "version",
)


class NothingIn(StrictSerializer):
    """An empty body."""


class MailboxOut(serializers.ModelSerializer[Mailbox]):
    """A mailbox and how reading it goes; its password is never told."""

    class Meta:
        model = Mailbox
        fields = (
            *STATE,
            *("host", "port", "security", "username", "folders", "since_on"),
        )
        read_only_fields = fields


class MailboxIn(StrictSerializer):
    """Where a mailbox stands and who opens it; we sign in to it once at once."""

    host = serializers.CharField(max_length=253)
    port = serializers.IntegerField(min_value=1, max_value=65_535, required=False)
    security = serializers.ChoiceField(choices=MailboxSecurity.choices, required=False)
    username = serializers.CharField(max_length=254)
    password = serializers.CharField(
        max_length=500, trim_whitespace=False, write_only=True
    )
    folders = serializers.ListField(
        child=serializers.CharField(max_length=mailboxes.LONGEST_NAME), required=False
    )
    since_on = DayField(required=False)


class MailboxChange(MailboxIn):
    """What may change; the password stays unless another place is named."""

    is_active = serializers.BooleanField(required=False)


@extend_schema_serializer(many=False)
class MailboxTrialOut(serializers.Serializer[Any]):
    """The folders that were found."""

    folders = serializers.ListField(child=serializers.CharField())


class SourceResource(Listed, Shown, Resource):
    """What mailboxes and calendars have in common."""

    read_access = permissions.LOG_TOUCHPOINTS
    write_access = permissions.LOG_TOUCHPOINTS

    def switched(self, source: Any, values: dict[str, Any]) -> Any:
        """Return the source, resting or not as the body says."""
        if (is_active := values.pop("is_active", None)) is not None:
            source = capture_sources.switch(
                actor=self.actor, source=source, is_active=is_active
            )
        return source


class MailboxResource(SourceResource):
    """Mailboxes that are read over IMAP: one's own; administrators see everybody's."""

    queryset = Mailbox.objects.all()
    output = MailboxOut
    inputs: ClassVar[dict[str, Any]] = {
        "create": MailboxIn,
        "partial_update": MailboxChange,
        "try_it": NothingIn,
        "disconnect": NothingIn,
    }
    outputs: ClassVar[dict[str, Any]] = {"try_it": MailboxTrialOut}

    @acts_once
    def create(self, request: Request) -> Response:
        made = mailboxes.connect_mailbox(actor=self.actor, **self.read(request))
        made.refresh_from_db()
        return self.answer(made)

    def partial_update(self, request: Request, pk: int) -> Response:
        stored, values = self.get_object(), self.read(request)
        version = expected_version(request, stored)
        is_active = values.pop("is_active", None)
        if values:
            stored = mailboxes.change_mailbox(
                actor=self.actor, mailbox=stored, expected_version=version, **values
            )
        return self.answer(
            self.switched(stored, {} if is_active is None else {"is_active": is_active})
        )

    @extend_schema(
        summary="Sign in once and name the folders", responses=MailboxTrialOut
    )
    @action(detail=True, methods=["post"], url_path="try")
    @acts_once
    def try_it(self, request: Request, pk: int) -> Response:
        self.read(request)
        trial = mailboxes.try_mailbox(actor=self.actor, mailbox=self.get_object())
        return Response({"folders": [one.name for one in trial.folders]})

    @extend_schema(summary="Forget a mailbox and its password", responses={204: None})
    @action(detail=True, methods=["post"])
    @acts_once
    def disconnect(self, request: Request, pk: int) -> Response:
        self.read(request)
        mailboxes.disconnect_mailbox(actor=self.actor, mailbox=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SubscriptionOut(serializers.ModelSerializer[CalendarSubscription]):
    """A calendar and how reading it goes; its secret address is never told."""

    class Meta:
        model = CalendarSubscription
        fields = (*STATE, "name", "host")
        read_only_fields = fields


class SubscriptionIn(StrictSerializer):
    """The secret address of a calendar; it is read once at once."""

    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=500, write_only=True)


class SubscriptionChange(StrictSerializer):
    is_active = serializers.BooleanField()


class SubscriptionResource(SourceResource):
    """Calendars that are read: one's own; administrators see everybody's."""

    queryset = CalendarSubscription.objects.all()
    output = SubscriptionOut
    inputs: ClassVar[dict[str, Any]] = {
        "create": SubscriptionIn,
        "partial_update": SubscriptionChange,
        "disconnect": NothingIn,
    }

    @acts_once
    def create(self, request: Request) -> Response:
        return self.answer(calendars.subscribe(actor=self.actor, **self.read(request)))

    def partial_update(self, request: Request, pk: int) -> Response:
        stored = self.get_object()
        expected_version(request, stored)
        return self.answer(self.switched(stored, self.read(request)))

    @extend_schema(summary="Forget a calendar", responses={204: None})
    @action(detail=True, methods=["post"])
    @acts_once
    def disconnect(self, request: Request, pk: int) -> Response:
        self.read(request)
        calendars.unsubscribe(actor=self.actor, subscription=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeetingOut(serializers.ModelSerializer[Meeting]):
    """A meeting that a calendar told of."""

    class Meta:
        model = Meeting
        fields = (
            "id",
            "user",
            "account",
            "contact",
            "uid",
            "occurrence",
            "title",
            "starts_at",
            "ends_at",
            "minutes",
            "status",
            "touchpoint",
            "version",
        )
        read_only_fields = fields


class ConfirmIn(StrictSerializer):
    """What was different from the calendar; empty confirms it as it stands."""

    minutes = serializers.IntegerField(min_value=0, max_value=1440, required=False)
    note = serializers.CharField(max_length=5_000, required=False, allow_blank=True)
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False)
    contact = serializers.PrimaryKeyRelatedField(
        queryset=Contact.objects.all(), required=False
    )


class MeetingFilter(django_filters.FilterSet):
    class Meta:
        model = Meeting
        fields: ClassVar[list[str]] = ["status", "account"]


class MeetingResource(Listed, Shown, Resource):
    """Meetings that calendars told of, to be confirmed once they are over."""

    read_access = permissions.LOG_TOUCHPOINTS
    write_access = permissions.LOG_TOUCHPOINTS
    queryset = Meeting.objects.select_related("account")
    output = MeetingOut
    filterset_class = MeetingFilter
    inputs: ClassVar[dict[str, Any]] = {
        "confirm": ConfirmIn,
        "dismiss": NothingIn,
        "take_back": NothingIn,
    }
    outputs: ClassVar[dict[str, Any]] = {"confirm": TouchpointOut}
    statuses: ClassVar[dict[str, int]] = {"confirm": status.HTTP_201_CREATED}

    @extend_schema(summary="Log a meeting", responses={201: TouchpointOut})
    @action(detail=True, methods=["post"])
    @acts_once
    def confirm(self, request: Request, pk: int) -> Response:
        meeting, said = self.get_object(), self.read(request)
        return self.answer(meetings.confirm(actor=self.actor, meeting=meeting, **said))

    @extend_schema(summary="Note that a meeting did not take place")
    @action(detail=True, methods=["post"])
    @acts_once
    def dismiss(self, request: Request, pk: int) -> Response:
        self.read(request)
        return self.answer(
            meetings.dismiss(actor=self.actor, meeting=self.get_object())
        )

    @extend_schema(summary="Propose a meeting again; its contact is undone")
    @action(detail=True, methods=["post"], url_path="take-back")
    @acts_once
    def take_back(self, request: Request, pk: int) -> Response:
        self.read(request)
        return self.answer(
            meetings.take_back(actor=self.actor, meeting=self.get_object())
        )
