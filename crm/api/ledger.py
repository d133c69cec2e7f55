"""The cost ledger over the API: post and reverse, never change."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer
from common.api_fields import DayField, RecordFilter, SourceField, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.choices import CostKind, CostOrigin
from crm.models import Account, LedgerEntry
from crm.queries.ledger import ORIGINS
from crm.services import ledger


class LedgerEntryOut(serializers.ModelSerializer[LedgerEntry]):
    """One cost; `reversed_by` names the row that took it back."""

    reversed_by = serializers.IntegerField(source="reversed_by.pk", allow_null=True)

    class Meta:
        model = LedgerEntry
        fields = (
            "id",
            "account",
            "kind",
            "amount",
            "incurred_on",
            "document",
            "note",
            "source",
            "external_id",
            "touchpoint",
            "allocated_from",
            "allocation",
            "rule",
            "reverses",
            "reversed_by",
            "created_at",
        )
        read_only_fields = fields


class LedgerEntryIn(StrictSerializer):
    """A cost. Without an account it is shared until an allocation spreads it."""

    account = VisibleField(
        queryset=Account.objects.active(), required=False, allow_null=True, default=None
    )
    kind = serializers.ChoiceField(choices=CostKind.choices)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2)
    incurred_on = DayField()
    document = serializers.CharField(max_length=150, required=False, allow_blank=True)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    source = SourceField()  # type: ignore[assignment]
    external_id = serializers.CharField(max_length=100, required=False)


class ReversalIn(StrictSerializer):
    reason = serializers.CharField(max_length=250)


class LedgerEntryFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    source = django_filters.CharFilter(max_length=40)
    external_id = django_filters.CharFilter(max_length=100)
    document = django_filters.CharFilter(max_length=150)
    allocation = RecordFilter("allocation_id")
    rule = RecordFilter("rule_id")
    since = django_filters.DateFilter("incurred_on", lookup_expr="gte")
    until = django_filters.DateFilter("incurred_on", lookup_expr="lte")
    origin = django_filters.ChoiceFilter(choices=CostOrigin.choices, method="keep")

    class Meta:
        model = LedgerEntry
        fields = (
            "account",
            "kind",
            "source",
            "external_id",
            "document",
            "allocation",
            "rule",
            "since",
            "until",
            "origin",
        )

    def keep(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(ORIGINS[value])


class LedgerEntryResource(Listed, Shown, Resource):
    """Costs, from winning a customer to serving them. A correction is a reversal."""

    read_access = permissions.VIEW_LEDGER
    write_access = permissions.CHANGE_LEDGER
    queryset = LedgerEntry.objects.select_related("reversed_by")
    output = LedgerEntryOut
    inputs = {"create": LedgerEntryIn, "reversal": ReversalIn}
    statuses = {"reversal": status.HTTP_201_CREATED}
    filterset_class = LedgerEntryFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(ledger.post_entry(actor=self.actor, **values))

    @extend_schema(summary="Cancel a cost by a row of the opposite amount")
    @action(detail=True, methods=["post"])
    @acts_once
    def reversal(self, request: Request, pk: int) -> Response:
        entry = self.get_object()
        values = self.read(request)
        return self.answer(
            ledger.reverse_entry(actor=self.actor, entry=entry, **values)
        )
