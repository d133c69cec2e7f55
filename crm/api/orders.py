"""Orders with their lines, and what came back, over the API."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer, expected_version
from common.api_fields import RecordFilter, RecordId, SourceField, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import Account, Order, OrderLine, OrderReturn
from crm.services import orders, returns

MOST_LINES = 1000


class ReturnOut(serializers.ModelSerializer[OrderReturn]):
    class Meta:
        model = OrderReturn
        fields = (
            "id",
            "line",
            "returned_on",
            "quantity",
            "refund",
            "cost_recovered",
            "reason",
            "source",
            "external_id",
            "created_at",
        )
        read_only_fields = fields


class LineOut(serializers.ModelSerializer[OrderLine]):
    """One line; `cost` is empty when no unit cost is known."""

    sku = serializers.CharField(source="product.sku", allow_null=True)
    # Named here, because generated columns would be written as floats.
    revenue = serializers.DecimalField(max_digits=14, decimal_places=2)
    cost = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    returns = ReturnOut(many=True)

    class Meta:
        model = OrderLine
        fields = (
            "id",
            "sku",
            "quantity",
            "unit_price",
            "discount",
            "unit_cost",
            "revenue",
            "cost",
            "returns",
        )
        read_only_fields = fields


class OrderOut(serializers.ModelSerializer[Order]):
    lines = LineOut(many=True)

    class Meta:
        model = Order
        fields = (
            "id",
            "account",
            "ordered_on",
            "status",
            "source",
            "external_id",
            "lines",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


class LineIn(StrictSerializer):
    """One line to order. Without `unit_cost` the product's own is taken."""

    sku = serializers.CharField(max_length=60, required=False, allow_blank=True)
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3)
    unit_price = serializers.DecimalField(max_digits=14, decimal_places=4)
    discount = serializers.DecimalField(
        max_digits=14, decimal_places=2, required=False, default=Decimal(0)
    )
    unit_cost = serializers.DecimalField(
        max_digits=14, decimal_places=4, required=False, allow_null=True
    )

    def to_internal_value(self, data: Any) -> Any:
        return orders.NewLine(**super().to_internal_value(data))


def lines_field(**kwargs: Any) -> serializers.BaseSerializer[Any]:
    bounds: dict[str, Any] = {"allow_empty": False, "max_length": MOST_LINES}
    return LineIn(many=True, **bounds, **kwargs)


class OrderChange(StrictSerializer):
    """A corrected day, or lines that replace all that the order has."""

    ordered_on = serializers.DateField(required=False)
    lines = lines_field(required=False)


class OrderIn(StrictSerializer):
    """A purchase. The same `source` and `external_id` again store nothing new."""

    account = VisibleField(queryset=Account.objects.active())
    ordered_on = serializers.DateField()
    source = SourceField()  # type: ignore[assignment]
    external_id = serializers.CharField(max_length=100)
    currency = serializers.CharField(max_length=3, required=False)
    lines = lines_field()


class CancelIn(StrictSerializer):
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ReturnIn(StrictSerializer):
    """Goods of one line of this order that came back."""

    line = RecordId()
    returned_on = serializers.DateField()
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3)
    refund = serializers.DecimalField(max_digits=14, decimal_places=2)
    cost_recovered = serializers.DecimalField(
        max_digits=14, decimal_places=2, required=False, default=Decimal(0)
    )
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True)
    source = SourceField()  # type: ignore[assignment]
    external_id = serializers.CharField(max_length=100, required=False)


class OrderFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    source = django_filters.CharFilter(max_length=40)
    external_id = django_filters.CharFilter(max_length=100)

    class Meta:
        model = Order
        fields = ("account", "source", "external_id", "status")


class OrderResource(Listed, Shown, Resource):
    """Purchases: the source of margin. Cancelled, never deleted."""

    read_access = permissions.VIEW_ORDERS
    write_access = permissions.CHANGE_ORDERS
    queryset = Order.objects.prefetch_related(
        Prefetch(
            "lines",
            OrderLine.objects.select_related("product").prefetch_related("returns"),
        )
    )
    output = OrderOut
    inputs = {
        "create": OrderIn,
        "partial_update": OrderChange,
        "cancel": CancelIn,
        "returns": ReturnIn,
    }
    outputs = {"returns": ReturnOut}
    statuses = {"returns": status.HTTP_201_CREATED}
    filterset_class = OrderFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(orders.place_order(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        order = self.get_object()
        version = expected_version(request, order)
        changed = orders.change_order(
            actor=self.actor,
            order=order,
            expected_version=version,
            **self.read(request),
        )
        return self.answer(changed)

    @extend_schema(summary="Take an order out of every sum")
    @action(detail=True, methods=["post"])
    @acts_once
    def cancel(self, request: Request, pk: int) -> Response:
        order = self.get_object()
        values = self.read(request)
        return self.answer(orders.cancel_order(actor=self.actor, order=order, **values))

    @extend_schema(summary="Store goods that came back")
    @action(detail=True, methods=["post"])
    @acts_once
    def returns(self, request: Request, pk: int) -> Response:
        order = self.get_object()
        values = self.read(request)
        line = _line(order.lines.all(), values.pop("line"))
        return self.answer(returns.return_goods(actor=self.actor, line=line, **values))


def _line(lines: Sequence[OrderLine], pk: int) -> OrderLine:
    """Find a line of this very order; any other is unknown."""
    for line in lines:
        if line.pk == pk:
            return line
    raise ValidationError({"line": ["unknown line"]})
