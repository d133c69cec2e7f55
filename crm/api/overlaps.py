"""The duplicate-effort report over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.resources import Resource
from crm import permissions
from crm.models import Account
from crm.queries.radar import overlap_totals, overlaps

MOST_ROWS = 200


class OverlapContactOut(serializers.Serializer[Any]):
    """One contact that stands close to one by somebody else."""

    id = serializers.IntegerField(source="pk")
    who = serializers.CharField(source="user.name")
    at = serializers.DateTimeField(source="occurred_at")
    channel = serializers.CharField()
    minutes = serializers.IntegerField(allow_null=True)


class OverlapOut(serializers.Serializer[Any]):
    """One account with its contacts; minutes were spent after somebody else's."""

    account = serializers.IntegerField(source="account.pk")
    name = serializers.CharField(source="account.name")
    minutes_twice = serializers.IntegerField(source="minutes")
    unknown_count = serializers.IntegerField()
    contacts = OverlapContactOut(many=True)


@extend_schema_serializer(many=False)
class OverlapsOut(serializers.Serializer[Any]):
    """The totals of the period, and the accounts with the most minutes."""

    account_count = serializers.IntegerField()
    minutes_twice = serializers.IntegerField()
    unknown_count = serializers.IntegerField()
    results = OverlapOut(many=True)


class OverlapResource(Resource):
    """Accounts that several of us contacted within days of each other."""

    read_access = permissions.VIEW_OVERLAP
    queryset = Account.objects.active()
    output = OverlapsOut

    @extend_schema(responses=OverlapsOut)
    def list(self, request: Request) -> Response:
        totals = overlap_totals(self.actor)
        found = {
            "account_count": totals.account_count,
            "minutes_twice": totals.minutes,
            "unknown_count": totals.unknown_count,
            "results": overlaps(self.actor, most=MOST_ROWS),
        }
        return Response(OverlapsOut(found).data)
