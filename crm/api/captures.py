"""Calls and mails that other systems tell of, over the API."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer
from common.api_fields import MomentField
from common.once import acts_once
from common.resources import Resource
from crm import permissions
from crm.api.touchpoints import TouchpointOut
from crm.choices import Channel, Direction
from crm.models import Touchpoint, User
from crm.services import captures

MOST_SECONDS = 86_400
LARGEST_MAIL = 2_000_000  # characters
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
    by = serializers.EmailField(required=False, allow_null=True)

    def validate_by(self, address: str | None) -> User | None:
        if address is None:
            return None
        found = User.objects.filter(is_active=True, email__iexact=address).first()
        if found is None:
            raise serializers.ValidationError("Nobody of us has this address.")
        return found


class MailIn(StrictSerializer):
    """A mail as it was sent, with its headers (RFC 5322)."""

    message = serializers.CharField(max_length=LARGEST_MAIL, trim_whitespace=False)


class CaptureResource(Resource):
    """Contacts that telephone systems and mailboxes tell of."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.LOG_TOUCHPOINTS
    queryset = Touchpoint.objects.select_related("user")
    output = TouchpointOut
    inputs = {"create": CaptureIn, "mail": MailIn}
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
