"""Offers and what was decided on them, over the API."""

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clv.choices import DismissReason
from clv.models import ExpansionOffer, OfferDecision
from clv.permissions import DECIDE_OFFERS, VIEW_VALUES
from clv.services import offers
from common.api import StrictSerializer
from common.api_fields import DayField, NamedField, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.models import Account, Product


class OfferOut(serializers.ModelSerializer[ExpansionOffer]):
    base = serializers.CharField(source="base.sku")
    offered = serializers.CharField(source="offered.sku")

    class Meta:
        model = ExpansionOffer
        fields = (
            "id",
            "account",
            "base",
            "offered",
            "kind",
            "probability",
            "yearly_gain",
            "amount",
            "by_on",
        )
        read_only_fields = fields


class OfferFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    offered = django_filters.CharFilter("offered__sku", max_length=60)

    class Meta:
        model = ExpansionOffer
        fields = ("account", "offered", "kind")


class OfferResource(Listed, Resource):
    """What accounts with an owner may add within a year, as of the last night."""

    read_access = VIEW_VALUES
    queryset = ExpansionOffer.objects.select_related("base", "offered")
    output = OfferOut
    filterset_class = OfferFilter


class DecisionOut(serializers.ModelSerializer[OfferDecision]):
    base = serializers.CharField(source="base.sku")
    offered = serializers.CharField(source="offered.sku")
    reason = serializers.CharField(
        help_text="why it was dismissed; empty if it was not"
    )

    class Meta:
        model = OfferDecision
        fields = (
            "id",
            "account",
            "base",
            "offered",
            "kind",
            "state",
            "reason",
            "note",
            "decided_on",
            "silent_until",
            "probability",
            "yearly_gain",
            "task",
            "withdrawn_at",
        )
        read_only_fields = fields


class AcceptIn(StrictSerializer):
    """An offer to take up; a task follows it."""

    account = VisibleField(queryset=Account.objects.active())
    offered = NamedField(slug_field="sku", queryset=Product.objects.all())
    due_on = DayField(required=False)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class DismissIn(StrictSerializer):
    """An offer not to make for some months, and why."""

    account = VisibleField(queryset=Account.objects.active())
    offered = NamedField(slug_field="sku", queryset=Product.objects.all())
    reason = serializers.ChoiceField(choices=DismissReason.choices)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    months = serializers.IntegerField(min_value=1, max_value=60, required=False)


class WithdrawIn(StrictSerializer):
    """Nothing needs to be said."""


class DecisionFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")

    class Meta:
        model = OfferDecision
        fields = ("account", "state")


class DecisionResource(Listed, Shown, Resource):
    """Offers that were taken up or dismissed, withdrawn ones too."""

    read_access = VIEW_VALUES
    write_access = DECIDE_OFFERS
    queryset = OfferDecision.objects.select_related("base", "offered")
    output = DecisionOut
    inputs: ClassVar[dict[str, Any]] = {
        "accept": AcceptIn,
        "dismiss": DismissIn,
        "withdraw": WithdrawIn,
    }
    statuses: ClassVar[dict[str, int]] = {"accept": 201, "dismiss": 201}
    filterset_class = DecisionFilter

    @extend_schema(summary="Take an offer up as a task")
    @action(detail=False, methods=["post"])
    @acts_once
    def accept(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(offers.accept_offer(actor=self.actor, **values))

    @extend_schema(summary="Do not make an offer for some months")
    @action(detail=False, methods=["post"])
    @acts_once
    def dismiss(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(offers.dismiss_offer(actor=self.actor, **values))

    @extend_schema(summary="Take a decision back")
    @action(detail=True, methods=["post"])
    @acts_once
    def withdraw(self, request: Request, pk: int) -> Response:
        decision = self.get_object()
        self.read(request)
        return self.answer(
            offers.withdraw_decision(actor=self.actor, decision=decision)
        )
