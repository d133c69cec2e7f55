"""Margin by month over the API, for the firm and each class."""

from typing import Any

import django_filters
from rest_framework import serializers
from rest_framework.exceptions import NotFound

from clv.models import ForecastMonth, ValuationRun
from common.resources import Listed, Resource
from segments import permissions
from segments.choices import WorthClass


class NoForecastYet(NotFound):
    """Nothing was valued by the day asked for."""

    default_detail = "No run has been published by that day."
    default_code = "no_forecast_yet"


class ForecastMonthOut(serializers.ModelSerializer[ForecastMonth]):
    """One month of one class, of the firm where `worth_class` is empty.

    Not discounted; the range is that of the margin. The first month begins the day
    after `as_of`, the last one ends with the horizon.
    """

    as_of = serializers.DateField(source="run.as_of")

    class Meta:
        model = ForecastMonth
        fields = (
            "id",
            "run",
            "as_of",
            "worth_class",
            "month",
            "orders",
            "margin",
            "cost",
            "margin_low",
            "margin_high",
        )
        read_only_fields = fields


class ForecastFilter(django_filters.FilterSet):
    """`as_of` takes the newest run that was published for that day or before."""

    worth_class = django_filters.ChoiceFilter(choices=WorthClass.choices)
    as_of = django_filters.DateFilter(method="keep", label="day, such as 2026-01-31")

    class Meta:
        model = ForecastMonth
        fields = ("worth_class", "as_of")

    def keep(self, rows: Any, name: str, value: Any) -> Any:
        return rows

    def filter_queryset(self, queryset: Any) -> Any:
        day = self.form.cleaned_data["as_of"]
        runs = ValuationRun.objects
        run = runs.as_of(day) if day else runs.current()
        if run is None:
            raise NoForecastYet
        return super().filter_queryset(queryset).filter(run=run)


class ForecastResource(Listed, Resource):
    """What is expected by month: one row per month and class, and for the firm."""

    read_access = permissions.VIEW_DASHBOARD
    queryset = ForecastMonth.objects.select_related("run")
    output = ForecastMonthOut
    filterset_class = ForecastFilter
    is_shared = True
