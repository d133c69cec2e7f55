"""Gut versus data over the API: name accounts blind, and compare."""

from typing import Any

import django_filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer
from common.api_fields import RecordFilter, RecordId
from common.clock import business_today
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from segments import permissions
from segments.api.matrix import Amount
from segments.models import Nomination
from segments.policy import MOST_NAMED
from segments.queries.gut import Compared, compared, sides_of
from segments.services import gut


class NominationIn(StrictSerializer):
    """The accounts that will bring the most profit from now on; submitted at once."""

    accounts = serializers.ListField(
        child=RecordId(), allow_empty=False, max_length=MOST_NAMED
    )


class NominatedOut(serializers.Serializer[Any]):
    """One account as its night ranked it among all of the person's; 1 is the best."""

    account = serializers.IntegerField(source="account_id")
    is_named = serializers.BooleanField()
    is_best = serializers.BooleanField()
    rank = serializers.IntegerField()
    clv_rank = serializers.IntegerField()
    future_value = Amount()
    clv = Amount()


class LaterOut(serializers.Serializer[Any]):
    """What both choices brought some months on; null while it is not known."""

    months = serializers.IntegerField()
    on = serializers.DateField()
    gut = Amount(allow_null=True)
    data = Amount(allow_null=True)  # type: ignore[assignment]
    winner = serializers.CharField()
    sentence = serializers.CharField()


class NominationOut(serializers.Serializer[Any]):
    """One submitted list beside what the data says."""

    id = serializers.IntegerField(source="nomination.pk")
    author = serializers.IntegerField(source="nomination.author_id")
    quarter = serializers.DateField(source="nomination.quarter")
    as_of = serializers.DateField(source="nomination.as_of")
    submitted_at = serializers.DateTimeField(source="nomination.submitted_at")
    among = serializers.IntegerField(source="agreement.among")
    named = serializers.IntegerField(source="agreement.size")
    both = serializers.IntegerField(source="agreement.both")
    both_by_clv = serializers.IntegerField(source="nomination.both_by_clv")
    agreement = serializers.FloatField(source="agreement.share")
    by_chance = serializers.FloatField(source="agreement.by_chance")
    beyond_chance = serializers.FloatField(
        source="agreement.beyond_chance", allow_null=True
    )
    later = LaterOut(many=True)


class NominationWithAccountsOut(NominationOut):
    """The same with its accounts."""

    accounts = serializers.SerializerMethodField()

    def get_accounts(self, found: Compared) -> list[dict[str, Any]]:
        sides = sides_of(found.nomination)
        rows = [*sides.both, *sides.gut, *sides.data]
        return list(NominatedOut(rows, many=True).data)


class NominationFilter(django_filters.FilterSet):
    author = RecordFilter("author_id")

    class Meta:
        model = Nomination
        fields = ("author", "quarter")


class NominationResource(Listed, Shown, Resource):
    """Lists that were submitted. POST names accounts of this quarter, for good."""

    read_access = permissions.VIEW_CLASSES
    write_access = permissions.NOMINATE_ACCOUNTS
    queryset = Nomination.objects.submitted()
    output = NominationWithAccountsOut
    inputs = {"create": NominationIn}
    outputs = {"list": NominationOut}
    filterset_class = NominationFilter

    def list(self, request: Request) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        found = compared(rows or [], business_today())
        return self.get_paginated_response(self.get_serializer(found, many=True).data)

    def retrieve(self, request: Request, pk: int) -> Response:
        return self._answer(self.get_object(), 200)

    @acts_once
    def create(self, request: Request) -> Response:
        accounts = self.read(request)["accounts"]
        made = gut.nominate(actor=self.actor, accounts=set(accounts))
        return self._answer(made, 201)

    def _answer(self, nomination: Nomination, status: int) -> Response:
        (found,) = compared([nomination], business_today())
        return Response(self.get_serializer(found).data, status=status)
