"""The budget of care over the API."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from campaigns.api.scoped import ScopedReport
from campaigns.queries.budget import ASKED, budget
from segments.queries.scope import Scope


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


class BudgetResource(ScopedReport):
    """What care costs by class and head: spent, planned for a year, justified."""

    asked = ASKED
    output = BudgetOut

    def rows(self, scope: Scope) -> Sequence[Any]:
        return [
            {
                "worth_class": row.worth_class.value,
                "members": row.members,
                "head": cell.head,
                "spent": cell.spent,
                "planned": cell.planned,
                "justified": cell.justified,
            }
            for row in budget(scope).rows
            for cell in row.cells
        ]
