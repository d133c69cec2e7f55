"""Saved views of lists over the API."""

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, expected_version
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import SavedView
from crm.services import saved_views


class SavedViewOut(serializers.ModelSerializer[SavedView]):
    owner = serializers.EmailField(source="owner.email")

    class Meta:
        model = SavedView
        fields = (
            "id",
            "list_key",
            "name",
            "query",
            "is_shared",
            "owner",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


class SavedViewChange(StrictModelSerializer):
    """What may change of one's own view; `query` is what the list's address has."""

    class Meta:
        model = SavedView
        fields = ("name", "query", "is_shared")


class SavedViewIn(SavedViewChange):
    class Meta(SavedViewChange.Meta):
        fields = ("list_key", *SavedViewChange.Meta.fields)  # type: ignore[assignment]
        # The service says better which names are taken.
        validators: ClassVar[list[Any]] = []


class SavedViewFilter(django_filters.FilterSet):
    class Meta:
        model = SavedView
        fields = ("list_key", "is_shared")


class SavedViewResource(Listed, Shown, Resource):
    """One's own views of lists and those that colleagues share."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.VIEW_ACCOUNTS
    queryset = SavedView.objects.select_related("owner")
    output = SavedViewOut
    inputs = {"create": SavedViewIn, "partial_update": SavedViewChange}
    filterset_class = SavedViewFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        values.setdefault("query", "")
        return self.answer(saved_views.create_view(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        view = self.get_object()
        changed = saved_views.change_view(
            actor=self.actor,
            view=view,
            expected_version=expected_version(request, view),
            **self.read(request),
        )
        return self.answer(changed)

    @extend_schema(request=None, responses={status.HTTP_204_NO_CONTENT: None})
    def destroy(self, request: Request, pk: int) -> Response:
        saved_views.delete_view(actor=self.actor, view=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
