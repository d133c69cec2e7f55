"""Stages of relationships, who is in which, and benefits by type, over the API."""

import django_filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, StrictSerializer, expected_version
from common.api_fields import NamedField, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import Account, LifecycleStage, LifecycleStay, RelationshipProfile
from crm.services import lifecycle


class LifecycleStageOut(serializers.ModelSerializer[LifecycleStage]):
    class Meta:
        model = LifecycleStage
        fields = ("id", "key", "position", "account_stage", *lifecycle.RULE, "version")
        read_only_fields = fields


class LifecycleStageChange(StrictModelSerializer):
    class Meta:
        model = LifecycleStage
        fields = lifecycle.RULE


class LifecycleStageResource(Listed, Shown, Resource):
    """Stages of a relationship: the rule by which accounts enter, and the play."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.CHANGE_CATALOGUES
    queryset = LifecycleStage.objects.all()
    output = LifecycleStageOut
    inputs = {"partial_update": LifecycleStageChange}
    is_shared = True

    def partial_update(self, request: Request, pk: int) -> Response:
        stage = self.get_object()
        version = expected_version(request, stage)
        changed = lifecycle.change_stage(
            actor=self.actor,
            stage=stage,
            expected_version=version,
            **self.read(request),
        )
        return self.answer(changed)


class RelationshipOut(serializers.ModelSerializer[RelationshipProfile]):
    class Meta:
        model = RelationshipProfile
        fields = ("id", "key", *lifecycle.BENEFITS, "version")
        read_only_fields = fields


class RelationshipChange(StrictModelSerializer):
    class Meta:
        model = RelationshipProfile
        fields = lifecycle.BENEFITS


class RelationshipResource(Listed, Shown, Resource):
    """What each type of relationship offers to the customer, and to us."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.CHANGE_CATALOGUES
    queryset = RelationshipProfile.objects.all()
    output = RelationshipOut
    inputs = {"partial_update": RelationshipChange}
    is_shared = True

    def partial_update(self, request: Request, pk: int) -> Response:
        profile = self.get_object()
        version = expected_version(request, profile)
        changed = lifecycle.change_benefits(
            actor=self.actor,
            profile=profile,
            expected_version=version,
            **self.read(request),
        )
        return self.answer(changed)


class StayOut(serializers.ModelSerializer[LifecycleStay]):
    stage = serializers.CharField(source="stage.key")

    class Meta:
        model = LifecycleStay
        fields = ("id", "account", "stage", "since", "until", "reason", "set_by")
        read_only_fields = fields


class StayIn(StrictSerializer):
    """Put an account into a stage by hand."""

    account = VisibleField(queryset=Account.objects.active())
    stage = NamedField(slug_field="key", queryset=LifecycleStage.objects.all())
    reason = serializers.CharField(max_length=300)


class StayFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")

    class Meta:
        model = LifecycleStay
        fields = ("account",)


class StayResource(Listed, Resource):
    """Which account is or was in which stage, since when and why."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.CHANGE_ACCOUNTS
    queryset = LifecycleStay.objects.select_related("stage")
    output = StayOut
    inputs = {"create": StayIn}
    filterset_class = StayFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(lifecycle.set_stage(actor=self.actor, **values))
