"""Worth classes over the API: the four with their totals, and who stands where."""

from typing import Any

import django_filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clv.models import ValuationRun
from common.api_fields import RecordFilter
from common.resources import Listed, Resource
from segments import permissions
from segments.choices import WorthClass
from segments.models import ClassTotal, Membership
from segments.queries import standing


class Amount(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=18, decimal_places=2, **kwargs)


class ClassOut(serializers.Serializer[standing.Standing]):
    """One class; a rep's totals are those of the accounts they own.

    Customer equity lies between `equity_low` and `equity_high` with 80 %; a rep's part
    of a class and early runs have no such range.
    """

    key = serializers.ChoiceField(choices=WorthClass.choices)
    label = serializers.CharField()  # type: ignore[assignment]
    rank = serializers.IntegerField()
    run = serializers.IntegerField(source="run.pk", allow_null=True)
    as_of = serializers.DateField(source="run.as_of", allow_null=True)
    accounts = serializers.IntegerField()
    customers = serializers.IntegerField()
    clv = Amount()
    future_value = Amount()
    customer_equity = Amount()
    equity_low = Amount(allow_null=True)
    equity_high = Amount(allow_null=True)
    realised_profit = Amount()
    margin_year = Amount()
    cost_year = Amount()


class ClassResource(Resource):
    """The four worth classes with the totals of the current run."""

    read_access = permissions.VIEW_CLASSES
    queryset = ClassTotal.objects.none()
    output = ClassOut
    pagination_class = None

    def list(self, request: Request) -> Response:
        run = ValuationRun.objects.current()
        rows = standing.class_standings(run=run, user=self.actor)
        return Response(self.get_serializer(rows, many=True).data)


class MembershipOut(serializers.ModelSerializer[Membership]):
    """One account in one class from `since` until the day before `until`."""

    class Meta:
        model = Membership
        fields = (
            "id",
            "account",
            "worth_class",
            "since",
            "until",
            "reason",
            "run",
            "policy",
        )
        read_only_fields = fields


class MembershipFilter(django_filters.FilterSet):
    """Those that hold today, or on the day `as_of`."""

    account = RecordFilter("account_id")
    as_of = django_filters.DateFilter(method="keep", label="day, such as 2026-01-31")

    class Meta:
        model = Membership
        fields = ("account", "worth_class", "as_of")

    def keep(self, rows: Any, name: str, value: Any) -> Any:
        return rows

    def filter_queryset(self, queryset: Any) -> Any:
        rows = super().filter_queryset(queryset)
        day = self.form.cleaned_data["as_of"]
        return rows.on(day) if day else rows.open()


class MembershipResource(Listed, Resource):
    """Which account stands in which class, since when, and why."""

    read_access = permissions.VIEW_CLASSES
    queryset = Membership.objects.all()
    output = MembershipOut
    filterset_class = MembershipFilter
