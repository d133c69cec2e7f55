"""Events in customers' lives over the API, and the catalogue of their types."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, StrictSerializer, expected_version
from common.api_fields import (
    DayField,
    NamedField,
    RecordFilter,
    SourceField,
    VisibleField,
)
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import Account, Contact, EventType, LifeEvent
from crm.services import event_types, events

LONGEST_NOTE = 20_000


class EventTypeOut(serializers.ModelSerializer[EventType]):
    class Meta:
        model = EventType
        fields = (
            "id",
            "key",
            "name",
            "icon",
            "importance",
            "tone",
            "recurs_yearly",
            "is_active",
            "version",
        )
        read_only_fields = fields


class EventTypeIn(StrictModelSerializer):
    class Meta:
        model = EventType
        fields = ("name", "icon", "importance", "tone", "recurs_yearly")


class EventTypeChange(EventTypeIn):
    """What may change; `is_active` retires a kind, or offers it again."""

    is_active = serializers.BooleanField(required=False)

    class Meta:
        model = EventType
        fields = (*EventTypeIn.Meta.fields, "is_active")


class EventOut(serializers.ModelSerializer[LifeEvent]):
    type = serializers.CharField(source="type.key")

    class Meta:
        model = LifeEvent
        fields = (
            "id",
            "account",
            "contact",
            "type",
            "occurred_on",
            "note",
            "source",
            "external_id",
            "created_at",
            "version",
        )
        read_only_fields = fields


class EventIn(StrictSerializer):
    """Something that happened, or is known to come, at one account."""

    account = VisibleField(queryset=Account.objects.active())
    contact = VisibleField(
        queryset=Contact.objects.all(), required=False, allow_null=True
    )
    type = NamedField(slug_field="key", queryset=EventType.objects.all())
    occurred_on = DayField()
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True
    )
    source = SourceField()  # type: ignore[assignment]
    external_id = serializers.CharField(max_length=100, required=False)


class EventChange(StrictSerializer):
    """A correction of what was entered."""

    contact = VisibleField(
        queryset=Contact.objects.all(), required=False, allow_null=True
    )
    type = NamedField(
        slug_field="key", queryset=EventType.objects.all(), required=False
    )
    occurred_on = DayField(required=False)
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True
    )


class EventFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    type = django_filters.CharFilter("type__key", max_length=50)

    class Meta:
        model = LifeEvent
        fields = ("account", "type")


class EventResource(Listed, Shown, Resource):
    """What happens in a customer's life: moves, new managers, rivals' offers."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.LOG_TOUCHPOINTS
    queryset = LifeEvent.objects.select_related("type", "account")
    output = EventOut
    inputs = {"create": EventIn, "partial_update": EventChange}
    filterset_class = EventFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(events.create_event(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        event = self.get_object()
        version = expected_version(request, event)
        changed = events.change_event(
            actor=self.actor,
            event=event,
            expected_version=version,
            **self.read(request),
        )
        return self.answer(changed)

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows if self.action == "restoration" else rows.standing()

    @extend_schema(summary="Take an event out of every page", request=None)
    @action(detail=True, methods=["post"])
    @acts_once
    def removal(self, request: Request, pk: int) -> Response:
        event = self.get_object()
        return self.answer(events.remove_event(actor=self.actor, event=event))

    @extend_schema(summary="Bring a removed event back", request=None)
    @action(detail=True, methods=["post"])
    @acts_once
    def restoration(self, request: Request, pk: int) -> Response:
        event = self.get_object()
        return self.answer(events.restore_event(actor=self.actor, event=event))


class EventTypeResource(Listed, Shown, Resource):
    """The firm's own catalogue of events."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.CHANGE_CATALOGUES
    queryset = EventType.objects.all()
    output = EventTypeOut
    inputs = {"create": EventTypeIn, "partial_update": EventTypeChange}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(event_types.create_event_type(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        stored = self.get_object()
        version, values = expected_version(request, stored), self.read(request)
        is_active = values.pop("is_active", None)
        changed = event_types.change_event_type(
            actor=self.actor, event_type=stored, expected_version=version, **values
        )
        if is_active is not None:
            switch = (
                event_types.reinstate_event_type
                if is_active
                else event_types.retire_event_type
            )
            changed = switch(actor=self.actor, event_type=changed)
        return self.answer(changed)
