"""Competitors and what customers spend in all, over the API."""

from typing import Any, ClassVar

import django_filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer
from common.api_fields import DayField, NamedField, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import (
    Account,
    Competitor,
    CompetitorPresence,
    Product,
    WalletEstimate,
)
from crm.services import wallet

LONGEST_NOTE = 2_000


class CompetitorOut(serializers.ModelSerializer[Competitor]):
    website = serializers.CharField()

    class Meta:
        model = Competitor
        fields = ("id", "name", "website", "note", "is_active", "version")
        read_only_fields = fields


class CompetitorIn(StrictModelSerializer):
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True
    )

    class Meta:
        model = Competitor
        fields = ("name", "website", "note")


class CompetitorResource(Listed, Shown, Resource):
    """Who sells what we sell."""

    read_access = permissions.VIEW_PRODUCTS
    write_access = permissions.CHANGE_CATALOGUES
    queryset = Competitor.objects.all()
    output = CompetitorOut
    inputs: ClassVar[dict[str, Any]] = {"create": CompetitorIn}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(wallet.create_competitor(actor=self.actor, **values))


class PresenceOut(serializers.ModelSerializer[CompetitorPresence]):
    product = serializers.CharField(source="product.sku", allow_null=True)

    class Meta:
        model = CompetitorPresence
        fields = (
            "id",
            "account",
            "competitor",
            "category",
            "product",
            "since",
            "until",
            "note",
            "version",
        )
        read_only_fields = fields


class PresenceIn(StrictModelSerializer):
    account = VisibleField(queryset=Account.objects.active())
    competitor = NamedField(slug_field="name", queryset=Competitor.objects.all())
    product = NamedField(
        slug_field="sku",
        queryset=Product.objects.all(),
        required=False,
        allow_null=True,
    )
    since = DayField(required=False, allow_null=True)
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True
    )

    class Meta:
        model = CompetitorPresence
        fields = ("account", "competitor", "category", "product", "since", "note")


class OfAccount(django_filters.FilterSet):
    account = RecordFilter("account_id")

    class Meta:
        model = CompetitorPresence
        fields = ("account",)


class PresenceResource(Listed, Shown, Resource):
    """Which competitors are at which account."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.CHANGE_ACCOUNTS
    queryset = CompetitorPresence.objects.select_related("product")
    output = PresenceOut
    inputs: ClassVar[dict[str, Any]] = {"create": PresenceIn}
    filterset_class = OfAccount

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(wallet.note_competitor(actor=self.actor, **values))


class EstimateOut(serializers.ModelSerializer[WalletEstimate]):
    class Meta:
        model = WalletEstimate
        fields = (
            "id",
            "account",
            "category",
            "amount",
            "estimated_on",
            "source",
            "note",
            "created_at",
        )
        read_only_fields = fields


class EstimateIn(StrictModelSerializer):
    """What an account spends a year in all; null says that it is unknown again."""

    account = VisibleField(queryset=Account.objects.active())
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    estimated_on = DayField(required=False)

    class Meta:
        model = WalletEstimate
        fields = ("account", "category", "amount", "estimated_on", "source", "note")


class EstimateFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")

    class Meta:
        model = WalletEstimate
        fields = ("account",)


class EstimateResource(Listed, Shown, Resource):
    """What customers are thought to spend a year; the newest of a category counts."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.CHANGE_ACCOUNTS
    queryset = WalletEstimate.objects.all()
    output = EstimateOut
    inputs: ClassVar[dict[str, Any]] = {"create": EstimateIn}
    filterset_class = EstimateFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(wallet.estimate_wallet(actor=self.actor, **values))
