"""Values over the API: of the current run, or as they stood on a past day."""

import datetime as dt
from typing import Any, ClassVar

import django_filters
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from clv import permissions
from clv.choices import BreakEven
from clv.models import PaybackRange, Valuation, ValuationRun
from clv.services.payback import payback_of
from common.api import ByAccount, StrictSerializer
from common.api_fields import DayField, RecordFilter
from common.resources import Listed, Resource
from crm.choices import Source
from crm.models import Account


class NoValuesYet(NotFound):
    """Nothing was valued by the day asked for."""

    default_detail = "No run has been published by that day."
    default_code = "no_values_yet"


class AsOf(StrictSerializer):
    """The day; today when nothing is said."""

    as_of = DayField(required=False)


def run_on(
    day: dt.date | None, *, missing: type[NotFound] = NoValuesYet
) -> ValuationRun:
    """Return the newest run that was published for that day or before.

    Raises
    ------
    NotFound
        If there is none; `missing` says which.
    """
    runs = ValuationRun.objects
    run = runs.as_of(day) if day else runs.current()
    if run is None:
        raise missing
    return run


class OfRunFilter(django_filters.FilterSet):
    """Keeps the rows of one run.

    `as_of` takes the newest run that was published for that day or before.
    """

    MISSING: ClassVar[type[NotFound]] = NoValuesYet

    as_of = django_filters.DateFilter(method="keep", label="day, such as 2026-01-31")

    def keep(self, rows: Any, name: str, value: Any) -> Any:
        return rows

    def filter_queryset(self, queryset: Any) -> Any:
        run = run_on(self.form.cleaned_data["as_of"], missing=self.MISSING)
        return super().filter_queryset(queryset).filter(run_id=run.pk)


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


class ValuationFilter(OfRunFilter):
    """`as_of` takes the newest run that was published for that day or before."""

    account = RecordFilter("account_id")
    break_even = django_filters.ChoiceFilter(choices=BreakEven.choices)
    source = django_filters.ChoiceFilter(
        field_name="account__source",
        choices=[choice for choice in Source.choices if choice[0]],
    )
    first_from = django_filters.DateFilter("first_on", "gte")
    first_until = django_filters.DateFilter("first_on", "lte")

    class Meta:
        model = Valuation
        fields = (
            "account",
            "break_even",
            "source",
            "first_from",
            "first_until",
            "as_of",
        )


class PaybackOut(serializers.Serializer[Any]):
    """When an account has paid back what it cost, or is expected to.

    `low_on` and `high_on` hold the central 80 % of the simulated futures of one that
    has not paid back; null where these pay nothing back within the horizon, and for
    others. `probability` is the share of futures that do.
    """

    account = serializers.IntegerField()
    as_of = serializers.DateField()
    break_even = serializers.ChoiceField(choices=BreakEven.choices)
    paid_back_on = serializers.DateField(allow_null=True)
    expected_on = serializers.DateField(allow_null=True)
    low_on = serializers.DateField(allow_null=True)
    high_on = serializers.DateField(allow_null=True)
    probability = serializers.FloatField(allow_null=True)
    horizon_months = serializers.IntegerField()


class ValuationResource(Listed, Resource):
    """What accounts are worth: one row per account of one run."""

    read_access = permissions.VIEW_VALUES
    queryset = Valuation.objects.select_related("run")
    output = ValuationOut
    filterset_class = ValuationFilter
    pagination_class = ByAccount


class PaybackRangeOut(serializers.ModelSerializer[PaybackRange]):
    """When one account in debt is expected to have paid back, as the night kept it.

    `low_on` and `high_on` as of one account.
    """

    class Meta:
        model = PaybackRange
        fields = ("account", "run", "low_on", "high_on", "probability")
        read_only_fields = fields


class AccountPaybackResource(Resource):
    """When accounts pay back: the ranges as their pages show them.

    The list has those that have not paid back, of the current run.
    """

    read_access = permissions.VIEW_VALUES
    queryset = Account.objects.active()
    output = PaybackOut
    pagination_class = ByAccount

    @extend_schema(
        summary="List when accounts in debt pay back",
        responses=PaybackRangeOut(many=True),
    )
    def list(self, request: Request) -> Response:
        kept = PaybackRange.objects.filter(run=run_on(None)).visible_to(self.actor)
        page = self.paginate_queryset(kept)
        return self.get_paginated_response(PaybackRangeOut(page, many=True).data)

    def _known_parameters(self) -> frozenset[str]:
        return super()._known_parameters() | {"as_of"}

    @extend_schema(
        summary="Tell when an account pays back",
        parameters=[
            OpenApiParameter("as_of", dt.date, description="such as 2026-01-31")
        ],
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        """Draw the range from the models of the run."""
        account = self.get_object()
        reader = AsOf(data=dict(request.query_params.items()))
        reader.is_valid(raise_exception=True)
        run = run_on(reader.validated_data.get("as_of"))
        mine = Valuation.objects.of_run(run).select_related("run__assumptions")
        value = get_object_or_404(mine, account=account)
        found = payback_of(value=value, run=value.run)
        answer = {
            "account": value.account_id,
            "as_of": run.as_of,
            "break_even": value.break_even,
            "paid_back_on": value.paid_back_on,
            "expected_on": value.break_even_on,
            "low_on": found.low_on if found else None,
            "high_on": found.high_on if found else None,
            "probability": found.probability if found else None,
            "horizon_months": value.run.assumptions.horizon_months,
        }
        return Response(PaybackOut(answer).data)
