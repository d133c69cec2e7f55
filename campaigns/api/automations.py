"""Automations over the API: written, tried, switched; their log; other systems."""

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.models import Automation, AutomationVersion, Firing
from campaigns.queries.automations.pages import said_by
from campaigns.queries.automations.rules import (
    MOST_AN_HOUR,
    MOST_REST_DAYS,
    MOST_ROWS,
    Rule,
    catalogue,
    checked,
)
from campaigns.services.automations import rules, trial
from common.api import LARGEST_ID, StrictSerializer, expected_version
from common.api_schema import IF_MATCH
from common.errors import DomainError
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.models import Account


def _parts(**options: Any) -> serializers.ListField:
    part = serializers.DictField(child=serializers.JSONField())
    return serializers.ListField(child=part, max_length=MOST_ROWS, **options)


class AutomationOut(serializers.ModelSerializer[Automation]):
    """One automation with what its newest version does, also in words."""

    trigger = serializers.SerializerMethodField()
    conditions = serializers.SerializerMethodField()
    actions = serializers.SerializerMethodField()
    rest_days = serializers.SerializerMethodField()
    limit_an_hour = serializers.SerializerMethodField()
    version_number = serializers.SerializerMethodField()
    sentence = serializers.SerializerMethodField()
    acts_as = serializers.EmailField(source="acts_as.email", allow_null=True)

    class Meta:
        model = Automation
        fields = (
            "id",
            "name",
            "is_on",
            "acts_as",
            "stopped_at",
            "stopped_because",
            "sentence",
            "version_number",
            "trigger",
            "conditions",
            "actions",
            "rest_days",
            "limit_an_hour",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields

    def _version(self, automation: Automation) -> AutomationVersion:
        return max(automation.versions.all(), key=lambda one: one.number)

    def get_trigger(self, automation: Automation) -> dict[str, Any]:
        return dict(self._version(automation).trigger)

    def get_conditions(self, automation: Automation) -> list[dict[str, Any]]:
        return list(self._version(automation).conditions)

    def get_actions(self, automation: Automation) -> list[dict[str, Any]]:
        return list(self._version(automation).actions)

    def get_rest_days(self, automation: Automation) -> int:
        return self._version(automation).rest_days

    def get_limit_an_hour(self, automation: Automation) -> int:
        return self._version(automation).limit_an_hour

    def get_version_number(self, automation: Automation) -> int:
        return self._version(automation).number

    def get_sentence(self, automation: Automation) -> str:
        return said_by(self._version(automation)).sentence


class AutomationIn(StrictSerializer):
    """What it does; `GET /automation-kinds/` says what there is and what each asks."""

    name = serializers.CharField(max_length=150)
    trigger = serializers.DictField(child=serializers.JSONField())
    conditions = _parts(required=False)
    actions = _parts()
    rest_days = serializers.IntegerField(
        min_value=0, max_value=MOST_REST_DAYS, required=False
    )
    limit_an_hour = serializers.IntegerField(
        min_value=1, max_value=MOST_AN_HOUR, required=False
    )


class SwitchIn(StrictSerializer):
    """`on` begins now, or on the day `since`; `go_on` is for one that was stopped."""

    what = serializers.ChoiceField(choices=["on", "off", "go_on"])
    since = serializers.DateField(required=False)


class TrialIn(StrictSerializer):
    account = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)


class VerdictOut(serializers.Serializer[Any]):
    asks = serializers.CharField()
    found = serializers.CharField()
    holds = serializers.BooleanField()


class WouldOut(serializers.Serializer[Any]):
    """What one action would do, or the problem that keeps it from being done."""

    said = serializers.CharField()
    problem = serializers.CharField()
    subject = serializers.CharField()
    text = serializers.CharField()


class TrialOut(serializers.Serializer[Any]):
    fires = serializers.BooleanField()
    sentence = serializers.CharField()
    because = serializers.CharField(source="occurrence.text", default="")
    conditions = VerdictOut(source="verdicts", many=True)
    actions = WouldOut(many=True)


