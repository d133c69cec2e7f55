"""Timelines of accounts over the API, and the caller's own filters of them."""

import datetime as dt
from typing import Any

from django.http import QueryDict
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common import timelines
from common.api import StrictSerializer, expected_version
from common.api_fields import DayField, RecordId
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.choices import Channel
from crm.forms.timeline import TimelineFilterForm
from crm.models import Account, TimelineFilter
from crm.queries.timeline import Wanted, read_cursor, timeline
from crm.services import timeline_filters

MOST_ROWS = 200
LONGEST_WORDS = 100
LONGEST_CURSOR = 200
FILTERS = {
    "kind": "kinds of entries, with commas between",
    "channel": "channels of contacts, with commas between",
    "person": "the beginning of a word of the name of somebody there",
    "product": "a part of a product's name",
    "who": "me, others, or the number of one of us",
    "text": "words that must all be said",
}


class WordsField(serializers.CharField):
    """Words with commas between, each of a closed list."""

    def to_internal_value(self, data: Any) -> Any:
        return [word for word in super().to_internal_value(data).split(",") if word]


class TimelineIn(StrictSerializer):
    """Which account, and which of its entries."""

    account = RecordId()
    kind = WordsField(required=False, max_length=LONGEST_WORDS)
    channel = WordsField(required=False, max_length=LONGEST_WORDS)
    person = serializers.CharField(required=False, max_length=LONGEST_WORDS)
    product = serializers.CharField(required=False, max_length=LONGEST_WORDS)
    who = serializers.RegexField(r"^(me|others|\d{1,18})$", required=False)
    text = serializers.CharField(required=False, max_length=LONGEST_WORDS)
    since = DayField(required=False)
    until = DayField(required=False)
    cursor = serializers.CharField(required=False, max_length=LONGEST_CURSOR)
    page_size = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_ROWS
    )

    def validate_channel(self, value: list[str]) -> list[str]:
        return _known(value, set(Channel.values))

    def validate_kind(self, value: list[str]) -> list[str]:
        sources = timelines.sources_for(self.context["request"].user)
        return _known(value, set(timelines.kinds_of(sources)))

    def validate_cursor(self, value: str) -> str:
        if read_cursor(value) is None:
            raise serializers.ValidationError("This list gave out no such cursor.")
        return value


def _known(value: list[str], known: set[str]) -> list[str]:
    if unknown := sorted(set(value) - known):
        raise serializers.ValidationError(
            f"There is no {unknown[0]}; there is {', '.join(sorted(known))}."
        )
    return value


class EntryOut(serializers.Serializer[Any]):
    """One entry; `source` and `id` name what it is about."""

    kind = serializers.CharField()
    source = serializers.CharField(source="key")  # type: ignore[assignment]
    id = serializers.IntegerField(source="pk")
    at = serializers.DateTimeField()
    is_day = serializers.BooleanField()
    title = serializers.CharField()
    text = serializers.CharField()
    channel = serializers.CharField()
    direction = serializers.CharField()
    person = serializers.CharField()
    who = serializers.CharField()
    outcome = serializers.CharField()
    minutes = serializers.IntegerField(allow_null=True)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)


@extend_schema_serializer(many=False)
class TimelineOut(serializers.Serializer[Any]):
    """A page of entries, newest first; `next` is the cursor of the older ones."""

    next = serializers.CharField(allow_null=True)
    results = EntryOut(many=True)


class TimelineResource(Resource):
    """Everything that happened with one account, newest first, to the first contact."""

    read_access = permissions.VIEW_ACCOUNTS
    queryset = Account.objects.active()
    output = TimelineOut
    pagination_class = None
    filter_backends = ()
    list_parameters = frozenset(TimelineIn().fields)

    @extend_schema(
        summary="Read the timeline of an account",
        parameters=[
            OpenApiParameter("account", int, required=True),
            *(
                OpenApiParameter(name, str, description=t)
                for name, t in FILTERS.items()
            ),
            OpenApiParameter("since", dt.date),
            OpenApiParameter("until", dt.date),
            OpenApiParameter("cursor", str, description="`next` of the page before"),
            OpenApiParameter("page_size", int),
        ],
        responses=TimelineOut,
    )
    def list(self, request: Request) -> Response:
        asked = self._asked(request)
        account = get_object_or_404(self.get_queryset(), pk=asked["account"])
        part = timeline(
            account,
            user=self.actor,
            wanted=Wanted(
                kinds=asked.get("kind", ()),
                channels=asked.get("channel", ()),
                product=asked.get("product", ""),
                person=asked.get("person", ""),
                who=asked.get("who", ""),
                since=asked.get("since"),
                until=asked.get("until"),
                text=asked.get("text", ""),
            ),
            before=asked.get("cursor", ""),
            size=asked.get("page_size", 0),
        )
        found = {"next": part.older or None, "results": [r.item for r in part.rows]}
        return Response(self.get_serializer(found).data)

    def _asked(self, request: Request) -> dict[str, Any]:
        for name, values in request.query_params.lists():
            if len(values) > 1:
                raise ValidationError({name: ["Give this parameter once."]})
            if "\x00" in values[0]:
                raise ValidationError({name: ["This text cannot be stored."]})
        reader = TimelineIn(
            data=request.query_params.dict(), context={"request": request}
        )
        reader.is_valid(raise_exception=True)
        asked: dict[str, Any] = reader.validated_data
        return asked


class TimelineFilterOut(serializers.ModelSerializer[TimelineFilter]):
    class Meta:
        model = TimelineFilter
        fields = ("id", "name", "query", "position", "version")
        read_only_fields = fields


class TimelineFilterIn(StrictSerializer):
    """A name, and what the address of a timeline says, such as channel=visit&who=me."""

    name = serializers.CharField(max_length=60)
    query = serializers.CharField(max_length=1000)


class TimelineFilterChange(StrictSerializer):
    """Another name, or how many places to move, back where negative."""

    name = serializers.CharField(max_length=60, required=False)
    places = serializers.IntegerField(min_value=-100, max_value=100, required=False)


def _wrong(form: TimelineFilterForm) -> list[tuple[str, Any]]:
    return [(name, errors) for name, errors in form.errors.items()]


class TimelineFilterResource(Listed, Shown, Resource):
    """The caller's own filters; each stands as a tab on every account's timeline."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.VIEW_ACCOUNTS
    queryset = TimelineFilter.objects.all()
    output = TimelineFilterOut
    inputs = {"create": TimelineFilterIn, "partial_update": TimelineFilterChange}

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        form = TimelineFilterForm(QueryDict(values["query"]), user=self.actor)
        if not form.is_valid():
            raise ValidationError({"query": [f"{n}: {e[0]}" for n, e in _wrong(form)]})
        return self.answer(
            timeline_filters.save_filter(
                actor=self.actor, name=values["name"], query=form.query()
            )
        )

    def partial_update(self, request: Request, pk: int) -> Response:
        row = self.get_object()
        version = expected_version(request, row)
        said = self.read(request)
        if "name" in said:
            timeline_filters.rename_filter(
                actor=self.actor,
                timeline_filter=row,
                name=said["name"],
                expected_version=version,
            )
        if "places" in said:
            timeline_filters.move_filter(
                actor=self.actor, timeline_filter=row, places=said["places"]
            )
            row.refresh_from_db()
        return self.answer(row)

    @extend_schema(summary="Delete one of your filters", responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        timeline_filters.delete_filter(
            actor=self.actor, timeline_filter=self.get_object()
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
