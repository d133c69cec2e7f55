"""Calls, mails and meetings that other systems tell of, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import empty
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer
from common.api_fields import MomentField
from common.calendars import LONGEST_TITLE, LONGEST_UID, MOST_ATTENDEES, Happening
from common.once import acts_once
from common.resources import Resource
from crm import permissions
from crm.api.capture_sources import MeetingOut
from crm.api.touchpoints import TouchpointOut
from crm.choices import Channel, Direction
from crm.errors import CannotLogError
from crm.models import Touchpoint, User
from crm.services import captures, meetings

MOST_SECONDS = 86_400
LARGEST_MAIL = 2_000_000  # characters
LARGEST_POSTED_CALENDAR = 2_000_000  # characters
TOLD_OF = [
    (one.value, one.label)
    for one in (
        Channel.PHONE,
        Channel.EMAIL,
        Channel.MESSAGE,
        Channel.CHAT,
        Channel.SOCIAL,
        Channel.WEB,
    )
]


class ColleagueField(serializers.EmailField):
    """One of us, by address."""

    def run_validation(self, data: Any = empty) -> User | None:
        address = super().run_validation(data)
        if address is None:
            return None
        found = User.objects.filter(is_active=True, email__iexact=address).first()
        if found is None:
            raise serializers.ValidationError("Nobody of us has this address.")
        return found


class CaptureIn(StrictSerializer):
    """A call or message. The same `external_id` again stores nothing.

    `party` is the number, address or handle of the other side; `by` who of us it was,
    else the caller. A call of 0 `seconds` was not answered.
    """

    channel = serializers.ChoiceField(choices=TOLD_OF)
    direction = serializers.ChoiceField(choices=Direction.choices)
    party = serializers.CharField(max_length=320)
    occurred_at = MomentField()
    external_id = serializers.CharField(max_length=200)
    seconds = serializers.IntegerField(
        min_value=0, max_value=MOST_SECONDS, required=False, allow_null=True
    )
    note = serializers.CharField(
        max_length=captures.LONGEST_NOTE, required=False, allow_blank=True
    )
    by = ColleagueField(required=False, allow_null=True)


class MailIn(StrictSerializer):
    """A mail as it was sent, with its headers (RFC 5322)."""

    message = serializers.CharField(max_length=LARGEST_MAIL, trim_whitespace=False)


class MeetingIn(StrictSerializer):
    """A meeting in a calendar; the same `external_id` again moves or withdraws it.

    `attendees` are addresses, ours among them; `by` whose calendar it is, else the
    caller's. With a `sequence`, what was told later is not undone by what was before.
    """

    external_id = serializers.CharField(max_length=LONGEST_UID)
    occurrence = serializers.CharField(
        max_length=40, required=False, allow_blank=True, default=""
    )
    sequence = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, default=0
    )
    title = serializers.CharField(
        max_length=LONGEST_TITLE, required=False, allow_blank=True, default=""
    )
    starts_at = MomentField()
    ends_at = MomentField()
    attendees = serializers.ListField(
        child=serializers.EmailField(), max_length=MOST_ATTENDEES
    )
    is_cancelled = serializers.BooleanField(required=False, default=False)
    by = ColleagueField(required=False, allow_null=True)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if values["ends_at"] < values["starts_at"]:
            raise serializers.ValidationError(
                {"ends_at": ["It ends before it begins."]}
            )
        return values


class CalendarIn(StrictSerializer):
    """A calendar, or a single event of one, as iCalendar (RFC 5545)."""

    calendar = serializers.CharField(
        max_length=LARGEST_POSTED_CALENDAR, trim_whitespace=False
    )
    by = ColleagueField(required=False, allow_null=True)


@extend_schema_serializer(many=False)
class FollowedOut(serializers.Serializer[Any]):
    """How many meetings are new or moved, withdrawn, and with nobody known."""

    proposed = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    passed = serializers.IntegerField()


class CaptureResource(Resource):
    """Contacts that telephone systems and mailboxes tell of."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.LOG_TOUCHPOINTS
    queryset = Touchpoint.objects.select_related("user")
    output = TouchpointOut
    inputs = {
        "create": CaptureIn,
        "mail": MailIn,
        "meeting": MeetingIn,
        "calendar": CalendarIn,
    }
    outputs = {"meeting": MeetingOut, "calendar": FollowedOut}
    statuses = {"mail": 201}

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        by = values.pop("by", None)
        return self.answer(
            captures.capture(actor=self.actor, seen=captures.Seen(**values), by=by)
        )

    @extend_schema(summary="Log a mail that was sent to the drop address")
    @action(detail=False, methods=["post"])
    @acts_once
    def mail(self, request: Request) -> Response:
        message = self.read(request)["message"]
        return self.answer(
            captures.capture_mail(
                actor=self.actor, message=message.encode(errors="surrogateescape")
            )
        )

    @extend_schema(
        summary="Propose a meeting, move it, or withdraw it", responses=MeetingOut
    )
    @action(detail=False, methods=["post"])
    @acts_once
    def meeting(self, request: Request) -> Response:
        said = self.read(request)
        by, addresses = said.pop("by", None), said.pop("attendees")
        happening = Happening(
            uid=said.pop("external_id"),
            is_all_day=False,
            attendees=tuple(address.lower() for address in addresses),
            **said,
        )
        found = meetings.follow_meeting(actor=self.actor, happening=happening, by=by)
        if found is None:
            raise CannotLogError("This meeting was not known.", field="external_id")
        return self.answer(found)

    @extend_schema(
        summary="Follow a calendar: propose, move and withdraw meetings",
        responses=FollowedOut,
    )
    @action(detail=False, methods=["post"])
    @acts_once
    def calendar(self, request: Request) -> Response:
        said = self.read(request)
        followed = meetings.follow_calendar(
            actor=self.actor, text=said["calendar"], by=said.get("by")
        )
        return Response(self.get_serializer(followed).data)
