"""Levers over the API: what can be moved, what it would bring, kept scenarios."""

from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from clv.models import ValuationRun
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.models import User
from segments import permissions
from segments.choices import WorthClass
from segments.forms.levers import LeverForm
from segments.models import LeverBase, LeverScenario
from segments.queries.levers import LeverBoard, lever_board
from segments.services import levers as services
from segments.services.levers import Promise
from segments.services.market import NOBODY, Market, ranking_in


class Amount(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=18, decimal_places=2, **kwargs)


class NoLeversYet(NotFound):
    """Nothing is kept of the current night in that class."""

    default_detail = "No run keeps what levers act on in that class."
    default_code = "no_levers_yet"


class PulledIn(serializers.Serializer[Any]):
    """Levers by name: per cent, pieces or money; those left out stand at zero."""

    worth_class = serializers.ChoiceField(
        choices=WorthClass.choices, required=False, allow_blank=True, default=""
    )
    levers = serializers.DictField(
        child=serializers.FloatField(), required=False, default=dict
    )


class LeverPartOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    amount = Amount()


class PulledOut(serializers.Serializer[Any]):
    """What equity becomes; parts sum to the change, ranges hold it with 80 %."""

    as_of = serializers.DateField(source="board.run.as_of")
    worth_class = serializers.CharField(source="board.base.worth_class")
    sentence = serializers.CharField()
    before = Amount()
    after = Amount()
    low = Amount()
    high = Amount()
    change = Amount()
    change_low = Amount()
    change_high = Amount()
    parts = LeverPartOut(many=True)


class LeverOut(serializers.Serializer[Any]):
    """One lever that can be moved, and how far."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    least = serializers.FloatField(allow_null=True)
    most = serializers.FloatField(allow_null=True)


class MarketIn(serializers.Serializer[Any]):
    """Another market, in per cent; `leaving` above 0 means that more leave."""

    annual_rate = serializers.FloatField(
        required=False, allow_null=True, default=None, min_value=0, max_value=100
    )
    leaving = serializers.FloatField(
        required=False, default=0, min_value=-100, max_value=100
    )
    price = serializers.FloatField(
        required=False, default=0, min_value=-50, max_value=100
    )
    goods = serializers.FloatField(
        required=False, default=0, min_value=-50, max_value=100
    )


class RankedOut(serializers.Serializer[Any]):
    account = serializers.IntegerField(source="account.pk")
    name = serializers.CharField(source="account.name")
    rank = serializers.IntegerField()
    rank_before = serializers.IntegerField()
    clv = Amount()
    clv_before = Amount()


class RankingOut(serializers.Serializer[Any]):
    """All customers in another market: equity, and the highest by CLV."""

    customers = serializers.IntegerField()
    moved = serializers.IntegerField()
    equity_before = Amount()
    equity = Amount()
    top = RankedOut(many=True)
    risers = RankedOut(many=True)
    fallers = RankedOut(many=True)


class LeverResource(Resource):
    """The levers of the current night, and what moving them would bring."""

    read_access = permissions.VIEW_DASHBOARD
    write_access = permissions.VIEW_DASHBOARD
    queryset = LeverBase.objects.none()
    output = LeverOut
    inputs = {"pull": PulledIn, "market": MarketIn}
    outputs = {"pull": PulledOut, "market": RankingOut}
    pagination_class = None
    is_shared = True

    def list(self, request: Request) -> Response:
        board = _board("")
        rows = [
            {
                "name": name,
                "label": str(field.label),
                "least": getattr(field, "min_value", None),
                "most": getattr(field, "max_value", None),
            }
            for name, field in LeverForm(None, board=board).fields.items()
        ]
        return Response(self.get_serializer(rows, many=True).data)

    @action(detail=False, methods=["post"])
    @acts_once
    def pull(self, request: Request) -> Response:
        given = self.read(request)
        board = _board(given["worth_class"])
        moved = _checked(board, given["levers"])
        return Response(self.get_serializer(board.outcome(moved)).data)

    @action(detail=False, methods=["post"])
    @acts_once
    def market(self, request: Request) -> Response:
        given, run = self.read(request), ValuationRun.objects.current()
        rate = given["annual_rate"]
        market = Market(
            annual_rate=None if rate is None else rate / 100,
            leaving=given["leaving"] / 100,
            price=given["price"] / 100,
            goods=given["goods"] / 100,
        )
        found = (ranking_in(run, market) if run else None) or NOBODY
        return Response(self.get_serializer(found).data)


class ScenarioIn(PulledIn):
    """Levers to keep, with who promises how much of it by when, or none of these."""

    name = serializers.CharField(max_length=120)
    note = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default=""
    )
    promised_by = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True),
        required=False,
        allow_null=True,
        default=None,
    )
    due_on = serializers.DateField(required=False, allow_null=True, default=None)
    promised = Amount(required=False, allow_null=True, default=None)

    def validate(self, attrs: Any) -> Any:
        given = [attrs[n] is not None for n in ("promised_by", "due_on", "promised")]
        if any(given) and not all(given):
            raise serializers.ValidationError(
                "A promise says who, by when and how much."
            )
        return attrs


class ScenarioOut(serializers.ModelSerializer[LeverScenario]):
    """Levers as they were moved, what they were to bring, and the promise."""

    worth_class = serializers.ChoiceField(choices=WorthClass.choices, allow_blank=True)

    class Meta:
        model = LeverScenario
        fields = (
            *("id", "name", "note", "worth_class", "levers", "as_of"),
            *("equity_before", "equity_after", "change_low", "change_high", "parts"),
            *("promised_by", "due_on", "promised", "author", "archived_at"),
        )
        read_only_fields = fields


class ScenarioResource(Listed, Shown, Resource):
    """Scenarios that people keep; a POST keeps one of the current night."""

    read_access = permissions.VIEW_DASHBOARD
    write_access = permissions.SAVE_SCENARIOS
    queryset = LeverScenario.objects.all()
    output = ScenarioOut
    inputs = {"create": ScenarioIn}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        given = self.read(request)
        board = _board(given["worth_class"])
        moved = _checked(board, given["levers"])
        by = given["promised_by"]
        kept = services.save_scenario(
            actor=self.actor,
            name=given["name"],
            note=given["note"],
            base=board.base,
            levers=moved,
            outcome=board.outcome(moved).found,
            promise=Promise(by, given["due_on"], given["promised"]) if by else None,
        )
        return self.answer(kept)

    @action(detail=True, methods=["post"])
    @acts_once
    def archive(self, request: Request, pk: int) -> Response:
        kept = services.archive_scenario(actor=self.actor, scenario=self.get_object())
        return self.answer(kept)


def _board(worth_class: str) -> LeverBoard:
    run = ValuationRun.objects.select_related("assumptions").current()
    board = lever_board(run, worth_class) if run else None
    if board is None:
        raise NoLeversYet
    return board


def _checked(board: LeverBoard, levers: dict[str, float]) -> dict[str, float]:
    """Return levers that are there and not moved further than they go."""
    form = LeverForm(levers, board=board)
    unknown = sorted(set(levers) - set(form.fields))
    if unknown:
        raise serializers.ValidationError(
            {"levers": [f"There is no lever called {', '.join(unknown)}."]}
        )
    if not form.is_valid():
        problems = [f"{name}: {texts[0]}" for name, texts in form.errors.items()]
        raise serializers.ValidationError({"levers": problems})
    return form.moved()
