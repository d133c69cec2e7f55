"""The palette's search over the API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.folding import LONGEST
from common.resources import Resource
from config.palette import search
from crm import permissions
from crm.models import Account


class FoundOut(serializers.Serializer[Any]):
    """One thing found: what it is, where it opens, and what its account is worth."""

    title = serializers.CharField(source="hit.title")
    detail = serializers.CharField(source="hit.detail")
    url = serializers.CharField(source="hit.url")
    account = serializers.IntegerField(source="hit.account_id", allow_null=True)
    worth_class = serializers.CharField(allow_null=True)
    clv = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)


class SectionOut(serializers.Serializer[Any]):
    """Things of one kind, the best first."""

    title = serializers.CharField()
    lines = FoundOut(many=True)


class SearchResource(Resource):
    """Everything that begins with the words of `q`, as the palette shows it."""

    queryset = Account.objects.none()  # the router asks for one; nothing is read here
    read_access = permissions.VIEW_ACCOUNTS
    output = SectionOut
    list_parameters = frozenset({"q"})
    pagination_class = None

    @extend_schema(
        parameters=[OpenApiParameter("q", str, description="words to begin with")],
        responses=SectionOut(many=True),
    )
    def list(self, request: Request) -> Response:
        typed = request.query_params.get("q", "")[:LONGEST]
        return Response(SectionOut(search(self.actor, typed), many=True).data)
