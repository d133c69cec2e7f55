"""The value page over the API: every block as a table, for a night and a filter."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.resources import Resource
from segments import permissions
from segments.api.forecast import NoForecastYet
from segments.models import ClassTotal
from segments.queries.blocks import BLOCKS
from segments.queries.scope import Scope
from segments.queries.scope_form import FIELDS


class NothingValuedYet(NoForecastYet):
    default_code = "nothing_valued_yet"


class BlockOut(serializers.Serializer[Any]):
    """One block: the night it is of, its columns, and a list of values per row.

    Money is a text with two decimals; what is not known is null.
    """

    key = serializers.CharField()
    title = serializers.CharField()
    run = serializers.IntegerField()
    as_of = serializers.DateField()
    accounts = serializers.CharField(help_text="which accounts, in words")
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField())


class BlockNameOut(serializers.Serializer[Any]):
    """One block that can be asked for."""

    key = serializers.CharField()
    title = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())


PARAMETERS = [
    OpenApiParameter(name, str, description="As in the filter bar of the page.")
    for name in FIELDS
]


class ValueBlockResource(Resource):
    """What the value page shows, block by block."""

    read_access = permissions.VIEW_DASHBOARD
    queryset = ClassTotal.objects.none()
    output = BlockNameOut
    outputs = {"retrieve": BlockOut}
    pagination_class = None
    lookup_url_kwarg = "key"
    lookup_value_converter = "slug"
    is_shared = True

    def _known_parameters(self) -> frozenset[str]:
        return frozenset(FIELDS) if self.action == "retrieve" else frozenset()

    def list(self, request: Request) -> Response:
        """Name the blocks that there are."""
        rows = [
            {"key": key, "title": block.title, "columns": block.columns}
            for key, block in BLOCKS.items()
        ]
        return Response(self.get_serializer(rows, many=True).data)

    @extend_schema(parameters=PARAMETERS)
    def retrieve(self, request: Request, key: str) -> Response:
        """Return one block as of a night, for the accounts of a filter."""
        if key not in BLOCKS:
            raise NotFound("There is no such block.")
        scope = Scope.read(request.query_params, self.actor)
        if not scope.is_valid:
            raise ValidationError(
                {
                    name: [str(one) for one in said]
                    for name, said in scope.form.errors.items()
                }
            )
        if scope.run is None:
            raise NothingValuedYet
        block = BLOCKS[key]
        shown = {
            "key": key,
            "title": block.title,
            "run": scope.run.pk,
            "as_of": scope.run.as_of,
            "accounts": scope.text,
            "columns": block.columns,
            "rows": [[_plain(value) for value in row] for row in block.rows(scope)],
        }
        return Response(self.get_serializer(shown).data)


def _plain(value: object) -> object:
    """Return money as a text, because numbers of programs have no cents."""
    return str(value) if isinstance(value, Decimal) else value
