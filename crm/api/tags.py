"""Tags over the API."""

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, StrictSerializer, expected_version
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import Tag
from crm.services import tags


class TagOut(serializers.ModelSerializer[Tag]):
    class Meta:
        model = Tag
        fields = ("id", "name", "colour", "is_active", "version")
        read_only_fields = fields


class TagIn(StrictModelSerializer):
    class Meta:
        model = Tag
        fields = ("name", "colour")


class TagChange(TagIn):
    """What may change; `is_active` retires a tag, or offers it again."""

    is_active = serializers.BooleanField(required=False)

    class Meta:
        model = Tag
        fields = (*TagIn.Meta.fields, "is_active")


class TagMerge(StrictSerializer):
    """The tag that stays."""

    into = serializers.PrimaryKeyRelatedField(queryset=Tag.objects.all())


class TagResource(Listed, Shown, Resource):
    """The firm's own words for accounts and contacts."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.CHANGE_CATALOGUES
    queryset = Tag.objects.all()
    output = TagOut
    inputs: ClassVar[dict[str, Any]] = {
        "create": TagIn,
        "partial_update": TagChange,
        "merge": TagMerge,
    }
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        return self.answer(tags.create_tag(actor=self.actor, **self.read(request)))

    def partial_update(self, request: Request, pk: int) -> Response:
        stored = self.get_object()
        version, values = expected_version(request, stored), self.read(request)
        is_active = values.pop("is_active", None)
        changed = tags.change_tag(
            actor=self.actor, tag=stored, expected_version=version, **values
        )
        if is_active is not None:
            switch = tags.reinstate_tag if is_active else tags.retire_tag
            changed = switch(actor=self.actor, tag=changed)
        return self.answer(changed)

    @action(detail=True, methods=["post"])
    @acts_once
    def merge(self, request: Request, pk: int) -> Response:
        """Let whatever carries this tag carry another; this one is gone then."""
        tag, given = self.get_object(), self.read(request)
        return self.answer(tags.merge_tags(actor=self.actor, tag=tag, **given))
