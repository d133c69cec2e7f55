"""Today over the API: what is due, put off, and settled."""

from typing import Any

from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions, policy
from campaigns.models import PlannedTouch
from campaigns.queries.today import MOST_SHOWN, Todo, todo
from campaigns.services import agenda
from common.api import StrictSerializer
from common.api_fields import DayField
from common.clock import business_today
from common.once import acts_once
from common.resources import Resource
from crm.choices import Role
from crm.models import User


class ItemOut(serializers.Serializer[Any]):
    """One thing to do; `item` names it for putting off and settling."""

    item = serializers.CharField(source="mark")
    kind = serializers.CharField(source="source")
    account = serializers.IntegerField(source="account.pk", allow_null=True)
    due_on = serializers.DateField()
    is_late = serializers.BooleanField()
    title = serializers.CharField()
    why = serializers.CharField()
    expected_gain = serializers.DecimalField(
        max_digits=18, decimal_places=2, source="gain"
    )


@extend_schema_serializer(many=False)
class TodayOut(serializers.Serializer[Any]):
    """What is due by gain, what comes by day, how much is hidden, what is done."""

    due = ItemOut(many=True)
    ahead = ItemOut(many=True)
    hidden = serializers.IntegerField()
    ahead_hidden = serializers.IntegerField(source="ahead_count")
    done_today = serializers.IntegerField(source="done.count")
    done_today_gain = serializers.DecimalField(
        max_digits=18, decimal_places=2, source="done.gain"
    )


class TodayIn(StrictSerializer):
    """Whose day, by e-mail address; a rep's own is the only one."""

    owner = serializers.EmailField(required=False)
    rows = serializers.IntegerField(required=False, min_value=1, max_value=MOST_SHOWN)


class NothingIn(StrictSerializer):
    """An empty body."""


class SettleIn(StrictSerializer):
    """Items as the list names them."""

    items = serializers.ListField(
        child=serializers.CharField(max_length=80),
        min_length=1,
        max_length=policy.MOST_AT_ONCE,
    )


class SnoozeIn(SettleIn):
    """Items, and the day on which they come back."""

    until = DayField()
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)


@extend_schema_serializer(many=False)
class CountOut(serializers.Serializer[Any]):
    items = serializers.IntegerField()


class TodayResource(Resource):
    """What needs somebody: touches, promises, replies and alerts, by expected gain."""

    read_access = permissions.VIEW_TODAY
    write_access = permissions.VIEW_TODAY
    queryset = PlannedTouch.objects.all()
    output = TodayOut
    inputs = {
        "snooze": SnoozeIn,
        "settle": SettleIn,
        "unsettle": SettleIn,
        "wake": NothingIn,
    }
    outputs = dict.fromkeys(inputs, CountOut)
    pagination_class = None
    filter_backends = ()
    list_parameters = frozenset({"owner", "rows"})

    @extend_schema(
        summary="Read what is due today",
        parameters=[OpenApiParameter("owner", str), OpenApiParameter("rows", int)],
        responses=TodayOut,
    )
    def list(self, request: Request) -> Response:
        reader = TodayIn(data=request.query_params.dict())
        reader.is_valid(raise_exception=True)
        asked = reader.validated_data
        found: Todo = todo(
            user=self.actor,
            today=business_today(),
            owner=self._owner(asked.get("owner")),
            rows=asked.get("rows", policy.TODAY_ROWS),
        )
        return Response(self.get_serializer(found).data)

    @extend_schema(summary="Put items off until a day")
    @action(detail=False, methods=["post"])
    @acts_once
    def snooze(self, request: Request) -> Response:
        said = self.read(request)
        count = agenda.snooze(
            actor=self.actor,
            marks=_marks(said),
            until=said["until"],
            reason=said.get("reason", ""),
        )
        return Response({"items": count})

    @extend_schema(summary="Bring back what was put off")
    @action(detail=False, methods=["post"])
    @acts_once
    def wake(self, request: Request) -> Response:
        self.read(request)
        return Response({"items": agenda.wake(actor=self.actor)})

    @extend_schema(summary="Settle items")
    @action(detail=False, methods=["post"])
    @acts_once
    def settle(self, request: Request) -> Response:
        said = self.read(request)
        return Response({"items": agenda.settle(actor=self.actor, marks=_marks(said))})

    @extend_schema(summary="Take back what you settled")
    @action(detail=False, methods=["post"])
    @acts_once
    def unsettle(self, request: Request) -> Response:
        said = self.read(request)
        return Response(
            {"items": agenda.unsettle(actor=self.actor, marks=_marks(said))}
        )

    def _owner(self, email: str | None) -> User | None:
        """Return whose day it is; None for the whole team."""
        sees_team = self.actor.roles & {Role.MANAGER, Role.ADMINISTRATOR}
        if not (sees_team or self.actor.is_superuser):
            return self.actor  # type: ignore[no-any-return]
        if email is None:
            return None
        found = User.objects.filter(email__iexact=email).first()
        if found is None:
            raise serializers.ValidationError({"owner": ["unknown owner"]})
        return found


def _marks(said: dict[str, Any]) -> list[agenda.Mark]:
    return [agenda.Mark.read(text) for text in said["items"]]
