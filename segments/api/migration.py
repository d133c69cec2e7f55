"""Migration between classes, and portraits of them, over the API."""

import datetime as dt
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clv.models import ValuationRun
from common.resources import Resource
from segments import permissions
from segments.api.matrix import problems_of
from segments.choices import WorthClass
from segments.models import ClassPortrait, Membership
from segments.queries import migration
from segments.queries.scope import Scope
from segments.queries.scope_form import BETWEEN_NIGHTS
from segments.services import portraits

OF_ONE_NIGHT = tuple(name for name in BETWEEN_NIGHTS if name != "from")


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
    """Who went from which class to which, of the accounts that a filter asks for.

    `since` (or `from`) and `as_of` are days; the newest night up to each counts.
    """

    read_access = permissions.VIEW_CLASSES
    queryset = Membership.objects.none()
    output = MigrationOut
    pagination_class = None
    list_parameters = frozenset({"since", *BETWEEN_NIGHTS})

    def list(self, request: Request) -> Response:
        given = request.query_params.dict()
        asked = DaysIn(data=given)
        asked.is_valid(raise_exception=True)
        scope = Scope.read(given, self.actor, only=BETWEEN_NIGHTS)
        if not scope.is_valid:
            raise serializers.ValidationError(problems_of(scope.form))
        run, before = _nights(scope, asked.validated_data.get("since"))
        if run is None or before is None:
            return Response([])
        found = migration.migration(before, run, scope=scope)
        return Response(self.get_serializer([found], many=True).data)


class DaysIn(serializers.Serializer[Any]):
    since = serializers.DateField(required=False)


def _nights(
    scope: Scope, since: dt.date | None
) -> tuple[ValuationRun | None, ValuationRun | None]:
    run, since = scope.run, since or scope.since
    if run is None:
        return None, None
    if since is None:
        return run, ValuationRun.objects.before(run)
    before = ValuationRun.objects.as_of(since)
    return run, before if before is None or before.as_of < run.as_of else None


class PortraitOut(serializers.Serializer[Any]):
    """What the members of a class are like on a night."""

    worth_class = serializers.ChoiceField(choices=WorthClass.choices)
    as_of = serializers.DateField()
    facts = serializers.JSONField()


class PortraitResource(Resource):
    """The four classes: spread of CLV, shared traits, satisfaction and risks.

    Of the accounts that a filter asks for, where there is one.
    """

    read_access = permissions.VIEW_DASHBOARD
    queryset = ClassPortrait.objects.none()
    output = PortraitOut
    pagination_class = None
    list_parameters = frozenset(OF_ONE_NIGHT)

    def list(self, request: Request) -> Response:
        scope = Scope.read(request.query_params, self.actor, only=OF_ONE_NIGHT)
        if not scope.is_valid:
            raise serializers.ValidationError(problems_of(scope.form))
        run = scope.run
        if run is None:
            return Response([])
        rows = [
            {
                "worth_class": key,
                "as_of": run.as_of,
                "facts": portraits.portrait_in(scope, key),
            }
            for key in WorthClass
        ]
        return Response(self.get_serializer(rows, many=True).data)
