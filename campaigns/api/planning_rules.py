"""When touches may fall over the API: the rule, closed days, hours, absences."""

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.models import Absence, ClosedDay, PlanningRule, RepCapacity
from campaigns.services import planning_rules as services
from common.api import LARGEST_ID, StrictModelSerializer, StrictSerializer
from common.api_fields import RecordFilter, RecordId
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.models import User

TERMS = (
    "country",
    "region",
    "quiet_from",
    "quiet_until",
    "collision_days",
    "touches_a_week",
    "hours_a_week",
)


@extend_schema_field(
    {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"}
)
class WallClockField(serializers.TimeField):
    """A time of day in the company's zone; the format `time` would name an offset."""


class PlanningRuleOut(serializers.ModelSerializer[PlanningRule]):
    """One version of when touches may fall; the newest counts."""

    quiet_from = WallClockField()
    quiet_until = WallClockField()
    author = serializers.EmailField(source="author.email", allow_null=True)

    class Meta:
        model = PlanningRule
        fields = ("id", *TERMS, "reason", "author", "created_at")
        read_only_fields = fields


class PlanningRuleIn(StrictModelSerializer):
    """All of the rule, with the reason; `based_on` is the version changed."""

    country = serializers.CharField(max_length=2, allow_blank=True)
    region = serializers.CharField(max_length=10, allow_blank=True)
    quiet_from = WallClockField()
    quiet_until = WallClockField()
    collision_days = serializers.IntegerField(
        min_value=0, max_value=services.MOST_COLLISION_DAYS
    )
    touches_a_week = serializers.IntegerField(
        min_value=1, max_value=services.MOST_TOUCHES
    )
    hours_a_week = serializers.DecimalField(
        max_digits=4, decimal_places=1, min_value=0, max_value=services.MOST_HOURS
    )
    based_on = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID
    )

    class Meta:
        model = PlanningRule
        fields = (*TERMS, "reason", "based_on")


class PlanningRuleResource(Listed, Shown, Resource):
    """When touches may fall, by version."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.CHANGE_PLANNING_RULES
    queryset = PlanningRule.objects.select_related("author")
    output = PlanningRuleOut
    inputs = {"create": PlanningRuleIn}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        rule = services.publish_rule(actor=self.actor, **self.read(request))
        return self.answer(rule)


class ClosedDayOut(serializers.ModelSerializer[ClosedDay]):
    class Meta:
        model = ClosedDay
        fields = ("id", "day", "name")
        read_only_fields = fields


class ClosedDayIn(StrictSerializer):
    day = serializers.DateField()
    name = serializers.CharField(max_length=100)


class ClosedDayResource(Listed, Shown, Resource):
    """Days on which the firm is closed, beside public holidays."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.CHANGE_PLANNING_RULES
    queryset = ClosedDay.objects.all()
    output = ClosedDayOut
    inputs = {"create": ClosedDayIn}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        return self.answer(services.close_day(actor=self.actor, **self.read(request)))

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        services.open_day(actor=self.actor, closed=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class RepCapacityOut(serializers.ModelSerializer[RepCapacity]):
    class Meta:
        model = RepCapacity
        fields = ("id", "user", "hours_a_week", "version")
        read_only_fields = fields


class RepCapacityIn(StrictSerializer):
    """Hours of one person; null: as the rule says."""

    user = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), pk_field=RecordId()
    )
    hours_a_week = serializers.DecimalField(
        max_digits=4,
        decimal_places=1,
        min_value=0,
        max_value=services.MOST_HOURS,
        allow_null=True,
    )


class RepCapacityResource(Listed, Shown, Resource):
    """Who has other hours a week for planned touches than the rule says."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.CHANGE_PLANNING_RULES
    queryset = RepCapacity.objects.all()
    output = RepCapacityOut
    inputs = {"create": RepCapacityIn}
    is_shared = True

    @extend_schema(
        summary="Set the hours of a person",
        responses={201: RepCapacityOut, 204: None},
    )
    @acts_once
    def create(self, request: Request) -> Response:
        kept = services.set_hours(actor=self.actor, **self.read(request))
        if kept is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return self.answer(kept)


class AbsenceOut(serializers.ModelSerializer[Absence]):
    class Meta:
        model = Absence
        fields = ("id", "user", "starts_on", "ends_on")
        read_only_fields = fields


class AbsenceIn(StrictSerializer):
    """Days away, the last one included."""

    user = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), pk_field=RecordId()
    )
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()


class AbsenceFilter(django_filters.FilterSet):
    user = RecordFilter("user_id")

    class Meta:
        model = Absence
        fields = ("user",)


class AbsenceResource(Listed, Shown, Resource):
    """Who is away when; a rep enters and takes out their own."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.DO_TOUCHES
    queryset = Absence.objects.select_related("user")
    output = AbsenceOut
    inputs = {"create": AbsenceIn}
    filterset_class = AbsenceFilter
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        return self.answer(services.add_absence(actor=self.actor, **self.read(request)))

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        services.remove_absence(actor=self.actor, absence=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
