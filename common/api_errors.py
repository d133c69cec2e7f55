"""How the API answers what goes wrong."""

from typing import Any

from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from common.api import PreconditionFailed
from common.errors import DomainError, StaleRecordError


def answer_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer a refusal of the domain as 400 (412 when stale), with its code."""
    if isinstance(exc, StaleRecordError):
        return exception_handler(PreconditionFailed(), context)
    if isinstance(exc, DomainError):
        body: dict[str, Any] = {"code": exc.code, "detail": exc.message}
        if exc.field:
            body = {"code": exc.code, exc.field: [exc.message]}
        return Response(body, status=status.HTTP_400_BAD_REQUEST)
    return exception_handler(exc, context)
