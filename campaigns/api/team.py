"""The team over the API."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from campaigns import permissions
from campaigns.api.scoped import ScopedReport
from campaigns.queries.team import ASKED, team_in
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


class TeamResource(ScopedReport):
    """Reps, what is nobody's and the firm; a rep reads the own row and the firm's."""

    read_access = permissions.VIEW_TODAY
    asked = ASKED
    output = TeamRowOut

    def rows(self, scope: Scope) -> Sequence[Any]:
        found = team_in(scope)
        rest = [found.unattributed] if found.unattributed else []
        return [*found.rows, *rest, found.firm]
