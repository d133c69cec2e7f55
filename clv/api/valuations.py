"""Values over the API: of the current run, or as they stood on a past day."""

from typing import Any

import django_filters
from rest_framework import serializers
from rest_framework.exceptions import NotFound

from clv import permissions
from clv.models import Valuation, ValuationRun
from common.api import ByAccount
from common.api_fields import RecordFilter
from common.resources import Listed, Resource


class NoValuesYet(NotFound):
    """Nothing was valued by the day asked for."""

    default_detail = "No run has been published by that day."
    default_code = "no_values_yet"


class ValuationOut(serializers.ModelSerializer[Valuation]):
    """What one run says of one account, with the inputs that went into it."""

    as_of = serializers.DateField(source="run.as_of")

    class Meta:
        model = Valuation
        fields = (
            "account",
            "run",
            "as_of",
            "first_on",
            "last_on",
            "order_days",
            "order_count",
            "revenue",
            "revenue_cost_unknown",
            "margin",
            "revenue_year",
            "margin_year",
            "cost_to_win",
            "cost_per_order_kinds",
            "cost_over_time_kinds",
            "cost_delivery",
            "cost_returns",
            "cost_credit",
            "cost_account_management",
            "cost_marketing",
            "cost_service",
            "cost_other",
            "cost_year",
            "paid_back_on",
            "ladder_step",
            "probability_alive",
            "expected_orders",
            "expected_orders_year",
            "expected_margin",
            "expected_margin_year",
            "expected_cost",
            "expected_cost_year",
            "future_value",
            "future_low",
            "future_high",
            "realised_profit",
            "clv",
            "break_even",
            "break_even_on",
        )
        read_only_fields = fields


class ValuationFilter(django_filters.FilterSet):
    """`as_of` takes the newest run that was published for that day or before."""

    account = RecordFilter("account_id")
    as_of = django_filters.DateFilter(method="keep", label="day, such as 2026-01-31")

    class Meta:
        model = Valuation
        fields = ("account", "as_of")

    def keep(self, rows: Any, name: str, value: Any) -> Any:
        return rows

    def filter_queryset(self, queryset: Any) -> Any:
        day = self.form.cleaned_data["as_of"]
        runs = ValuationRun.objects
        run = runs.as_of(day) if day else runs.current()
        if run is None:
            raise NoValuesYet
        return super().filter_queryset(queryset).of_run(run)


class ValuationResource(Listed, Resource):
    """What accounts are worth: one row per account of one run."""

    read_access = permissions.VIEW_VALUES
    queryset = Valuation.objects.select_related("run")
    output = ValuationOut
    filterset_class = ValuationFilter
    pagination_class = ByAccount
