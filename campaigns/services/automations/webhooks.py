"""Calls to other systems: entered, written down with the firing, sent until answered.

Messages are signed as Standard Webhooks says (https://www.standardwebhooks.com): the
receiver checks `webhook-signature` over id, time and body with the endpoint's secret,
and leaves out an id that it has seen.
"""

import base64
import datetime as dt
import hashlib
import hmac
import json
import logging
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.choices import CallStatus
from campaigns.errors import CannotSaveWebhookError
from campaigns.models import Firing, WebhookCall, WebhookEndpoint
from common import safe_http
from common.errors import DomainError
from common.versions import save_changes
from crm.models import Account, User
from crm.services import audit

log = logging.getLogger(__name__)

SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"  # noqa: S105  the prefix, not the secret
LEASE = dt.timedelta(seconds=60)
FIRST_WAIT = dt.timedelta(seconds=10)
LONGEST_WAIT = dt.timedelta(hours=6)
GIVE_UP_AFTER = dt.timedelta(hours=72)
OTHERS_WAIT = dt.timedelta(seconds=30)
LONGEST_PASS = 25.0  # seconds
LONGEST_ANSWER = 500
_LOCK = 5_310_619


def rules() -> safe_http.Rules:
    """Return what may be called from this installation."""
    return safe_http.Rules(
        allows_http=settings.DEBUG, inside=frozenset(settings.WEBHOOK_INSIDE_HOSTS)
    )


@transaction.atomic
def create_endpoint(*, actor: User, name: str, url: str) -> WebhookEndpoint:
    """Enter another system; its secret is made here.

    Raises
    ------
    CannotSaveWebhookError, BadAddressError
        If the name is taken or empty, or the address is none that is called.
    """
    name, url = _checked(name, url)
    secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    try:
        with transaction.atomic():
            endpoint = WebhookEndpoint.objects.create(
                name=name, url=url, secret=f"{SECRET_PREFIX}{secret}"
            )
    except IntegrityError as error:
        raise CannotSaveWebhookError(
            "There is a system of this name.", field="name"
        ) from error
    endpoint.refresh_from_db()
    audit.record(actor=actor, action="webhook.created", subject=endpoint)
    return endpoint


@transaction.atomic
def change_endpoint(
    *,
    actor: User,
    endpoint: WebhookEndpoint,
    expected_version: int | None = None,
    **changes: Any,
) -> WebhookEndpoint:
    """Change its name, address, or whether it is called at all.

    Switched off, its messages wait; switched on again, those not given up are sent.

    Raises
    ------
    CannotSaveWebhookError, BadAddressError, StaleRecordError
        As for a new one; or somebody else changed it.
    """
    name, url = _checked(
        changes.get("name", endpoint.name), changes.get("url", endpoint.url)
    )
    try:
        with transaction.atomic():
            save_changes(
                endpoint,
                expected_version=expected_version,
                name=name,
                url=url,
                is_active=changes.get("is_active", endpoint.is_active),
            )
    except IntegrityError as error:
        raise CannotSaveWebhookError(
            "There is a system of this name.", field="name"
        ) from error
    audit.record(actor=actor, action="webhook.changed", subject=endpoint)
    return endpoint


