"""The quick log without a network: what waits on a device is sent later, once."""

import hashlib
import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from common.access import for_everybody, requires
from common.errors import DomainError
from crm import permissions
from crm.forms.touchpoints import QuickLogForm
from crm.requests import SignedInRequest
from crm.services import touchpoints

# What the page needs that opens without a network; none of it knows a customer.
ASSETS = (
    "vendor/tabler.min.css",
    "vendor/htmx.min.js",
    "css/tokens.css",
    "css/base.css",
    "css/components.css",
    "css/pages.css",
    "css/touch.css",
    "js/theme.js",
    "js/content.js",
    "js/toast.js",
    "js/menu.js",
    "js/keys.js",
    "js/log-queue.js",
    "img/mark.svg",
)
PAGE = "crm/touchpoints/offline.html"
PARTS = (PAGE, "crm/touchpoints/_waiting.html", "common/_brand.html", "base.html")


@require_GET
@requires(permissions.LOG_TOUCHPOINTS)
def log_ready(request: SignedInRequest) -> HttpResponse:
    """Tell a device that waits who is signed in, and the token to send with."""
    return JsonResponse({"user": request.user.pk, "csrf": get_token(request)})


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def log_send(request: SignedInRequest) -> HttpResponse:
    """Store one line that waited; sent twice, it is stored once."""
    form = QuickLogForm(request.POST, actor=request.user)
    if form.is_valid():
        try:
            stored = touchpoints.log_touchpoint(actor=request.user, **form.values())
        except DomainError as error:
            form.add_refusal(error)
        else:
            kind = stored.get_channel_display()
            text = f"Sent: {kind}, {stored.contact or stored.account}"
            undo = reverse("crm:touchpoint_undo", args=[stored.pk])
            return JsonResponse({"text": text, "id": stored.pk, "undo": undo})
    return JsonResponse({"reason": _reasons(form)}, status=422)


@require_GET
@for_everybody
def log_offline(request: HttpRequest) -> HttpResponse:
    """Return the page that a device keeps: a form, and no customer's data."""
    return render(request, PAGE)


@require_GET
@for_everybody
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the worker that opens the kept page when the network is gone.

    Its version follows from what it keeps, so that a release replaces it.
    """
    page = reverse("crm:log_offline")
    assets = [static(name) for name in ASSETS]
    kept = "".join([*(_source(name) for name in PARTS), *assets])
    facts: dict[str, Any] = {
        "version": hashlib.sha256(kept.encode()).hexdigest()[:16],
        "page": page,
        "assets": assets,
    }
    lines = (
        f"self.kept = {json.dumps(facts)};",
        f"importScripts({json.dumps(static('js/offline-worker.js'))});",
        "",
    )
    response = HttpResponse("\n".join(lines), content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


def _source(name: str) -> str:
    template: Any = get_template(name)
    return str(template.template.source)


def _reasons(form: QuickLogForm) -> str:
    """Return the refusals in one text, each said once."""
    found = [str(text) for texts in form.errors.values() for text in texts]
    return " ".join(dict.fromkeys(found))
