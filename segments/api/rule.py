"""The class rule over the API: its versions, what another would do, and publishing."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clv.models import ValuationRun
from common.api import StrictSerializer
from common.api_fields import RecordId
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from segments import permissions
from segments.choices import WorthClass
from segments.errors import NothingToClassError
from segments.models import ClassPolicy, RuleNumbers
from segments.queries import whatif
from segments.services import policy

NUMBERS = RuleNumbers.number_names()


class Share(serializers.DecimalField):
    """A share; 0.1 is 10 %."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=5, decimal_places=4, **kwargs)


class Money(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=18, decimal_places=2, **kwargs)


class ClassRuleIn(StrictSerializer):
    """The numbers to change; the others stay as in version `based_on`."""

    based_on = RecordId(help_text="The newest version, as you have read it.")
    realised_threshold = serializers.DecimalField(
        max_digits=14, decimal_places=2, required=False
    )
    expected_threshold = serializers.DecimalField(
        max_digits=14, decimal_places=2, required=False
    )
    least_confidence = Share(required=False, help_text="0.5 to 0.9")
    cost_limit = Share(required=False, allow_null=True)
    loss_limit = serializers.DecimalField(
        max_digits=14, decimal_places=2, required=False
    )
    band = Share(required=False)


class PublishRuleIn(ClassRuleIn):
    """What shall count, why, from when, and whether today is classed by it at once."""

    reason = serializers.CharField(max_length=policy.LONGEST_REASON)
    valid_from = serializers.DateField(required=False, allow_null=True)
    at_once = serializers.BooleanField(
        default=False, help_text="false waits for the night"
    )


class ClassRuleOut(serializers.ModelSerializer[ClassPolicy]):
    """One version of the class rule; the newest whose day has come counts."""

    author = serializers.EmailField(source="author.email", allow_null=True)

    class Meta:
        model = ClassPolicy
        fields = ("id", *NUMBERS, "valid_from", "reason", "author", "created_at")
        read_only_fields = fields


class ClassEffectOut(serializers.Serializer[whatif.ClassWhatIf]):
    """One class now and by the other rule."""

    worth_class = serializers.ChoiceField(choices=WorthClass.choices)
    accounts_now = serializers.IntegerField()
    accounts = serializers.IntegerField()
    clv_now = Money()
    clv = Money()


class MoveOut(serializers.Serializer[whatif.Move]):
    """One account that would change class, and why."""

    account = serializers.IntegerField(source="account_id")
    name = serializers.CharField()
    was = serializers.ChoiceField(choices=WorthClass.choices, allow_null=True)
    becomes = serializers.ChoiceField(choices=WorthClass.choices)
    clv = Money()
    reason = serializers.CharField()


class WhatIfOut(serializers.Serializer[whatif.WhatIf]):
    """What another rule would do to the classes of today; nothing is kept."""

    as_of = serializers.DateField(source="run.as_of")
    moved = serializers.IntegerField()
    moved_clv = Money()
    warnings = serializers.ListField(child=serializers.CharField())
    classes = ClassEffectOut(many=True)
    moves = MoveOut(many=True, help_text="the 50 with the most money")


class RuleResource(Listed, Shown, Resource):
    """Versions of the class rule. POST publishes the next."""

    read_access = permissions.VIEW_CLASSES
    write_access = permissions.CHANGE_POLICY
    queryset = ClassPolicy.objects.select_related("author")
    output = ClassRuleOut
    inputs = {"create": PublishRuleIn}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(policy.publish_policy(actor=self.actor, **values))


class WhatIfResource(Resource):
    """What another rule would do. POST answers at once and keeps nothing."""

    read_access = permissions.CHANGE_POLICY
    write_access = permissions.CHANGE_POLICY
    queryset = ClassPolicy.objects.none()
    output = WhatIfOut
    inputs = {"create": ClassRuleIn}
    statuses = {"create": 200}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        rule = policy.complete_rule(values, based_on=values.pop("based_on"))
        run = ValuationRun.objects.select_related("assumptions").current()
        if run is None:
            raise NothingToClassError
        return Response(self.get_serializer(whatif.what_if(run, rule)).data)
