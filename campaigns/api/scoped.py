"""Reports of the filter bar over the API: one row for each group, read only."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import RetentionPlan
from common.resources import Resource
from segments.permissions import VIEW_DASHBOARD
from segments.queries.scope import Scope
from segments.queries.scope_form import FIELDS


class ScopedReport(Resource):
    """A report on what the parameters of the filter bar in `asked` ask for."""

    read_access = VIEW_DASHBOARD
    queryset = RetentionPlan.objects.none()
    pagination_class = None
    filter_backends = ()
    is_shared = True
    asked: ClassVar[Collection[str]] = FIELDS

    def rows(self, scope: Scope) -> Sequence[Any]:
        """Return what the report says, row by row."""
        raise NotImplementedError

    def list(self, request: Request) -> Response:
        scope = Scope.read(request.query_params, self.actor, only=self.asked)
        if not scope.is_valid:
            errors = scope.form.errors.items()
            raise serializers.ValidationError(
                {name: [str(one) for one in texts] for name, texts in errors}
            )
        return Response(self.get_serializer(self.rows(scope), many=True).data)

    def _known_parameters(self) -> frozenset[str]:
        return frozenset(self.asked)
