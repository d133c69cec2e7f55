"""The chance to win by stage over the API, as the firm's own deals say."""

from typing import Any

from rest_framework import serializers

from clv import permissions
from clv.queries.deals import stage_chances
from common.resources import Listed, Resource
from crm.models import DealStage


class ChanceOut(serializers.ModelSerializer[DealStage]):
    """Won and lost deals that passed one stage, and the chance that follows.

    `prior_chance` is what is stated for the stage; `low` and `high` hold 80 %.
    """

    stage = serializers.IntegerField(source="pk")
    won = serializers.SerializerMethodField()
    lost = serializers.SerializerMethodField()
    chance = serializers.SerializerMethodField()
    low = serializers.SerializerMethodField()
    high = serializers.SerializerMethodField()

    class Meta:
        model = DealStage
        fields = (
            "stage",
            "name",
            "prior_chance",
            "won",
            "lost",
            "chance",
            "low",
            "high",
        )
        read_only_fields = fields

    def _known(self, stage: DealStage) -> Any:
        return self.context["chances"][stage.pk]

    def get_won(self, stage: DealStage) -> int:
        return int(self._known(stage).won)

    def get_lost(self, stage: DealStage) -> int:
        return int(self._known(stage).lost)

    def get_chance(self, stage: DealStage) -> float:
        return float(self._known(stage).chance)

    def get_low(self, stage: DealStage) -> float:
        return float(self._known(stage).low)

    def get_high(self, stage: DealStage) -> float:
        return float(self._known(stage).high)


class DealChanceResource(Listed, Resource):
    """By stage: of the deals that passed it, how many were won, and what that says."""

    read_access = permissions.VIEW_VALUES
    queryset = DealStage.objects.all()
    output = ChanceOut
    is_shared = True

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "chances": stage_chances()}
