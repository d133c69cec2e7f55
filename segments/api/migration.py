"""Migration between classes, and portraits of them, over the API."""

import datetime as dt
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clv.models import ValuationRun
from common.resources import Resource
from segments import permissions
from segments.choices import WorthClass
from segments.models import ClassPortrait, Membership
from segments.queries import migration
from segments.services import portraits


class CellOut(serializers.Serializer[migration.Cell]):
    """Accounts that went from one class to another; null is new, or gone."""

    was = serializers.ChoiceField(choices=WorthClass.choices, allow_null=True)
    becomes = serializers.ChoiceField(choices=WorthClass.choices, allow_null=True)
    accounts = serializers.IntegerField()
    clv_before = serializers.DecimalField(max_digits=18, decimal_places=2)
    clv_after = serializers.DecimalField(max_digits=18, decimal_places=2)


class MigrationOut(serializers.Serializer[migration.Migration]):
    """The matrix between two nights; null where one of them is not there."""

    since = serializers.DateField(source="before.as_of")
    as_of = serializers.DateField(source="run.as_of")
    cells = CellOut(many=True)


class MigrationResource(Resource):
    """Who went from which class to which; a rep's are of own accounts.

    `since` and `as_of` are days; the newest night up to each counts.
    """

    read_access = permissions.VIEW_CLASSES
    queryset = Membership.objects.none()
    output = MigrationOut
    pagination_class = None
    list_parameters = frozenset({"since", "as_of"})

    def list(self, request: Request) -> Response:
        asked = DaysIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        run, before = _nights(asked.validated_data)
        if run is None or before is None:
            return Response([])
        found = migration.migration(before, run, user=self.actor)
        return Response(self.get_serializer([found], many=True).data)


class DaysIn(serializers.Serializer[Any]):
    since = serializers.DateField(required=False)
    as_of = serializers.DateField(required=False)


def _nights(
    asked: dict[str, dt.date],
) -> tuple[ValuationRun | None, ValuationRun | None]:
    runs = ValuationRun.objects
    run = runs.as_of(asked["as_of"]) if "as_of" in asked else runs.current()
    if run is None:
        return None, None
    if "since" not in asked:
        return run, runs.before(run)
    before = runs.as_of(asked["since"])
    return run, before if before is None or before.as_of < run.as_of else None


class PortraitOut(serializers.Serializer[Any]):
    """What the members of a class are like on the latest night."""

    worth_class = serializers.ChoiceField(choices=WorthClass.choices)
    as_of = serializers.DateField()
    facts = serializers.JSONField()


class PortraitResource(Resource):
    """The four classes: spread of CLV, shared traits, satisfaction and risks."""

    read_access = permissions.VIEW_DASHBOARD
    queryset = ClassPortrait.objects.none()
    output = PortraitOut
    pagination_class = None
    list_parameters = frozenset({"as_of"})

    def list(self, request: Request) -> Response:
        asked = DaysIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        day = asked.validated_data.get("as_of")
        runs = ValuationRun.objects
        run = runs.as_of(day) if day else runs.current()
        if run is None:
            return Response([])
        rows = [
            {"worth_class": k, "as_of": run.as_of, "facts": portraits.portrait(run, k)}
            for k in WorthClass
        ]
        return Response(self.get_serializer(rows, many=True).data)
