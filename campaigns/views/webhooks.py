"""Other systems: which automations may call, and the journal of what was sent."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import permissions
from campaigns.forms.automations import EndpointForm
from campaigns.models import WebhookCall, WebhookEndpoint
from campaigns.services.automations import webhooks
from common.access import requires
from common.errors import DomainError
from common.paging import Sort, keyset_page
from crm.requests import SignedInRequest

PAGE_SIZE = 50
NEWEST = Sort("newest", "pk", descending=True, parse=int)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_WEBHOOKS)
def webhook_list(request: SignedInRequest) -> HttpResponse:
    """Show other systems and what was sent to them; a POST enters another one."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = webhooks.create_endpoint(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            messages.success(request, f"Entered: {made}. Give it its secret.")
            return redirect("campaigns:webhook_list")
    calls = WebhookCall.objects.select_related("endpoint", "account", "firing")
    cursor = request.GET.get("cursor", "")
    context = {
        "form": form,
        "endpoints": WebhookEndpoint.objects.all(),
        "page": keyset_page(calls, sort=NEWEST, cursor=cursor, size=PAGE_SIZE),
    }
    status = 422 if form.errors else 200
    return render(request, "campaigns/automations/systems.html", context, status=status)


@require_POST
@requires(permissions.CHANGE_WEBHOOKS)
def webhook_switch(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let a system be called, or its messages wait."""
    endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
    seen = request.POST.get("version", "")
    try:
        webhooks.change_endpoint(
            actor=request.user,
            endpoint=endpoint,
            expected_version=int(seen) if seen.isdecimal() else None,
            is_active=request.POST.get("is_active") == "on",
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        word = "called again" if endpoint.is_active else "not called any more"
        messages.success(request, f"{endpoint} is {word}.")
    return redirect("campaigns:webhook_list")


@require_POST
@requires(permissions.CHANGE_WEBHOOKS)
def webhook_replay(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send one message again."""
    call = get_object_or_404(WebhookCall, pk=pk)
    try:
        webhooks.replay(actor=request.user, call=call)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "It is sent again within a minute.")
    return redirect("campaigns:webhook_list")
