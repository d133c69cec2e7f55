"""Deals over the API: what they hold, how they move, and the firm's own stages."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer, expected_version
from common.api_fields import DayField, NamedField, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.choices import DealStatus, Source
from crm.models import (
    Account,
    Contact,
    Deal,
    DealLine,
    DealLossReason,
    DealStage,
    Order,
    Product,
    User,
)
from crm.services import deal_moves, deals


class StageOut(serializers.ModelSerializer[DealStage]):
    class Meta:
        model = DealStage
        fields = (
            "id",
            "name",
            "position",
            "prior_chance",
            "stale_after_days",
            "is_active",
        )
        read_only_fields = fields


class ReasonOut(serializers.ModelSerializer[DealLossReason]):
    class Meta:
        model = DealLossReason
        fields = ("id", "name", "is_active")
        read_only_fields = fields


class DealLineOut(serializers.ModelSerializer[DealLine]):
    """One line; `cost` is empty when no unit cost is known."""

    sku = serializers.CharField(source="product.sku", allow_null=True)
    # Named here, because generated columns would be written as floats.
    revenue = serializers.DecimalField(max_digits=14, decimal_places=2)
    cost = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)

    class Meta:
        model = DealLine
        fields = (
            "sku",
            "text",
            "quantity",
            "unit_price",
            "discount",
            "unit_cost",
            "revenue",
            "cost",
        )
        read_only_fields = fields


class DealOut(serializers.ModelSerializer[Deal]):
    stage = serializers.CharField(source="stage.name")
    owner = serializers.EmailField(source="owner.email")
    loss_reason = serializers.CharField(source="loss_reason.name", allow_null=True)
    lines = DealLineOut(many=True)

    class Meta:
        model = Deal
        fields = (
            "id",
            "account",
            "contact",
            "title",
            "stage",
            "stage_since",
            "status",
            "owner",
            "source",
            "close_on",
            "competitor",
            "rival",
            "note",
            "closed_on",
            "loss_reason",
            "closing_note",
            "order",
            "lines",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


class DealLineIn(StrictSerializer):
    """One thing offered: a product, or words. A product brings its own unit cost."""

    sku = NamedField(
        slug_field="sku",
        queryset=Product.objects.all(),
        required=False,
        source="product",
    )
    text = serializers.CharField(max_length=200, required=False, allow_blank=True)
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3)
    unit_price = serializers.DecimalField(max_digits=14, decimal_places=4)
    discount = serializers.DecimalField(max_digits=14, decimal_places=2, required=False)
    unit_cost = serializers.DecimalField(
        max_digits=14, decimal_places=4, required=False, allow_null=True
    )

    def to_internal_value(self, data: Any) -> Any:
        return deals.NewLine(**super().to_internal_value(data))


def lines_field() -> serializers.BaseSerializer[Any]:
    bounds: dict[str, Any] = {"max_length": deals.MOST_LINES}
    return DealLineIn(many=True, required=False, **bounds)


class DealChangeIn(StrictSerializer):
    """What may change of an open deal; `lines` replace all that it has."""

    title = serializers.CharField(max_length=200, required=False)
    contact = VisibleField(
        queryset=Contact.objects.all(), required=False, allow_null=True
    )
    owner = NamedField(
        slug_field="email",
        queryset=User.objects.filter(is_active=True),
        required=False,
    )
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Source.choices, required=False, allow_blank=True
    )
    close_on = DayField(required=False, allow_null=True)
    competitor = serializers.CharField(max_length=200, required=False, allow_blank=True)
    note = serializers.CharField(
        max_length=deals.LONGEST["note"], required=False, allow_blank=True
    )
    lines = lines_field()


class DealIn(DealChangeIn):
    """Something that an account may buy; without a stage it begins in the first."""

    account = VisibleField(queryset=Account.objects.active())
    title = serializers.CharField(max_length=200)
    stage = NamedField(
        slug_field="name",
        queryset=DealStage.objects.filter(is_active=True),
        required=False,
    )


class MoveIn(StrictSerializer):
    stage = NamedField(
        slug_field="name", queryset=DealStage.objects.filter(is_active=True)
    )


class WinIn(StrictSerializer):
    """From whom it was won, and what decided it."""

    competitor = serializers.CharField(max_length=200, required=False, allow_blank=True)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class LoseIn(WinIn):
    reason = NamedField(
        slug_field="name", queryset=DealLossReason.objects.filter(is_active=True)
    )


class DealOrderIn(StrictSerializer):
    """The order that it became: one that is there, or a day on which to place it."""

    order = VisibleField(queryset=Order.objects.all(), required=False)
    ordered_on = DayField(required=False)

    def validate(self, attrs: Any) -> Any:
        if len(attrs) != 1:
            raise serializers.ValidationError("Send either order or ordered_on.")
        return attrs


class NothingIn(StrictSerializer):
    """No body."""


class DealFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    owner = RecordFilter("owner_id")
    stage = RecordFilter("stage_id")
    status = django_filters.ChoiceFilter(choices=DealStatus.choices)

    class Meta:
        model = Deal
        fields = ("account", "owner", "stage", "status")


class DealResource(Listed, Shown, Resource):
    """What accounts may buy. Won or lost, never deleted; revenue comes from orders."""

    read_access = permissions.VIEW_DEALS
    write_access = permissions.CHANGE_DEALS
    queryset = Deal.objects.select_related(
        "stage", "owner", "loss_reason"
    ).prefetch_related("lines__product")
    output = DealOut
    inputs = {
        "create": DealIn,
        "partial_update": DealChangeIn,
        "move": MoveIn,
        "win": WinIn,
        "lose": LoseIn,
        "reopen": NothingIn,
        "order": DealOrderIn,
    }
    filterset_class = DealFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self._shown(deals.create_deal(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        deal = self.get_object()
        version = expected_version(request, deal)
        changed = deals.change_deal(
            actor=self.actor,
            deal=deal,
            expected_version=version,
            **self.read(request),
        )
        return self._shown(changed)

    @extend_schema(summary="Put a deal into another stage")
    @action(detail=True, methods=["post"])
    @acts_once
    def move(self, request: Request, pk: int) -> Response:
        deal = self.get_object()
        deal_moves.move_deal(actor=self.actor, deal=deal, **self.read(request))
        return self._shown(deal)

    @extend_schema(summary="Close a deal as won")
    @action(detail=True, methods=["post"])
    @acts_once
    def win(self, request: Request, pk: int) -> Response:
        deal = self.get_object()
        deal_moves.win_deal(actor=self.actor, deal=deal, **self.read(request))
        return self._shown(deal)

    @extend_schema(summary="Close a deal as lost")
    @action(detail=True, methods=["post"])
    @acts_once
    def lose(self, request: Request, pk: int) -> Response:
        deal = self.get_object()
        deal_moves.lose_deal(actor=self.actor, deal=deal, **self.read(request))
        return self._shown(deal)

    @extend_schema(summary="Open a closed deal again")
    @action(detail=True, methods=["post"])
    @acts_once
    def reopen(self, request: Request, pk: int) -> Response:
        deal = self.get_object()
        self.read(request)
        deal_moves.reopen_deal(actor=self.actor, deal=deal)
        return self._shown(deal)

    @extend_schema(summary="Link or place the order that a won deal became")
    @action(detail=True, methods=["post"])
    @acts_once
    def order(self, request: Request, pk: int) -> Response:
        deal = self.get_object()
        values = self.read(request)
        if "order" in values:
            deal_moves.link_order(actor=self.actor, deal=deal, **values)
        else:
            deal_moves.order_deal(actor=self.actor, deal=deal, **values)
        return self._shown(deal)

    def _shown(self, deal: Deal) -> Response:
        return self.answer(self.get_queryset().get(pk=deal.pk))


class StageResource(Listed, Shown, Resource):
    """The firm's own stages of deals, in their order."""

    read_access = permissions.VIEW_DEALS
    queryset = DealStage.objects.all()
    output = StageOut
    is_shared = True


class LossReasonResource(Listed, Shown, Resource):
    """Why deals are lost, in the firm's own catalogue."""

    read_access = permissions.VIEW_DEALS
    queryset = DealLossReason.objects.all()
    output = ReasonOut
    is_shared = True
