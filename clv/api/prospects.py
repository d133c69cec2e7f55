"""Prospects over the API: accounts without orders, and what winning them promises."""

from typing import Any

import django_filters
from rest_framework import serializers

from clv import permissions
from clv.api.valuations import run_on
from clv.models import IdealProfile, Valuation
from clv.queries.prospect_deals import with_deals
from clv.queries.prospects import fitting, read_prospect
from common.api import ByAccount
from common.api_fields import RecordFilter
from common.resources import Listed, Resource
from crm.choices import Source


class Amount(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=14, decimal_places=2, **kwargs)


class ProspectOut(serializers.ModelSerializer[Valuation]):
    """One account without orders; rank = worth once won x chance - cost to win.

    With an open deal `deal_chance` is that deal's chance and takes the place of
    `chance_to_win` in rank and `pay_at_most`.
    `used` was spent on winning it, `pay_at_most` may be spent more. `future_low` and
    `future_high` bound the worth of one that is won, cost to win included. Tenure and
    the share that orders again are those of `like_customers` customers like it.
    `prospects_seen` is 0 where the chance to win is an assumption.
    """

    as_of = serializers.DateField(source="run.as_of")
    rank = Amount(source="own_gain")
    worth_once_won = Amount(source="like.worth_once_won")
    cost_to_win = Amount(source="like.cost_to_win")
    chance_to_win = serializers.FloatField(source="like.chance_to_win")
    deal_chance = serializers.FloatField(allow_null=True)
    prospects_seen = serializers.IntegerField(source="like.prospects_seen")
    used = Amount(source="cost_to_win")
    pay_at_most = serializers.SerializerMethodField()
    tenure_years = serializers.FloatField(source="like.tenure_years")
    repeat_share = serializers.FloatField(source="like.repeat_share")
    like_customers = serializers.IntegerField(source="like.customers")
    like_by = serializers.CharField(source="like.traits")

    class Meta:
        model = Valuation
        fields = (
            "account",
            "run",
            "as_of",
            "rank",
            "worth_once_won",
            "chance_to_win",
            "deal_chance",
            "prospects_seen",
            "cost_to_win",
            "future_low",
            "future_high",
            "used",
            "pay_at_most",
            "tenure_years",
            "repeat_share",
            "like_customers",
            "like_by",
        )
        read_only_fields = fields

    def get_pay_at_most(self, value: Valuation) -> str:
        return str(read_prospect(value).pay_at_most)


class ProspectFilter(django_filters.FilterSet):
    """Of the current run; `profile` is a version of the ideal profile, by its id."""

    account = RecordFilter("account_id")
    industry = django_filters.CharFilter("account__industry")
    source = django_filters.ChoiceFilter(
        field_name="account__source",
        choices=[choice for choice in Source.choices if choice[0]],
    )
    owner = RecordFilter("account__owner_id")
    profile = django_filters.ModelChoiceFilter(
        queryset=IdealProfile.objects.all(), method="fit"
    )

    class Meta:
        model = Valuation
        fields = ("account", "industry", "source", "owner", "profile")

    def fit(self, rows: Any, name: str, value: IdealProfile) -> Any:
        if value.size_bands:
            rows = rows.filter(account__size_band__in=value.size_bands)
        return fitting(rows, value)

    def filter_queryset(self, queryset: Any) -> Any:
        rows = super().filter_queryset(queryset).of_run(run_on(None))
        return with_deals(rows)


class ProspectResource(Listed, Resource):
    """Accounts that have not ordered, with what customers like them say."""

    read_access = permissions.VIEW_VALUES
    queryset = Valuation.objects.prospects().select_related("run", "account")
    output = ProspectOut
    filterset_class = ProspectFilter
    pagination_class = ByAccount
