"""Why values changed between two runs, over the API."""

import datetime as dt
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from clv import permissions
from clv.api.valuations import NoValuesYet, run_on
from clv.models import ValuationRun
from clv.queries.changes import ValueChange
from clv.services import changes
from common.api import StrictSerializer
from common.api_fields import DayField, RecordId
from common.resources import Resource
from crm.models import Account


class CannotBeSplit(NotFound):
    """One of the runs has not kept what it learnt of the firm."""

    default_detail = "One of the runs has not kept its models."
    default_code = "cannot_be_split"


class Money(serializers.DecimalField):
    """An amount to the cent; null where there is none."""

    def __init__(self) -> None:
        super().__init__(max_digits=18, decimal_places=2, allow_null=True)


class PartOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField(source="label")
    amount = Money()


@extend_schema_serializer(many=False)
class ChangeOut(serializers.Serializer[Any]):
    """The change of CLV between two days; the parts sum to `change` to the cent.

    Before a second run there is nothing to compare with: no `from_day`, no parts.
    """

    account = serializers.IntegerField(allow_null=True)
    from_day = serializers.DateField(allow_null=True)
    to_day = serializers.DateField()
    clv_before = Money()
    clv_after = Money()
    change = Money()
    parts = PartOut(many=True)


class ChangeIn(StrictSerializer):
    """The account, or the firm when left out, and the days to compare."""

    account = RecordId(required=False)
    to = DayField(required=False)

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"from": DayField(required=False)}


class ChangeResource(Resource):
    """Why CLV changed. Each day stands for the newest run published by then."""

    read_access = permissions.VIEW_VALUES
    queryset = Account.objects.active()
    output = ChangeOut
    pagination_class = None
    filter_backends = ()
    list_parameters = frozenset({"account", "from", "to"})

    @extend_schema(
        summary="Split a change of CLV into its causes",
        parameters=[
            OpenApiParameter("account", int, description="the whole firm if left out"),
            OpenApiParameter("from", dt.date, description="the run before if left out"),
            OpenApiParameter("to", dt.date, description="the current run if left out"),
        ],
        responses=ChangeOut,
    )
    def list(self, request: Request) -> Response:
        asked = self._asked(request)
        account = self._account(asked.get("account"))
        run = run_on(asked.get("to"))
        before = _before(run, asked.get("from"))
        found = _found(run, _split(account, run, before) if before else None)
        found["account"] = account.pk if account else None
        return Response(self.get_serializer(found).data)

    def _asked(self, request: Request) -> dict[str, Any]:
        given = {name: request.query_params[name] for name in request.query_params}
        reader = ChangeIn(data=given)
        reader.is_valid(raise_exception=True)
        values: dict[str, Any] = reader.validated_data
        return values

    def _account(self, pk: int | None) -> Account | None:
        if pk is not None:
            account: Account = get_object_or_404(self.get_queryset(), pk=pk)
            return account
        if not self.actor.sees_every_account:
            raise ValidationError({"account": ["Name one of your accounts."]})
        return None


def _before(run: ValuationRun, day: dt.date | None) -> ValuationRun | None:
    earlier = ValuationRun.objects.before(run)
    if day is None or (earlier is not None and day >= earlier.as_of):
        return earlier
    asked_for = ValuationRun.objects.as_of(day)
    if earlier is None or asked_for is None:
        raise NoValuesYet
    return asked_for


def _found(run: ValuationRun, change: ValueChange | None) -> dict[str, Any]:
    return {
        "from_day": change.before.as_of if change else None,
        "to_day": run.as_of,
        "clv_before": change.clv_before if change else None,
        "clv_after": change.clv_after if change else None,
        "change": change.total if change else None,
        "parts": change.bars if change else [],
    }


def _split(
    account: Account | None, run: ValuationRun, before: ValuationRun
) -> ValueChange:
    if account is None:
        change = changes.change_of_firm(run=run, before=before)
    else:
        change = changes.change_of_account(account=account, run=run, before=before)
    if change is None:
        raise CannotBeSplit
    return change
