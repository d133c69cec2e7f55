"""The optimiser over the API: the best plans, searches that were kept, and drafts."""

from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.forms.optimiser import MOST_HOURS, MOST_MONEY, OptimiserForm
from campaigns.models import KeptSearch
from campaigns.queries.best_plans import Ask, BestPlans
from campaigns.queries.plan_search import best_plans, usual_ask
from campaigns.services import optimiser as services
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from segments.choices import WorthClass


class Amount(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=18, decimal_places=2, **kwargs)


class SumsOut(serializers.Serializer[Any]):
    """Cost and net gain of a year, and rep hours a week."""

    cost = Amount()
    hours = serializers.FloatField()
    gain = Amount()


class ClassPartOut(serializers.Serializer[Any]):
    """What some accounts get; `variant` is nothing, version:<id> or ready:<name>."""

    variant = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    status = serializers.CharField()
    accounts = serializers.IntegerField()
    low = serializers.IntegerField(allow_null=True)
    high = serializers.IntegerField(allow_null=True)
    sums = SumsOut()


class ClassLineOut(serializers.Serializer[Any]):
    """Accounts of one class on one plan: today, and as is best."""

    worth_class = serializers.CharField()
    plan = serializers.IntegerField(source="plan_id", allow_null=True)
    accounts = serializers.IntegerField()
    today = serializers.CharField()
    before = SumsOut()
    after = SumsOut()
    parts = ClassPartOut(many=True)


@extend_schema_serializer(many=False)
class BestPlansOut(serializers.Serializer[Any]):
    """The best plans; prices are the gain of one more unit of money, one more hour."""

    as_of = serializers.DateField()
    status = serializers.ChoiceField(choices=["best", "stopped", "infeasible"])
    sentence = serializers.CharField()
    money = Amount(source="ask.money")
    hours = serializers.DecimalField(source="ask.hours", max_digits=9, decimal_places=1)
    before = SumsOut()
    after = SumsOut()
    money_price = serializers.FloatField(source="euro_price")
    hour_price = serializers.FloatField()
    lines = ClassLineOut(many=True)


class SearchIn(serializers.Serializer[Any]):
    """What is asked; without money or hours what today's plans cost, and there are."""

    name = serializers.CharField(max_length=120)
    money = Amount(required=False, min_value=0, max_value=MOST_MONEY)
    hours = serializers.DecimalField(
        max_digits=9,
        decimal_places=1,
        required=False,
        min_value=0,
        max_value=MOST_HOURS,
    )
    by_band = serializers.BooleanField(default=False)
    keep = serializers.MultipleChoiceField(choices=WorthClass.choices, default=set)


class SearchOut(serializers.ModelSerializer[KeptSearch]):
    """One search as it was kept."""

    answer = serializers.SerializerMethodField()

    class Meta:
        model = KeptSearch
        fields = (
            *("id", "name", "money", "hours", "is_by_band", "kept_classes", "as_of"),
            *("gain_today", "gain", "author", "created_at", "applied_at"),
            *("applied_by", "answer"),
        )
        read_only_fields = fields

    def get_answer(self, kept: KeptSearch) -> dict[str, Any]:
        return dict(BestPlansOut(services.answer_of(kept)).data)


class OptimiserResource(Resource):
    """The best plans for `money` a year and `hours` a week, `by` class or band."""

    read_access = permissions.OPTIMISE_PLANS
    queryset = KeptSearch.objects.none()
    output = BestPlansOut
    list_parameters = frozenset({"money", "hours", "by", "keep"})
    pagination_class = None
    is_shared = True

    def list(self, request: Request) -> Response:
        found = _found(request.query_params)
        return Response(self.get_serializer(found).data)


class SearchResource(Listed, Shown, Resource):
    """Searches that people keep; a POST searches and keeps, `apply` makes drafts."""

    read_access = permissions.OPTIMISE_PLANS
    write_access = permissions.OPTIMISE_PLANS
    queryset = KeptSearch.objects.all()
    output = SearchOut
    inputs = {"create": SearchIn}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        given, board = self.read(request), services.known_board()
        usual = usual_ask(board)
        ask = Ask(
            money=given.get("money", usual.money),
            hours=given.get("hours", usual.hours),
            is_by_band=given["by_band"],
            kept=tuple(sorted(given["keep"])),
        )
        kept = services.keep_search(actor=self.actor, name=given["name"], ask=ask)
        return self.answer(kept)

    @action(detail=True, methods=["post"], write_access=permissions.CHANGE_PLANS)
    @acts_once
    def apply(self, request: Request, pk: int) -> Response:
        kept = self.get_object()
        services.apply_search(actor=self.actor, kept=kept)
        return self.answer(kept)


def _found(given: QueryDict) -> BestPlans:
    board = services.known_board()
    form = OptimiserForm(given, usual=usual_ask(board))
    if not form.is_valid():
        raise serializers.ValidationError(
            {name: [str(one) for one in texts] for name, texts in form.errors.items()}
        )
    return best_plans(board, form.ask())
