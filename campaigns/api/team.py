"""The team over the API."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.models import PlannedTouch
from campaigns.queries.team import ASKED, team_in
from common.resources import Resource
from segments.queries.scope import Scope


class TeamRowOut(serializers.Serializer[Any]):
    """One rep, what is nobody's, or the firm; what is not known is null."""

    owner = serializers.EmailField(source="owner.email", default=None, allow_null=True)
    name = serializers.CharField(source="label")
    clv_gained = serializers.DecimalField(
        source="gained", max_digits=18, decimal_places=2, allow_null=True
    )
    accounts = serializers.IntegerField()
    minutes = serializers.IntegerField()
    contacts_without_minutes = serializers.IntegerField(source="untimed")
    touches_due = serializers.IntegerField(source="due")
    touches_done = serializers.IntegerField(source="done")
    rated_contacts = serializers.IntegerField(source="rated.contacts")
    rating_mean = serializers.FloatField(source="rated.mean", allow_null=True)
    rating_worst_tenth = serializers.FloatField(
        source="rated.worst_tenth", allow_null=True
    )
    deals_won = serializers.IntegerField(source="won")
    deals_won_amount = serializers.DecimalField(
        source="won_amount", max_digits=18, decimal_places=2
    )
    minutes_spent_twice = serializers.IntegerField(source="twice_minutes")
    automated_share = serializers.FloatField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)


class TeamResource(Resource):
    """Reps, what is nobody's and the firm; a rep reads the own row and the firm's."""

    read_access = permissions.VIEW_TODAY
    queryset = PlannedTouch.objects.none()
    output = TeamRowOut
    pagination_class = None
    filter_backends = ()
    list_parameters = frozenset(ASKED)

    def list(self, request: Request) -> Response:
        scope = Scope.read(request.query_params, self.actor, only=ASKED)
        if not scope.is_valid:
            errors = scope.form.errors.items()
            raise serializers.ValidationError(
                {name: [str(one) for one in texts] for name, texts in errors}
            )
        found = team_in(scope)
        rest = [found.unattributed] if found.unattributed else []
        rows = [*found.rows, *rest, found.firm]
        return Response(self.get_serializer(rows, many=True).data)
