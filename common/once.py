"""Idempotency keys: a repeated API call acts once and is answered alike."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from common.models import AnsweredCall

HEADER = "Idempotency-Key"
KEPT_FOR = dt.timedelta(days=7)
LONGEST_KEY = 200

Handler = Callable[..., Response]


class KeyReused(APIException):
    """The key was used for a call with another body."""

    status_code = 422
    default_detail = "This Idempotency-Key was used for another body."
    default_code = "key_reused"


def acts_once(handler: Handler) -> Handler:
    """Let a call with an Idempotency-Key act once, however often it is repeated.

    The first call's answer is kept for seven days and given to every repeat. A refused
    call keeps nothing, so that the mended one may use the same key.
    """

    @wraps(handler)
    def guarded(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not (key.isascii() and key.isprintable() and 0 < len(key) < LONGEST_KEY):
            raise ValidationError({HEADER: ["Send up to 199 plain characters."]})
        with transaction.atomic():
            # Whoever inserts first acts; a repeat waits here for its commit.
            call, is_first = AnsweredCall.objects.get_or_create(
                caller_id=_caller(request),
                route=f"{request.method} {request.path}"[:LONGEST_KEY],
                key=key,
                defaults={"body_hash": _hash(request.data)},
            )
            if not is_first:
                return _repeat(call, request)
            response = handler(view, request, *args, **kwargs)
            _keep(call, response)
        return response

    guarded.acts_once = True  # type: ignore[attr-defined]
    return guarded


def _caller(request: Request) -> int:
    return int(request.user.pk or 0)


def _hash(body: Any) -> str:
    text = json.dumps(body, sort_keys=True, cls=JSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def _repeat(call: AnsweredCall, request: Request) -> Response:
    if call.body_hash != _hash(request.data):
        raise KeyReused
    response = Response(json.loads(call.answer), status=call.status)
    if call.etag:
        response["ETag"] = call.etag
    return response


def _keep(call: AnsweredCall, response: Response) -> None:
    call.status = response.status_code
    call.answer = json.dumps(response.data, cls=JSONEncoder)
    call.etag = response.get("ETag", "")
    call.save(update_fields=["status", "answer", "etag"])
    AnsweredCall.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