def plan_call(
    *,
    endpoint: WebhookEndpoint,
    account: Account,
    firing: Firing | None,
    payload: Mapping[str, Any],
) -> WebhookCall:
    """Write one message down, in the transaction of the firing; it is sent later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, account.pk % 2**31]
        )
    told = WebhookCall.objects.filter(endpoint=endpoint, account=account)
    last = told.aggregate(last=Max("sequence"))["last"] or 0
    event_id = uuid.uuid4()
    body = {"id": str(event_id), "sequence": last + 1, **payload}
    call = WebhookCall.objects.create(
        endpoint=endpoint,
        account=account,
        firing=firing,
        event_id=event_id,
        sequence=last + 1,
        body=json.dumps(body, ensure_ascii=False),
        give_up_at=timezone.now() + GIVE_UP_AFTER,
    )
    call.refresh_from_db()
    return call


@transaction.atomic
def replay(*, actor: User, call: WebhookCall) -> WebhookCall:
    """Send a message again, with the same id; the receiver knows if it has it.

    Raises
    ------
    CannotSaveWebhookError
        If it waits to be sent anyway.
    """
    rows = WebhookCall.objects.select_for_update().filter(
        pk=call.pk, status__in=(CallStatus.DELIVERED, CallStatus.GIVEN_UP)
    )
    now = timezone.now()
    if not rows.update(
        status=CallStatus.PLANNED,
        not_before=now,
        give_up_at=now + GIVE_UP_AFTER,
        attempts=0,
        finished_at=None,
    ):
        raise CannotSaveWebhookError("It is on its way already.")
    audit.record(actor=actor, action="webhook.replayed", subject=call)
    call.refresh_from_db()
    return call


def send_due(*, seconds: float = LONGEST_PASS) -> int:
    """Send what is due, one message after the other; return how many were answered.

    A message is claimed by a lease of its own before it is sent. Who dies while sending
    leaves it to the next, which sends the same id again. What an endpoint does not
    answer makes its other messages wait, so that it does not hold up the rest.
    """
    answered, ends = 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        call = _claim()
        if call is None:
            break
        answered += _send(call)
    return answered


@transaction.atomic
def _claim() -> WebhookCall | None:
    """Take the message that is due longest, also one whose sender died."""
    now = timezone.now()
    waits = Q(status__in=(CallStatus.PLANNED, CallStatus.RETRY), not_before__lte=Now())
    left = Q(status=CallStatus.CALLING, leased_until__lt=Now())
    rows = WebhookCall.objects.select_for_update(skip_locked=True, of=("self",))
    call = (
        rows.filter(waits | left, endpoint__is_active=True)
        .select_related("endpoint")
        .order_by("not_before", "pk")
        .first()
    )
    if call is None:
        return None
    call.status = CallStatus.CALLING
    call.lease = uuid.uuid4()
    call.leased_until = now + LEASE
    call.attempts += 1
    call.save(update_fields=["status", "lease", "leased_until", "attempts"])
    return call


def _send(call: WebhookCall) -> bool:
    body = call.body.encode()
    try:
        answer = safe_http.post(
            call.endpoint.url, body, headers_of(call), rules=rules()
        )
    except (DomainError, safe_http.NoAnswerError) as error:
        _note(call, status=None, answer=str(error))
        return False
    _note(call, status=answer.status, answer=answer.text)
    return 200 <= answer.status < 300  # noqa: PLR2004


def headers_of(call: WebhookCall, *, now: dt.datetime | None = None) -> dict[str, str]:
    """Return the headers of a message, its signature among them."""
    stamp = str(int((now or timezone.now()).timestamp()))
    return {
        "Content-Type": "application/json",
        "User-Agent": "Perennial-Webhooks/1",
        "Webhook-Id": str(call.event_id),
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": signature(
            call.endpoint.secret, str(call.event_id), stamp, call.body
        ),
    }


def signature(secret: str, event_id: str, stamp: str, body: str) -> str:
    """Return what a receiver works out as well, with the secret it was given."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{event_id}.{stamp}.{body}".encode()
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


@transaction.atomic
def _note(call: WebhookCall, *, status: int | None, answer: str) -> None:
    """Write down what came of it, unless somebody else took the message over."""
    now = timezone.now()
    is_done = status is not None and 200 <= status < 300  # noqa: PLR2004
    wait = min(FIRST_WAIT * 2 ** min(call.attempts - 1, 20), LONGEST_WAIT)
    is_over = not is_done and now + wait > call.give_up_at
    ending = CallStatus.GIVEN_UP if is_over else CallStatus.RETRY
    rows = WebhookCall.objects.filter(pk=call.pk, lease=call.lease)
    changed = rows.update(
        status=CallStatus.DELIVERED if is_done else ending,
        http_status=status,
        answer=answer.replace("\x00", "")[:LONGEST_ANSWER],
        lease=None,
        leased_until=None,
        not_before=now + wait,
        finished_at=now if is_done or is_over else None,
    )
    if changed and not is_done:
        log.info("Webhook %s was not taken: %s", call.event_id, status or answer)
        others = WebhookCall.objects.waiting().filter(endpoint_id=call.endpoint_id)
        others = others.exclude(pk=call.pk).filter(not_before__lt=now + OTHERS_WAIT)
        others.update(not_before=F("not_before") + OTHERS_WAIT)


def _checked(name: str, url: str) -> tuple[str, str]:
    name, url = " ".join(name.split()), url.strip()
    if not 0 < len(name) <= 100:  # noqa: PLR2004
        raise CannotSaveWebhookError("A name has from 1 to 100 letters.", field="name")
    safe_http.check_url(url, rules())
    return name, url
