"""Prospects with an open deal: the deal's own chance in place of all prospects'."""

from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    DecimalField,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Round

from clv.models import Valuation
from clv.queries.deals import stage_chances
from crm.models import Deal

CHANCE: "DecimalField[Any, Any]" = DecimalField(max_digits=9, decimal_places=8)
MONEY: "DecimalField[Any, Any]" = DecimalField(max_digits=14, decimal_places=2)


def with_deals(values: QuerySet[Valuation]) -> QuerySet[Valuation]:
    """Add `deal_chance`, None without an open deal, and `own_gain` to prospects.

    Of several open deals the most promising counts.
    """
    whens = [
        When(stage=key, then=Value(Decimal(f"{one.chance:.8f}"), output_field=CHANCE))
        for key, one in stage_chances().items()
    ]
    deals = Deal.objects.open().filter(account=OuterRef("account_id"))
    ranked = deals.annotate(chance=Case(*whens, output_field=CHANCE))
    best = ranked.order_by("-chance").values_list("chance")[:1]
    by_deal = F("deal_chance") * F("like__worth_once_won") - F("like__cost_to_win")
    return values.annotate(deal_chance=Subquery(best, output_field=CHANCE)).annotate(
        own_gain=Coalesce(
            Round(ExpressionWrapper(by_deal, output_field=MONEY), precision=2),
            F("like__rank"),
            output_field=MONEY,
        )
    )
