"""The calendar over the API: its entries, and the feed for one's own program."""

import datetime as dt
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.queries.calendar import entries_between
from common.api import StrictSerializer
from common.api_fields import DayField
from common.once import acts_once
from common.resources import Resource
from crm.models import CalendarFeed, Task, User
from crm.services import feeds

LONGEST_SPAN = dt.timedelta(days=61)
TEAM = "team"


class CalendarEntryOut(serializers.Serializer[Any]):
    """One thing on one day; `at` is the time of day in the company's zone."""

    kind = serializers.CharField()
    id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    day = serializers.DateField()
    at = serializers.TimeField(allow_null=True)
    minutes = serializers.IntegerField(allow_null=True)
    account = serializers.IntegerField(source="account.pk", allow_null=True)
    plan = serializers.CharField()
    cost = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    owner = serializers.CharField()
    is_done = serializers.BooleanField()
    is_late = serializers.BooleanField()


@extend_schema_serializer(many=False)
class CalendarOut(serializers.Serializer[Any]):
    """All entries from `first` to `last`, by day."""

    first = serializers.DateField()
    last = serializers.DateField()
    entries = CalendarEntryOut(many=True)


class SpanIn(StrictSerializer):
    """Which days, and whose: an e-mail address, or team; a rep's own alone."""

    first = DayField()
    last = DayField(required=False)
    who = serializers.CharField(max_length=254, required=False)

    def validate(self, attrs: Any) -> Any:
        attrs.setdefault("last", attrs["first"])
        if attrs["last"] < attrs["first"]:
            raise serializers.ValidationError({"last": ["before first"]})
        if attrs["last"] - attrs["first"] > LONGEST_SPAN:
            raise serializers.ValidationError({"last": ["Ask for 62 days at most."]})
        return attrs


class CalendarResource(Resource):
    """Tasks, planned touches, visits, events and decisions, by day."""

    read_access = permissions.VIEW_TODAY
    queryset = Task.objects.all()
    output = CalendarOut
    pagination_class = None
    filter_backends = ()
    list_parameters = frozenset({"first", "last", "who"})

    @extend_schema(
        summary="Read the calendar",
        parameters=[
            OpenApiParameter("first", dt.date, required=True),
            OpenApiParameter("last", dt.date, description="the first day if left out"),
            OpenApiParameter("who", str, description="an e-mail address, or team"),
        ],
        responses=CalendarOut,
    )
    def list(self, request: Request) -> Response:
        reader = SpanIn(data=request.query_params.dict())
        reader.is_valid(raise_exception=True)
        asked = reader.validated_data
        first, last = asked["first"], asked["last"]
        entries = entries_between(
            user=self.actor,
            first=first,
            last=last,
            whose=self._whose(asked.get("who")),
        )
        entries.sort(key=lambda one: (one.day, one.at or dt.time(), one.kind, one.pk))
        found = {"first": first, "last": last, "entries": entries}
        return Response(CalendarOut(found).data)

    def _whose(self, who: str | None) -> User | None:
        """Return whose entries are asked for; None for the whole team's."""
        actor: User = self.actor
        if who is None or who.lower() == actor.email.lower():
            return actor
        if actor.sees_every_account:
            if who == TEAM:
                return None
            found = User.objects.filter(email__iexact=who, is_active=True).first()
            if found is not None:
                return found
        raise serializers.ValidationError({"who": ["unknown who"]})


@extend_schema_serializer(many=False)
class FeedOut(serializers.Serializer[Any]):
    """Whether one's own feed is on."""

    is_on = serializers.BooleanField()


class NothingIn(StrictSerializer):
    """Nothing needs to be said."""


class FeedResource(Resource):
    """The secret address at which one's own calendar can be subscribed to."""

    read_access = permissions.VIEW_TODAY
    write_access = permissions.VIEW_TODAY
    queryset = CalendarFeed.objects.all()
    output = FeedOut
    inputs = {"create": NothingIn, "revoke": NothingIn}
    outputs = {"revoke": FeedOut}
    pagination_class = None
    filter_backends = ()

    @extend_schema(summary="Say whether one's own feed is on", responses=FeedOut)
    def list(self, request: Request) -> Response:
        is_on = CalendarFeed.objects.filter(user=self.actor).exists()
        return self._said(is_on=is_on)

    # The header, not the body: bodies are kept for repeats, and the secret must not be.
    @extend_schema(
        summary="Make a new address, told once as Location; an older one ends",
        responses={201: FeedOut},
    )
    @acts_once
    def create(self, request: Request) -> Response:
        self.read(request)
        token = feeds.create_feed(actor=self.actor)
        path = reverse("campaigns:feed", args=[token])
        response = self._said(is_on=True)
        response.status_code = status.HTTP_201_CREATED
        response["Location"] = request.build_absolute_uri(path)
        return response

    @extend_schema(summary="End the address", responses=FeedOut)
    @action(detail=False, methods=["post"])
    @acts_once
    def revoke(self, request: Request) -> Response:
        self.read(request)
        feeds.revoke_feed(actor=self.actor)
        return self._said(is_on=False)

    def _said(self, *, is_on: bool) -> Response:
        body = FeedOut({"is_on": is_on}).data
        return Response(body, headers={"Cache-Control": "no-store"})
