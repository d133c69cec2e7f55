"""Profit, opportunities, losses, tenure and sources over the API."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from clv.models import ValuationRun
from common.resources import Resource
from segments import permissions
from segments.api.classes import Amount
from segments.choices import ProfitBy, ProfitEvery
from segments.queries import losses
from segments.queries.opportunities import Lever, opportunities
from segments.queries.profit import Line, profit_of
from segments.queries.scope import Scope
from segments.queries.sources import SourceLine, sources_of
from segments.queries.tenure import TenureYear, tenure_of

SCOPE = frozenset(
    {
        "as_of",
        "from",
        "to",
        "class",
        "owner",
        "territory",
        "industry",
        "product",
        "relationship",
    }
)


class OfScope(Resource):
    """A report for the accounts and days that the parameters of the filter bar name."""

    read_access = permissions.VIEW_DASHBOARD
    queryset = ValuationRun.objects.none()
    is_shared = True
    pagination_class = None
    list_parameters = SCOPE

    def scope(self, request: Request) -> Scope:
        """Return the scope of the call; what cannot be read is refused by name."""
        given: Mapping[str, Any] = request.query_params
        scope = Scope.read(given, self.actor)
        if not scope.is_valid:
            problems = scope.form.errors.items()
            raise ValidationError({k: [str(one) for one in v] for k, v in problems})
        return scope


class ProfitLineOut(serializers.Serializer[Line]):
    """One line. Cost of goods holds what is assumed where lines lack a cost.

    Cost to serve and cost to win of a product are not known: the ledger knows accounts.
    """

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    customers = serializers.IntegerField(source="accounts", allow_null=True)
    revenue = Amount()
    cost_of_goods = Amount(source="goods")
    assumed = Amount()
    margin = Amount()
    cost_to_serve = Amount(source="known_to_serve", allow_null=True)
    cost_to_win = Amount(source="known_to_win", allow_null=True)
    costs = serializers.DictField(child=Amount())
    contribution = Amount()


@extend_schema_serializer(many=False)
class ProfitOut(serializers.Serializer[Any]):
    """Lines, the shared costs that nobody bears, stretches of time, and the total."""

    since = serializers.DateField()
    until = serializers.DateField()
    lines = ProfitLineOut(many=True)
    unspread = ProfitLineOut(allow_null=True)
    stretches = ProfitLineOut(many=True)
    total = ProfitLineOut()


class ProfitResource(OfScope):
    """Profit and loss `by` a dimension and `every` year, quarter or month."""

    output = ProfitOut
    list_parameters = SCOPE | {"by", "every"}

    def list(self, request: Request) -> Response:
        by = _choice(request, "by", ProfitBy, ProfitBy.CLASS)
        every = _choice(request, "every", ProfitEvery, ProfitEvery.QUARTER)
        found = profit_of(self.scope(request), ProfitBy(by), ProfitEvery(every))
        return Response(self.get_serializer(found).data)


def _choice(request: Request, name: str, offered: Any, usual: Any) -> Any:
    given = request.query_params.get(name, usual)
    if given not in offered.values:
        raise ValidationError({name: [f"One of: {', '.join(offered.values)}."]})
    return given


class OpportunityOut(serializers.Serializer[Lever]):
    """One place where margin is lost; `money` is null where it cannot be said."""

    cause = serializers.CharField()
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    money = Amount(allow_null=True)
    accounts = serializers.IntegerField()
    formula = serializers.CharField()


class OpportunityResource(OfScope):
    """The ten dearest places, then those that cannot be said for want of unit costs."""

    output = OpportunityOut

    def list(self, request: Request) -> Response:
        found = opportunities(self.scope(request))
        rows = [*found.levers, *found.unknown]
        return Response(self.get_serializer(rows, many=True).data)


class LossOut(serializers.Serializer[losses.NetLoss]):
    """One customer who cost more within a year than their orders earned."""

    account = serializers.IntegerField(source="value.account_id")
    name = serializers.CharField(source="value.account.name")
    revenue_year = Amount(source="value.revenue_year")
    margin_year = Amount(source="value.margin_year")
    cost_year = Amount(source="value.cost_year")
    result = Amount()
    cause = serializers.CharField()
    cause_amount = Amount()
    minutes = serializers.IntegerField()


@extend_schema_serializer(many=False)
class LossesOut(serializers.Serializer[Any]):
    """All losing customers in two figures, and one page of them."""

    accounts = serializers.IntegerField()
    result = Amount()
    below_the_line = Amount()
    next = serializers.CharField()
    rows = LossOut(many=True)


class LossResource(OfScope):
    """Losing customers page by page, with what went to who is never profitable."""

    output = LossesOut
    list_parameters = SCOPE | {"cursor"}

    def list(self, request: Request) -> Response:
        scope = self.scope(request)
        page = losses.net_losses(scope, request.query_params.get("cursor", ""))
        totals = losses.loss_totals(scope)
        found = {
            "accounts": totals.accounts,
            "result": totals.result,
            "below_the_line": losses.below_the_line(scope).spent,
            "next": page.next,
            "rows": page.rows,
        }
        return Response(self.get_serializer(found).data)


class TenureOut(serializers.Serializer[TenureYear]):
    """One year of relationships; the last one holds all that are longer."""

    year = serializers.IntegerField()
    customers = serializers.IntegerField()
    revenue = Amount()
    cost = Amount()
    ratio = serializers.FloatField(allow_null=True)


class TenureResource(OfScope):
    """Cost to serve per unit of revenue by year of the relationship."""

    output = TenureOut

    def list(self, request: Request) -> Response:
        rows = tenure_of(self.scope(request)).years
        return Response(self.get_serializer(rows, many=True).data)


class SourceOut(serializers.Serializer[SourceLine]):
    """One source; ratio and marginal return are null where they cannot be said."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    customers = serializers.IntegerField()
    clv = Amount()
    cost = Amount()
    cost_open = Amount()
    ratio = serializers.FloatField(allow_null=True)
    payback_months = serializers.IntegerField(allow_null=True)
    marginal = serializers.FloatField(allow_null=True)


class SourceResource(OfScope):
    """What each source of customers costs, by the ledger, and brings."""

    output = SourceOut

    def list(self, request: Request) -> Response:
        rows = sources_of(self.scope(request)).lines
        return Response(self.get_serializer(rows, many=True).data)
