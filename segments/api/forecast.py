"""Margin by month over the API, for the firm and each class."""

import django_filters
from rest_framework import serializers
from rest_framework.exceptions import NotFound

from clv.api.valuations import OfRunFilter
from clv.models import ForecastMonth
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


class ForecastFilter(OfRunFilter):
    """`as_of` takes the newest run that was published for that day or before."""

    MISSING = NoForecastYet

    worth_class = django_filters.ChoiceFilter(choices=WorthClass.choices)

    class Meta:
        model = ForecastMonth
        fields = ("worth_class", "as_of")


class ForecastResource(Listed, Resource):
    """What is expected by month: one row per month and class, and for the firm."""

    read_access = permissions.VIEW_DASHBOARD
    queryset = ForecastMonth.objects.select_related("run")
    output = ForecastMonthOut
    filterset_class = ForecastFilter
    is_shared = True
