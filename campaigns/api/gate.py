"""The decision at the gate as calls of the API carry it, and what asks for one."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from campaigns.choices import GateChoice
from campaigns.services.gate import LONGEST_REASON, Decision
from common.api import StrictSerializer
from crm.choices import Channel

MOST_BELOW = 2_000_000_000


class GateDecisionIn(StrictSerializer):
    """What to do about accounts for which a spend does not pay.

    `drop` leaves them out, `cheaper` reaches them over the channel named there, and
    `override` includes them with a reason. `below` is how many they were when it was
    decided; the call is refused when they are others by now.
    """

    choice = serializers.ChoiceField(choices=GateChoice.choices)
    reason = serializers.CharField(max_length=LONGEST_REASON, required=False)
    cheaper = serializers.ChoiceField(choices=Channel.choices, required=False)
    below = serializers.IntegerField(min_value=0, max_value=MOST_BELOW, required=False)


class NamedBelowOut(serializers.Serializer[Any]):
    account = serializers.IntegerField()
    name = serializers.CharField()
    gain = serializers.CharField(help_text="what the spend gains with it, below zero")


class GateWayOut(serializers.Serializer[Any]):
    choice = serializers.ChoiceField(choices=GateChoice.choices)
    reason = serializers.CharField(required=False)
    cheaper = serializers.CharField(required=False)


@extend_schema_serializer(many=False)
class GateUndecidedOut(serializers.Serializer[Any]):
    """Nothing was done: say first what is to become of the accounts below the line.

    `decisions` are what may be sent; `named` are those that lose most.
    """

    code = serializers.CharField()
    detail = serializers.CharField()
    accounts = serializers.IntegerField()
    below = serializers.ListField(child=serializers.IntegerField())
    named = NamedBelowOut(many=True)
    cost_each = serializers.CharField()
    cost_below = serializers.CharField()
    gain_below = serializers.CharField()
    rests_on = serializers.CharField()
    decisions = GateWayOut(many=True)


def decision_of(said: Mapping[str, Any] | None) -> Decision | None:
    """Return what a call decided; None where it said nothing."""
    return Decision(**said) if said else None
