"""The rows of a list over the API: the same filters, order and columns as its page."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.queries.lists.base import PAGE_SIZE, Listing
from campaigns.queries.lists.kinds import KINDS, Kind
from common.resources import Resource
from crm import permissions
from crm.models import Account

MOST_ROWS = 200
OWN_PARAMETERS = frozenset({"sort", "columns", "view", "cursor", "page_size"})


class NamedOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()


class ListOut(serializers.Serializer[Any]):
    """One list, and what its address may say."""

    key = serializers.CharField()
    title = serializers.CharField()
    columns = NamedOut(many=True)
    filters = NamedOut(many=True)
    sorts = serializers.ListField(child=serializers.CharField())


class RowOut(serializers.Serializer[Any]):
    """One row: the record's number, and a value for each column, as in the CSV."""

    id = serializers.IntegerField()
    values = serializers.DictField(child=serializers.JSONField(allow_null=True))


@extend_schema_serializer(many=False)
class RowsOut(serializers.Serializer[Any]):
    """One page of a list. `count` goes no further than the page of the list counts."""

    key = serializers.CharField()
    sort = serializers.CharField()
    columns = NamedOut(many=True)
    count = serializers.IntegerField()
    has_more = serializers.BooleanField(help_text="whether more match than `count`")
    next = serializers.CharField(allow_blank=True)
    previous = serializers.CharField(allow_blank=True)
    rows = RowOut(many=True)


class SizeIn(serializers.Serializer[Any]):
    page_size = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_ROWS
    )
    cursor = serializers.CharField(required=False, max_length=1000)


class ListResource(Resource):
    """Accounts, prospects, contacts, tasks as people see them in lists.

    The parameters are those of the list's page, so that a query copied from an address
    answers with the rows of that page: each filter by its key, `sort` (a minus before
    it turns it round), `columns` with commas between them.
    """

    queryset = Account.objects.none()  # the router asks for one; nothing is read here
    read_access = permissions.VIEW_ACCOUNTS
    output = RowsOut
    outputs = {"list": ListOut}
    pagination_class = None
    filter_backends = ()
    lookup_field = "key"
    lookup_value_converter = "slug"

    def _known_parameters(self) -> frozenset[str]:
        if self.action != "retrieve":
            return frozenset()
        listing = self._listing({})
        read = self._listing(self.request.query_params)
        return OWN_PARAMETERS | {*listing.form.filters, *read.form.filters}

    @extend_schema(summary="Read which lists there are", responses=ListOut(many=True))
    def list(self, request: Request) -> Response:
        return Response([_told(kind, kind.make(self.actor, {})) for kind in _kinds()])

    @extend_schema(
        summary="Read the rows of a list",
        parameters=[
            OpenApiParameter("key", str, OpenApiParameter.PATH),
            OpenApiParameter("sort", str),
            OpenApiParameter("columns", str),
            OpenApiParameter("cursor", str),
            OpenApiParameter("page_size", int),
        ],
        responses=RowsOut,
    )
    def retrieve(self, request: Request, key: str) -> Response:
        size = SizeIn(data=request.query_params.dict())
        size.is_valid(raise_exception=True)
        listing = self._listing(request.query_params)
        _refuse_unreadable(listing, request.query_params)
        page = listing.page(
            size.validated_data.get("cursor", ""),
            size.validated_data.get("page_size", PAGE_SIZE),
        )
        totals = listing.totals()
        answer = {
            "key": listing.key.value,
            "sort": listing.sort,
            "columns": _named(listing.columns),
            "count": totals.count,
            "has_more": totals.is_more,
            "next": page.next,
            "previous": page.previous,
            "rows": [
                {
                    "id": row.record.pk,
                    "values": {
                        one.key: _plain(one.export(row)) for one in listing.columns
                    },
                }
                for row in page.rows
            ],
        }
        return Response(answer)

    def _listing(self, given: Mapping[str, Any]) -> Listing:
        kind = KINDS.get(self.kwargs["key"])
        if kind is None:
            raise NotFound
        return kind.make(self.actor, given)


def _plain(value: Any) -> Any:
    """Return a value as the API writes it: amounts as text, to the cent."""
    return str(value) if isinstance(value, Decimal) else value


def _kinds() -> list[Kind]:
    return list(KINDS.values())


def _named(found: Any) -> list[dict[str, str]]:
    return [{"key": one.key, "title": one.title} for one in found]


def _told(kind: Kind, listing: Listing) -> dict[str, Any]:
    filters = listing.form.filters.values()
    return {
        "key": kind.key.value,
        "title": kind.title,
        "columns": _named(listing.offered),
        "filters": [{"key": one.key, "title": one.label} for one in filters],
        "sorts": list(listing.orders),
    }


def _refuse_unreadable(listing: Listing, given: Mapping[str, Any]) -> None:
    """Tell a program what a page would leave out because it cannot be read."""
    problems: dict[str, Any] = {**listing.form.errors}
    if given.get("sort") and given["sort"] != listing.sort:
        problems["sort"] = ["There is no such order."]
    known = {one.key for one in listing.offered}
    wanted = set((given.get("columns") or "").split(",")) - {""}
    if unknown := sorted(wanted - known):
        problems["columns"] = [f"There is no column {', '.join(unknown)}."]
    refusal = getattr(listing, "refusal", "")
    if refusal:
        problems["among"] = [refusal]
    if problems:
        raise ValidationError(problems)
