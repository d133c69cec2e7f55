"""The budget of care over the API."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import PlanVersion
from campaigns.queries.budget import budget
from common.resources import Resource
from segments.permissions import VIEW_DASHBOARD


class Amount(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=18, decimal_places=2, **kwargs)


class BudgetOut(serializers.Serializer[Any]):
    """One head of one class; planned is null without a plan, justified if not known."""

    worth_class = serializers.CharField()
    members = serializers.IntegerField()
    head = serializers.CharField()
    spent = Amount()
    planned = Amount(allow_null=True)
    justified = Amount(allow_null=True)


class BudgetResource(Resource):
    """What care costs by class and head: spent, planned for a year, justified."""

    read_access = VIEW_DASHBOARD
    queryset = PlanVersion.objects.none()
    output = BudgetOut
    is_shared = True
    pagination_class = None

    def list(self, request: Request) -> Response:
        rows = [
            {
                "worth_class": row.worth_class.value,
                "members": row.members,
                "head": cell.head,
                "spent": cell.spent,
                "planned": cell.planned,
                "justified": cell.justified,
            }
            for row in budget().rows
            for cell in row.cells
        ]
        return Response(self.get_serializer(rows, many=True).data)
