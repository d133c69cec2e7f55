"""A rep's objective over the API."""

from typing import Any

from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.models import PlannedTouch
from campaigns.queries.objective import Quarter, objective
from common.api import StrictSerializer
from common.clock import business_today
from common.resources import Resource
from crm.choices import Role
from crm.models import User


class Money(serializers.DecimalField):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=18, decimal_places=2, **options)


class GainedOut(serializers.Serializer[Any]):
    """The change of CLV between two nights; margin, costs and expected sum to it."""

    from_day = serializers.DateField(source="before.as_of")
    to_day = serializers.DateField(source="run.as_of")
    accounts = serializers.IntegerField()
    clv_before = Money()
    clv_after = Money()
    total = Money()
    margin = Money()
    costs = Money()
    expected = Money()


class CareOut(serializers.Serializer[Any]):
    care = serializers.CharField()
    contacts = serializers.IntegerField()
    minutes = serializers.IntegerField()
    share = serializers.FloatField()


class RepRatedOut(serializers.Serializer[Any]):
    """Ratings from 1 to 5 of the contacts that the rep logged."""

    contacts = serializers.IntegerField()
    mean = serializers.FloatField()
    worst_tenth = serializers.FloatField()
    spread = serializers.FloatField()
    people = serializers.FloatField(allow_null=True)
    information = serializers.FloatField(allow_null=True)
    deliverables = serializers.FloatField(allow_null=True)


class PaceOut(serializers.Serializer[Any]):
    """One quarter, for comparison."""

    quarter = serializers.CharField(source="quarter.label")
    gained = Money(allow_null=True)
    contact_hours = serializers.FloatField(source="hours")
    median_days_to_done = serializers.FloatField(source="speed.days", allow_null=True)
    median_hours_to_answer = serializers.FloatField(
        source="speed.hours", allow_null=True
    )


@extend_schema_serializer(many=False)
class ObjectiveOut(serializers.Serializer[Any]):
    """A quarter of one rep; what is not known is null."""

    owner = serializers.EmailField(source="owner.email")
    quarter = serializers.CharField(source="quarter.label")
    elapsed = serializers.FloatField()
    gained = GainedOut(allow_null=True)
    touches_done = serializers.IntegerField(source="speed.touches")
    median_days_to_done = serializers.FloatField(source="speed.days", allow_null=True)
    median_hours_to_answer = serializers.FloatField(
        source="speed.hours", allow_null=True
    )
    key_accounts_asked = serializers.IntegerField(source="coverage.asked")
    key_accounts_touched = serializers.IntegerField(source="coverage.touched")
    care = CareOut(many=True)
    rated = RepRatedOut(allow_null=True)
    quarters = PaceOut(many=True, source="paces")


class ObjectiveIn(StrictSerializer):
    """Which quarter, such as 2026-Q4, and whose; a rep's own is the only one."""

    quarter = serializers.RegexField(r"^\d{4}-Q[1-4]$", required=False)
    owner = serializers.EmailField(required=False)


class ObjectiveResource(Resource):
    """CLV gained within a quarter, speed, what effort was for, coverage."""

    read_access = permissions.VIEW_TODAY
    queryset = PlannedTouch.objects.all()
    output = ObjectiveOut
    pagination_class = None
    filter_backends = ()
    list_parameters = frozenset({"owner", "quarter"})

    @extend_schema(
        summary="Read a rep's objective",
        parameters=[OpenApiParameter("quarter", str), OpenApiParameter("owner", str)],
        responses=ObjectiveOut,
    )
    def list(self, request: Request) -> Response:
        reader = ObjectiveIn(data=request.query_params.dict())
        reader.is_valid(raise_exception=True)
        asked = reader.validated_data
        quarter = Quarter.of(business_today())
        if "quarter" in asked:
            quarter = Quarter.read(asked["quarter"]) or quarter
        found = objective(
            owner=self._owner(asked.get("owner")), quarter=quarter, user=self.actor
        )
        return Response(self.get_serializer(found).data)

    def _owner(self, email: str | None) -> User:
        me: User = self.actor
        leads = me.roles & {Role.MANAGER, Role.ADMINISTRATOR} or me.is_superuser
        if email is None or not leads:
            return me
        found = User.objects.filter(email__iexact=email).first()
        if found is None:
            raise ValidationError({"owner": ["unknown owner"]})
        return found