class AutomationResource(Listed, Shown, Resource):
    """Rules that act by themselves: when something happens, and the account fits."""

    read_access = permissions.VIEW_AUTOMATIONS
    write_access = permissions.CHANGE_AUTOMATIONS
    queryset = (
        Automation.objects.kept().select_related("acts_as").prefetch_related("versions")
    )
    output = AutomationOut
    inputs = {
        "create": AutomationIn,
        "partial_update": AutomationIn,
        "switch": SwitchIn,
        "try_on": TrialIn,
    }
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self._answer(_kept(rules.create_automation, self.actor, values))

    def partial_update(self, request: Request, pk: int) -> Response:
        automation = self.get_object()
        values = self.read(request) | {
            "automation": automation,
            "expected_version": expected_version(request, automation),
        }
        return self._answer(_kept(rules.change_automation, self.actor, values))

    @extend_schema(
        parameters=[IF_MATCH],
        request=None,
        responses={status.HTTP_204_NO_CONTENT: None},
    )
    def destroy(self, request: Request, pk: int) -> Response:
        automation = self.get_object()
        rules.remove_automation(
            actor=self.actor,
            automation=automation,
            expected_version=expected_version(request, automation),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SwitchIn, responses=AutomationOut)
    @action(detail=True, methods=["post"])
    @acts_once
    def switch(self, request: Request, pk: int) -> Response:
        """Switch it on or off, or let one that was stopped go on."""
        automation, values = self.get_object(), self.read(request)
        named = {"actor": self.actor, "automation": automation}
        if values["what"] == "on":
            rules.switch_on(**named, since=values.get("since"))
        elif values["what"] == "off":
            rules.switch_off(**named)
        else:
            rules.go_on(**named)
        return self._answer(automation)

    @extend_schema(request=TrialIn, responses=TrialOut)
    @action(detail=True, methods=["post"], url_path="try")
    @acts_once
    def try_on(self, request: Request, pk: int) -> Response:
        """Say what it would do at one account; nothing is changed."""
        automation = self.get_object()
        mine = Account.objects.active().visible_to(self.actor)
        account = mine.filter(pk=self.read(request)["account"]).first()
        if account is None:
            raise ValidationError({"account": ["unknown account"]})
        version = rules.newest_version(automation)
        rule: Rule = checked(
            name=automation.name,
            trigger=version.trigger,
            conditions=version.conditions,
            actions=version.actions,
        )
        if rule.errors:
            raise ValidationError({key: [said] for key, said in rule.errors.items()})
        found = trial.try_on(
            actor=self.actor, rule=rule, account=account, automation=automation
        )
        return Response(TrialOut(found).data)

    def _answer(self, automation: Automation) -> Response:
        return self.answer(self.get_queryset().get(pk=automation.pk))


def _kept(act: Any, actor: Any, values: dict[str, Any]) -> Automation:
    """Create or change one; every place that does not fit is named."""
    try:
        made: Automation = act(actor=actor, **values)
    except DomainError as error:
        problems = getattr(error, "problems", {})
        if not problems:
            raise
        raise ValidationError(
            {key: [said] for key, said in problems.items()}
        ) from error
    return made


# -- What there is to choose from ------------------------------------------------------


class ParamOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField(source="label")
    kind = serializers.CharField()
    is_optional = serializers.BooleanField()
    options = serializers.SerializerMethodField()

    def get_options(self, param: Any) -> list[dict[str, str]]:
        found = param.options() if param.options else []
        return [{"key": key, "label": str(label)} for key, label in found]


class KindOut(serializers.Serializer[Any]):
    """One kind of trigger, condition or action, and what it asks for."""

    kind = serializers.CharField(source="key")
    title = serializers.CharField(source="label")
    text = serializers.CharField(source="help")
    params = ParamOut(many=True)


@extend_schema_serializer(many=False)
class KindsOut(serializers.Serializer[Any]):
    triggers = KindOut(many=True)
    conditions = KindOut(many=True)
    actions = KindOut(many=True)


class KindResource(Resource):
    """All triggers, conditions and actions, with their parameters."""

    read_access = permissions.VIEW_AUTOMATIONS
    queryset = Automation.objects.none()
    output = KindsOut
    pagination_class = None

    def list(self, request: Request) -> Response:
        found = {name: list(specs.values()) for name, specs in catalogue()}
        return Response(KindsOut(found).data)


# -- The log ---------------------------------------------------------------------------


class ResultOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    done = serializers.BooleanField()
    said = serializers.CharField()


class FiringOut(serializers.ModelSerializer[Firing]):
    """What one automation decided about one cause at one account."""

    results = ResultOut(many=True)
    version_number = serializers.IntegerField(source="version.number")

    class Meta:
        model = Firing
        fields = (
            "id",
            "automation",
            "version_number",
            "account",
            "cause",
            "status",
            "trigger_text",
            "reason",
            "results",
            "decided_at",
        )
        read_only_fields = fields


class FiringFilter(django_filters.FilterSet):
    class Meta:
        model = Firing
        fields: ClassVar[list[str]] = ["automation", "account", "status"]


class FiringResource(Listed, Shown, Resource):
    """The log of automations, for accounts that the caller sees."""

    read_access = permissions.VIEW_FIRINGS
    queryset = Firing.objects.told().select_related("version")
    output = FiringOut
    filterset_class = FiringFilter
