"""Wallets, measured effects, the gate and class-wide sendings over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.models import (
    GateDecision,
    MeasuredEffect,
    RetentionPlan,
)
from campaigns.queries.wallet import wallet_of
from campaigns.services import effects, gate
from common.api import StrictSerializer
from common.api_fields import DayField, RecordId
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.choices import Channel
from crm.models import Account
from segments.choices import WorthClass

MOST_WEIGHED = 10_000


class Amount(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=18, decimal_places=2, **kwargs)


class Share(serializers.DecimalField):
    """A share; 0.1 is 10 %."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=5, decimal_places=4, **kwargs)


@extend_schema_serializer(many=False)
class WalletOut(serializers.Serializer[Any]):
    """What may be spent on an account's care; all null before it is valued.

    `rests_on` says whether the effect was measured or is assumed.
    """

    account = serializers.IntegerField(source="account_id")
    justified = Amount(source="spend.limit", allow_null=True)
    used = Amount(source="spend.used", allow_null=True)
    left = Amount(source="spend.left", allow_null=True)
    overspent = Amount(source="spend.overspent", allow_null=True)
    expected_margin_year = Amount(allow_null=True)
    effect = Share(source="response.effect", allow_null=True)
    scale = Share(source="response.scale", allow_null=True)
    is_measured = serializers.BooleanField(allow_null=True)
    rests_on = serializers.CharField(source="response.said", allow_null=True)


class WalletResource(Resource):
    """How much more care of an account is justified; found by the account's id."""

    read_access = permissions.VIEW_PLANS
    queryset = Account.objects.active()
    output = WalletOut

    @extend_schema(summary="Read the wallet of an account", responses=WalletOut)
    def retrieve(self, request: Request, pk: int) -> Response:
        account = self.get_object()
        wallet = wallet_of(account)
        if wallet is None:
            return Response(dict.fromkeys(WalletOut().fields) | {"account": account.pk})
        return Response(self.get_serializer(wallet).data)


class MeasuredEffectOut(serializers.ModelSerializer[MeasuredEffect]):
    """A measured effect; it counts while `retired_at` is null."""

    author = serializers.EmailField(source="author.email")
    worth_class = serializers.CharField()
    channel = serializers.CharField()

    class Meta:
        model = MeasuredEffect
        fields = (
            "id",
            "plan",
            "worth_class",
            "channel",
            "number",
            "effect",
            "low",
            "high",
            "accounts",
            "measured_from",
            "measured_until",
            "source",
            "reason",
            "author",
            "created_at",
            "retired_at",
            "retired_because",
        )
        read_only_fields = fields


class MeasuredEffectIn(StrictSerializer):
    """One of plan, class and channel; `based_on` is the version that it corrects."""

    plan = RecordId(required=False)
    worth_class = serializers.ChoiceField(choices=WorthClass.choices, required=False)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    effect = Share(min_value=-1, max_value=1)
    low = Share(min_value=-1, max_value=1)
    high = Share(min_value=-1, max_value=1)
    accounts = serializers.IntegerField(min_value=1, max_value=2_000_000_000)
    measured_from = DayField()
    measured_until = DayField()
    source = serializers.CharField(max_length=300)  # type: ignore[assignment]
    reason = serializers.CharField(max_length=300)
    based_on = RecordId(required=False)


class EffectWithdrawIn(StrictSerializer):
    reason = serializers.CharField(max_length=300)


class EffectResource(Listed, Shown, Resource):
    """What care was measured to secure, by version."""

    read_access = permissions.VIEW_PLANS
    write_access = permissions.CHANGE_CAMPAIGNS
    queryset = MeasuredEffect.objects.select_related("plan", "author")
    output = MeasuredEffectOut
    inputs = {"create": MeasuredEffectIn, "withdraw": EffectWithdrawIn}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        if not self.actor.has_perm(permissions.CHANGE_PLANS):
            raise PermissionDenied("Marketing records effects, or take a campaign's.")
        said = self.read(request)
        key = said.pop("plan", None)
        plan = RetentionPlan.objects.filter(pk=key).first() if key else None
        if key and plan is None:
            raise serializers.ValidationError({"plan": ["There is no such plan."]})
        made = effects.record_effect(actor=self.actor, plan=plan, **said)
        return self.answer(self.get_queryset().get(pk=made.pk))

    @extend_schema(summary="Withdraw a measured effect")
    @action(detail=True, methods=["post"])
    @acts_once
    def withdraw(self, request: Request, pk: int) -> Response:
        said = self.read(request)
        effects.withdraw_effect(actor=self.actor, effect=self.get_object(), **said)
        return self.answer(self.get_queryset().get(pk=pk))


class WeighIn(StrictSerializer):
    """A spend on many accounts, or a plan; accounts that are not yours are left out."""

    accounts = serializers.ListField(
        child=RecordId(), min_length=1, max_length=MOST_WEIGHED
    )
    cost_each = Amount(min_value=0, required=False)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    plan = serializers.PrimaryKeyRelatedField(
        queryset=RetentionPlan.objects.all(), pk_field=RecordId(), required=False
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        spend = {"cost_each", "channel"} & set(attrs)
        if ("plan" in attrs) == bool(spend) or len(spend) == 1:
            raise serializers.ValidationError(
                "Name a plan, or what each costs and over which channel."
            )
        return attrs


class CheaperOut(serializers.Serializer[Any]):
    channel = serializers.CharField()
    title = serializers.CharField()
    cost_each = Amount()
    pays_for = serializers.ListField(child=serializers.IntegerField())


@extend_schema_serializer(many=False)
class GateOut(serializers.Serializer[Any]):
    """What the spend costs and gains, and the accounts for which it does not pay."""

    accounts = serializers.IntegerField()
    unvalued = serializers.IntegerField()
    cost = Amount()
    gain = Amount()
    below = serializers.ListField(child=serializers.IntegerField(), source="below_ids")
    cost_below = Amount()
    gain_below = Amount()
    rests_on = serializers.CharField()
    cheaper = CheaperOut(many=True)


class GateDecisionOut(serializers.ModelSerializer[GateDecision]):
    actor = serializers.EmailField(source="actor.email")
    channel = serializers.CharField()
    cheaper_channel = serializers.CharField()

    class Meta:
        model = GateDecision
        fields = (
            "id",
            "occasion",
            "subject",
            "channel",
            "choice",
            "reason",
            "cheaper_channel",
            "accounts",
            "below",
            "cost_each",
            "cost",
            "cost_below",
            "gain_below",
            "actor",
            "created_at",
        )
        read_only_fields = fields


class GateResource(Listed, Shown, Resource):
    """Should we? What was decided, and a question of one's own."""

    read_access = permissions.CHANGE_PLANS
    write_access = permissions.VIEW_PLANS
    queryset = GateDecision.objects.select_related("actor")
    output = GateDecisionOut
    inputs = {"weigh": WeighIn}
    outputs = {"weigh": GateOut}
    is_shared = True

    @extend_schema(summary="Ask whether a spend on accounts pays")
    @action(detail=False, methods=["post"])
    @acts_once
    def weigh(self, request: Request) -> Response:
        said = self.read(request)
        account_ids = said.pop("accounts")
        weigh = gate.weigh_plan if "plan" in said else gate.weigh
        found = weigh(account_ids=account_ids, actor=self.actor, **said)
        return Response(self.get_serializer(found).data)
