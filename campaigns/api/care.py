"""CARE over the API."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from campaigns import permissions
from campaigns.api.budget import Amount
from campaigns.api.scoped import ScopedReport
from campaigns.queries.care_report import ASKED, care_report
from segments.queries.scope import Scope


class CareReportOut(serializers.Serializer[Any]):
    """One purpose, "other", or all; `clv_gained` is null without two nights."""

    purpose = serializers.CharField(source="key")
    accounts = serializers.IntegerField(allow_null=True)
    contacts = serializers.IntegerField()
    minutes = serializers.IntegerField()
    money = Amount()
    clv_gained = Amount(source="gain", allow_null=True)


class CareResource(ScopedReport):
    """Effort and CLV gained by purpose; a rep reads those of their own accounts."""

    read_access = permissions.VIEW_TODAY
    asked = ASKED
    output = CareReportOut

    def rows(self, scope: Scope) -> Sequence[Any]:
        found = care_report(scope)
        return [*found.rows, found.total]
