"""Other systems over the API: entered, switched; what was sent, and sent again."""

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.models import WebhookCall, WebhookEndpoint
from campaigns.services.automations import webhooks
from common.api import StrictSerializer, expected_version
from common.once import acts_once
from common.resources import Listed, Resource, Shown


class EndpointOut(serializers.ModelSerializer[WebhookEndpoint]):
    """Another system; its secret signs messages, and only administrators see it."""

    class Meta:
        model = WebhookEndpoint
        fields = (
            "id",
            "name",
            "url",
            "secret",
            "is_active",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


class EndpointIn(StrictSerializer):
    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=500)


class EndpointChange(EndpointIn):
    is_active = serializers.BooleanField(required=False)


class EndpointResource(Listed, Shown, Resource):
    """Other systems that automations may call."""

    read_access = permissions.CHANGE_WEBHOOKS
    write_access = permissions.CHANGE_WEBHOOKS
    queryset = WebhookEndpoint.objects.all()
    output = EndpointOut
    inputs = {"create": EndpointIn, "partial_update": EndpointChange}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        return self.answer(
            webhooks.create_endpoint(actor=self.actor, **self.read(request))
        )

    def partial_update(self, request: Request, pk: int) -> Response:
        endpoint = self.get_object()
        changed = webhooks.change_endpoint(
            actor=self.actor,
            endpoint=endpoint,
            expected_version=expected_version(request, endpoint),
            **self.read(request),
        )
        return self.answer(changed)


class CallOut(serializers.ModelSerializer[WebhookCall]):
    """One message: where it is, and what was answered last."""

    class Meta:
        model = WebhookCall
        fields = (
            "id",
            "event_id",
            "endpoint",
            "account",
            "firing",
            "sequence",
            "body",
            "status",
            "attempts",
            "http_status",
            "answer",
            "not_before",
            "give_up_at",
            "created_at",
            "finished_at",
        )
        read_only_fields = fields


class CallFilter(django_filters.FilterSet):
    class Meta:
        model = WebhookCall
        fields: ClassVar[list[str]] = ["endpoint", "account", "status"]


class CallResource(Listed, Shown, Resource):
    """The journal of messages to other systems."""

    read_access = permissions.CHANGE_WEBHOOKS
    write_access = permissions.CHANGE_WEBHOOKS
    queryset = WebhookCall.objects.all()
    output = CallOut
    filterset_class = CallFilter
    is_shared = True

    @extend_schema(request=None, responses=CallOut)
    @action(detail=True, methods=["post"])
    @acts_once
    def replay(self, request: Request, pk: int) -> Response:
        """Send a message again, with the same id."""
        call: Any = self.get_object()
        return self.answer(webhooks.replay(actor=self.actor, call=call))
