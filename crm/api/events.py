"""Events in customers' lives over the API, and the catalogue of their types."""

import django_filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer
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
from crm.services import events

LONGEST_NOTE = 20_000


class EventTypeOut(serializers.ModelSerializer[EventType]):
    class Meta:
        model = EventType
        fields = ("id", "key", "name", "is_active")
        read_only_fields = fields


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
    queryset = LifeEvent.objects.select_related("type")
    output = EventOut
    inputs = {"create": EventIn}
    filterset_class = EventFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(events.create_event(actor=self.actor, **values))


class EventTypeResource(Listed, Shown, Resource):
    """The firm's own catalogue of events."""

    read_access = permissions.VIEW_ACCOUNTS
    queryset = EventType.objects.all()
    output = EventTypeOut
    is_shared = True
