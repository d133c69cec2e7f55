"""How the API answers what goes wrong."""

import math
from typing import Any

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import ErrorDetail, Throttled
from rest_framework.response import Response
from rest_framework.views import exception_handler

from common.api import PreconditionFailed
from common.errors import DomainError, StaleRecordError, UndecidedError


def answer_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer with a stable code for programs and words for people.

    A refusal of the domain is 400, 412 when the record was stale, and 409 with what
    there is to decide when something is to be decided first. It stands under the field
    that it belongs to.
    """
    if isinstance(exc, StaleRecordError):
        exc = PreconditionFailed()
    if isinstance(exc, UndecidedError):
        said = {"code": exc.code, "detail": exc.message, **exc.facts}
        return Response(said, status=status.HTTP_409_CONFLICT)
    if isinstance(exc, DomainError):
        body: dict[str, Any] = {"code": exc.code, "detail": exc.message}
        if exc.field:
            body = {"code": exc.code, exc.field: [exc.message]}
        return Response(body, status=status.HTTP_400_BAD_REQUEST)
    if isinstance(exc, Throttled):
        seconds = math.ceil(getattr(exc, "wait", None) or 1)
        exc.detail = ErrorDetail(
            f"A token may call {settings.API_CALLS_A_MINUTE} times a minute, and this "
            f"one has. Call again in {seconds} s.",
            code=exc.default_code,
        )
    response = exception_handler(exc, context)
    if response is not None and isinstance(response.data, dict):
        detail = response.data.get("detail")
        if isinstance(detail, ErrorDetail):
            response.data = {"code": detail.code, **response.data}
    return response
