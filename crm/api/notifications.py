"""The caller's own notifications over the API."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import Notification
from crm.services import notifications


class NotificationOut(serializers.ModelSerializer[Notification]):
    actor = serializers.CharField(source="actor.name", allow_null=True)

    class Meta:
        model = Notification
        fields = (
            "id",
            "kind",
            "actor",
            "account",
            "text",
            "url",
            "created_at",
            "read_at",
        )
        read_only_fields = fields


class Nothing(StrictSerializer):
    """No fields: the address says it all."""


class DigestIn(StrictSerializer):
    """Whether the caller wants the daily mail."""

    wants_digest = serializers.BooleanField()


class DigestOut(serializers.Serializer[Any]):
    wants_digest = serializers.BooleanField()


class ReadAllOut(serializers.Serializer[Any]):
    count = serializers.IntegerField()


class NotificationFilter(django_filters.FilterSet):
    """Which of them: only unread ones, or only read ones."""

    unread = django_filters.BooleanFilter("read_at", lookup_expr="isnull")

    class Meta:
        model = Notification
        fields = ("unread",)


class NotificationResource(Listed, Shown, Resource):
    """What the caller was told, newest first."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.VIEW_ACCOUNTS
    queryset = Notification.objects.select_related("actor")
    output = NotificationOut
    outputs = {"digest": DigestOut, "read_all": ReadAllOut}
    inputs = {"mark_read": Nothing, "read_all": Nothing, "digest": DigestIn}
    statuses = {"mark_read": 200}
    filterset_class = NotificationFilter

    @extend_schema(request=Nothing, responses=NotificationOut)
    @action(detail=True, methods=["post"], url_path="read", url_name="read")
    @acts_once
    def mark_read(self, request: Request, pk: int) -> Response:
        self.read(request)
        row = notifications.read(actor=self.actor, notification=self.get_object())
        return self.answer(row)

    @extend_schema(request=Nothing, responses=ReadAllOut)
    @action(detail=False, methods=["post"], url_path="read-all", url_name="read-all")
    @acts_once
    def read_all(self, request: Request) -> Response:
        self.read(request)
        return Response({"count": notifications.read_all(actor=self.actor)})

    @extend_schema(request=DigestIn, responses=DigestOut)
    @action(detail=False, methods=["post"], url_path="digest", url_name="digest")
    @acts_once
    def digest(self, request: Request) -> Response:
        wanted = self.read(request)["wants_digest"]
        notifications.choose_digest(actor=self.actor, wants_digest=wanted)
        return Response({"wants_digest": wanted})
