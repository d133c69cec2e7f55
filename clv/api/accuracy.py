"""How good the forecasts are, over the API."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from clv import permissions
from clv.models import Judgement
from common.api_fields import KeyedData
from common.resources import Listed, Resource, Shown


class NothingJudgedYet(NotFound):
    """No night has judged the forecasts so far."""

    default_detail = "Nothing is judged yet."
    default_code = "nothing_judged_yet"


class JudgementOut(serializers.ModelSerializer[Judgement]):
    """One night's judgement in brief: light, sentence and the numbers over time."""

    brief = KeyedData()

    class Meta:
        model = Judgement
        fields: tuple[str, ...] = (
            "id",
            "run",
            "as_of",
            "judged_at",
            "light",
            "sentence",
            "brief",
        )
        read_only_fields = fields


class WholeJudgementOut(JudgementOut):
    """The same with all results: scores by origin, classes, drift, choice."""

    result = KeyedData()

    class Meta(JudgementOut.Meta):
        fields = (*JudgementOut.Meta.fields, "result")
        read_only_fields = fields


class JudgementFilter(django_filters.FilterSet):
    class Meta:
        model = Judgement
        fields = ("light", "as_of")


class AccuracyResource(Listed, Shown, Resource):
    """Judgements of the forecasts. The list is brief; one of them has all results."""

    read_access = permissions.VIEW_ACCURACY
    queryset = Judgement.objects.all()
    output = JudgementOut
    outputs = {"retrieve": WholeJudgementOut, "newest": WholeJudgementOut}
    filterset_class = JudgementFilter
    is_shared = True

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows.defer("result") if self.action == "list" else rows

    @extend_schema(
        summary="The newest judgement of the forecasts", responses=WholeJudgementOut
    )
    @action(detail=False, methods=["get"], pagination_class=None, filter_backends=())
    def newest(self, request: Request) -> Response:
        judgement = self.get_queryset().first()
        if judgement is None:
            raise NothingJudgedYet
        return self.answer(judgement)
