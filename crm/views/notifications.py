"""What a person is told: the bell, the page, and the daily mail on or off."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from common.access import SIGNED_IN, requires
from common.paging import Sort, keyset_page
from crm.models import Notification
from crm.queries.unread import unread_count
from crm.requests import SignedInRequest
from crm.services import notifications

NEWEST = Sort(
    "created", "created_at", descending=True, tie_breaker="id", tie_turns=True
)
PLACES = ("side", "top")


@require_GET
@requires(SIGNED_IN)
def notification_list(request: SignedInRequest) -> HttpResponse:
    """Show what the person was told, newest first."""
    rows = Notification.objects.visible_to(request.user).select_related("actor")
    is_unread_only = request.GET.get("unread") == "1"
    if is_unread_only:
        rows = rows.unread()
    page = keyset_page(rows, sort=NEWEST, cursor=request.GET.get("cursor", ""))
    context = {"page": page, "is_unread_only": is_unread_only}
    return render(request, "crm/notifications/list.html", context)


@require_GET
@requires(SIGNED_IN)
def notification_bell(request: SignedInRequest) -> HttpResponse:
    """Return the bell anew, with how many are unread by now."""
    place = request.GET.get("place", "")
    context = {
        "place": place if place in PLACES else PLACES[0],
        "unread": unread_count(request.user),
    }
    return render(request, "common/_bell.html", context)


@require_POST
@requires(SIGNED_IN)
def notification_read(request: SignedInRequest, pk: int) -> HttpResponse:
    """Note that one was read; open what it is about if that was asked for."""
    row = get_object_or_404(Notification.objects.visible_to(request.user), pk=pk)
    notifications.read(actor=request.user, notification=row)
    return redirect(row.url if "open" in request.POST else "crm:notification_list")


@require_POST
@requires(SIGNED_IN)
def notification_read_all(request: SignedInRequest) -> HttpResponse:
    """Note that all were read."""
    count = notifications.read_all(actor=request.user)
    messages.success(request, f"{count} marked read." if count else "Nothing unread.")
    return redirect("crm:notification_list")


@require_POST
@requires(SIGNED_IN)
def notification_digest(request: SignedInRequest) -> HttpResponse:
    """Switch one's own daily mail; it is on unless the answer says off."""
    wanted = request.POST.get("digest") != "off"
    notifications.choose_digest(actor=request.user, wants_digest=wanted)
    messages.success(
        request, "The daily mail is on." if wanted else "The daily mail is off."
    )
    return redirect("crm:notification_list")
