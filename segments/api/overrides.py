"""Classes set by hand over the API."""

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer
from common.api_fields import RecordFilter, RecordId
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.models import Account
from segments import permissions
from segments.choices import WorthClass
from segments.errors import OverrideRefusedError
from segments.models import Override
from segments.services import overrides


class OverrideIn(StrictSerializer):
    """A class for one account, why, and the last day on which it counts."""

    account = RecordId()
    worth_class = serializers.ChoiceField(choices=WorthClass.choices)
    reason = serializers.CharField(max_length=overrides.LONGEST_REASON)
    expires_on = serializers.DateField()
    at_once = serializers.BooleanField(
        default=False, help_text="false waits for the night"
    )


class EndOverrideIn(StrictSerializer):
    """Why it ends before its day."""

    reason = serializers.CharField(
        max_length=overrides.LONGEST_REASON, required=False, default=""
    )
    at_once = serializers.BooleanField(default=False)


class OverrideOut(serializers.ModelSerializer[Override]):
    """One override; without `ended_at` it stands until `expires_on`."""

    author = serializers.EmailField(source="author.email")

    class Meta:
        model = Override
        fields = (
            "id",
            "account",
            "worth_class",
            "reason",
            "expires_on",
            "author",
            "created_at",
            "ended_at",
            "ending",
            "version",
        )
        read_only_fields = fields


class OverrideFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    is_open = django_filters.BooleanFilter(
        field_name="ended_at", lookup_expr="isnull", label="those that stand"
    )

    class Meta:
        model = Override
        fields = ("account", "worth_class", "is_open")


class OverrideResource(Listed, Shown, Resource):
    """Classes set by hand. POST sets one, in place of the account's other."""

    read_access = permissions.VIEW_CLASSES
    write_access = permissions.OVERRIDE_CLASSES
    queryset = Override.objects.select_related("author")
    output = OverrideOut
    inputs = {"create": OverrideIn, "end": EndOverrideIn}
    filterset_class = OverrideFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        mine = Account.objects.active().visible_to(self.actor)
        account = mine.filter(pk=values.pop("account")).first()
        if account is None:
            raise OverrideRefusedError("There is no such account.", field="account")
        made = overrides.set_override(actor=self.actor, account=account, **values)
        return self.answer(made)

    @extend_schema(summary="End an override before its day")
    @action(detail=True, methods=["post"])
    @acts_once
    def end(self, request: Request, pk: int) -> Response:
        """End it before its day."""
        values = self.read(request)
        ended = overrides.end_override(
            actor=self.actor, override=self.get_object(), **values
        )
        return self.answer(ended)
