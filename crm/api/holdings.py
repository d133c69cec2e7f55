"""What customers have and how they use it, over the API."""

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, StrictSerializer, expected_version
from common.api_fields import DayField, NamedField, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.choices import HoldingStatus
from crm.models import Account, Contact, Holding, Product, StatedValue, Usage
from crm.services import holdings, usage

LONGEST_NOTE = 2_000


class HoldingOut(serializers.ModelSerializer[Holding]):
    product = serializers.CharField(source="product.sku")

    class Meta:
        model = Holding
        fields = (
            "id",
            "account",
            "product",
            "quantity",
            "acquired_on",
            "ends_on",
            "status",
            "replaced_by",
            "serial_number",
            "note",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


class NewHolding(StrictSerializer):
    """Something that a customer has, without whose it is."""

    product = NamedField(slug_field="sku", queryset=Product.objects.all())
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3)
    acquired_on = DayField()
    ends_on = DayField(required=False, allow_null=True)
    serial_number = serializers.CharField(
        max_length=100, required=False, allow_blank=True
    )
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True
    )


class HoldingIn(NewHolding):
    account = VisibleField(queryset=Account.objects.active())


class HoldingChange(StrictModelSerializer):
    acquired_on = DayField(required=False)
    ends_on = DayField(required=False, allow_null=True)
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True
    )

    class Meta:
        model = Holding
        fields = ("quantity", "acquired_on", "ends_on", "serial_number", "note")


class EndIn(StrictSerializer):
    ended_on = DayField()
    status = serializers.ChoiceField(choices=HoldingStatus.choices)
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True
    )


class RenewIn(StrictSerializer):
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3, required=False)
    months = serializers.IntegerField(min_value=1, max_value=120, required=False)


class HoldingFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    product = django_filters.CharFilter("product__sku", max_length=60)

    class Meta:
        model = Holding
        fields = ("account", "product", "status")


class HoldingResource(Listed, Shown, Resource):
    """What customers have. Term products are contracts, valued the next night."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.CHANGE_ACCOUNTS
    queryset = Holding.objects.filter(account__merged_into=None).select_related(
        "product", "account"
    )
    output = HoldingOut
    inputs: ClassVar[dict[str, Any]] = {
        "create": HoldingIn,
        "partial_update": HoldingChange,
        "end": EndIn,
        "replace": NewHolding,
        "renew": RenewIn,
    }
    filterset_class = HoldingFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(holdings.add_holding(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        holding = self.get_object()
        version = expected_version(request, holding)
        changed = holdings.change_holding(
            actor=self.actor,
            holding=holding,
            expected_version=version,
            **self.read(request),
        )
        return self.answer(changed)

    @extend_schema(summary="Say that it is not there any more")
    @action(detail=True, methods=["post"])
    @acts_once
    def end(self, request: Request, pk: int) -> Response:
        holding, values = self.get_object(), self.read(request)
        ended = holdings.end_holding(actor=self.actor, holding=holding, **values)
        return self.answer(ended)

    @extend_schema(summary="Put something else in its place; answers the new one")
    @action(detail=True, methods=["post"])
    @acts_once
    def replace(self, request: Request, pk: int) -> Response:
        holding, values = self.get_object(), self.read(request)
        new = holdings.replace_holding(actor=self.actor, holding=holding, **values)
        return self.answer(new)

    @extend_schema(summary="Begin the next term of a contract; answers the new one")
    @action(detail=True, methods=["post"])
    @acts_once
    def renew(self, request: Request, pk: int) -> Response:
        holding, values = self.get_object(), self.read(request)
        new = holdings.renew_holding(actor=self.actor, holding=holding, **values)
        return self.answer(new)


class UsageOut(serializers.ModelSerializer[Usage]):
    class Meta:
        model = Usage
        fields = ("id", "holding", "metric", "month", "value", "updated_at")
        read_only_fields = fields


class UsageIn(StrictSerializer):
    """How much was used in one month; the same month again is a correction."""

    holding = VisibleField(queryset=Holding.objects.filter(account__merged_into=None))
    metric = serializers.CharField(max_length=60)
    month = DayField()
    value = serializers.DecimalField(max_digits=14, decimal_places=3)


class UsageFilter(django_filters.FilterSet):
    holding = RecordFilter("holding_id")
    account = RecordFilter("holding__account_id")

    class Meta:
        model = Usage
        fields = ("holding", "account")


class UsageResource(Listed, Shown, Resource):
    """How much of what customers have is used, by month."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.LOG_TOUCHPOINTS
    queryset = Usage.objects.all()
    output = UsageOut
    inputs: ClassVar[dict[str, Any]] = {"create": UsageIn}
    filterset_class = UsageFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(usage.record_usage(actor=self.actor, **values))


class StatedValueOut(serializers.ModelSerializer[StatedValue]):
    product = serializers.CharField(source="product.sku", allow_null=True)

    class Meta:
        model = StatedValue
        fields = (
            "id",
            "account",
            "product",
            "words",
            "amount",
            "stated_on",
            "contact",
            "source",
            "created_at",
        )
        read_only_fields = fields


class StatedValueIn(StrictModelSerializer):
    account = VisibleField(queryset=Account.objects.active())
    contact = VisibleField(
        queryset=Contact.objects.all(), required=False, allow_null=True
    )
    product = NamedField(
        slug_field="sku",
        queryset=Product.objects.all(),
        required=False,
        allow_null=True,
    )
    words = serializers.CharField(max_length=LONGEST_NOTE)
    stated_on = DayField()

    class Meta:
        model = StatedValue
        fields = (
            "account",
            "product",
            "words",
            "amount",
            "stated_on",
            "contact",
            "source",
        )


class StatedValueFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")

    class Meta:
        model = StatedValue
        fields = ("account",)


class StatedValueResource(Listed, Shown, Resource):
    """What customers say that something is worth to them, in their own words."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.LOG_TOUCHPOINTS
    queryset = StatedValue.objects.select_related("product")
    output = StatedValueOut
    inputs: ClassVar[dict[str, Any]] = {"create": StatedValueIn}
    filterset_class = StatedValueFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(usage.state_value(actor=self.actor, **values))
