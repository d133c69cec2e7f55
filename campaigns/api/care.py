"""CARE over the API."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import permissions
from campaigns.api.budget import Amount
from campaigns.models import PlannedTouch
from campaigns.queries.care_report import ASKED, care_report
from common.resources import Resource
from segments.queries.scope import Scope


class CareReportOut(serializers.Serializer[Any]):
    """One purpose, "other", or all; `clv_gained` is null without two nights."""

    purpose = serializers.CharField(source="key")
    accounts = serializers.IntegerField(allow_null=True)
    contacts = serializers.IntegerField()
    minutes = serializers.IntegerField()
    money = Amount()
    clv_gained = Amount(source="gain", allow_null=True)


class CareResource(Resource):
    """Effort and CLV gained by purpose; a rep reads those of their own accounts."""

    read_access = permissions.VIEW_TODAY
    queryset = PlannedTouch.objects.none()
    output = CareReportOut
    pagination_class = None
    filter_backends = ()
    list_parameters = frozenset(ASKED)

    def list(self, request: Request) -> Response:
        scope = Scope.read(request.query_params, self.actor, only=ASKED)
        if not scope.is_valid:
            errors = scope.form.errors.items()
            raise serializers.ValidationError(
                {name: [str(one) for one in texts] for name, texts in errors}
            )
        found = care_report(scope)
        rows = [*found.rows, found.total]
        return Response(self.get_serializer(rows, many=True).data)
