"""Mails to customers: the list, one mail, and what to do about it."""

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from campaigns import permissions
from campaigns.models import Delivery
from campaigns.services import resending, transports
from campaigns.services.mail_texts import body_of
from campaigns.views.lists import export_list, show_list
from common.access import requires
from common.errors import DomainError
from crm.choices import ListKey
from crm.requests import SignedInRequest

ACTS = {
    "resend": (resending.resend, "It goes out again."),
    "confirm": (resending.confirm, "Counted as arrived."),
    "cancel": (resending.cancel, "Called back. It does not leave."),
}


@require_GET
@requires(permissions.VIEW_PLANS)
def delivery_list(request: SignedInRequest) -> HttpResponse:
    return show_list(request, ListKey.DELIVERIES)


@require_POST
@requires(permissions.VIEW_PLANS)
def delivery_export(request: SignedInRequest) -> StreamingHttpResponse:
    return export_list(request, ListKey.DELIVERIES)


@require_GET
@requires(permissions.VIEW_PLANS)
def delivery_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    mail = _mail(request, pk)
    may = request.user.has_perm(permissions.DO_TOUCHES)
    context = {
        "mail": mail,
        "body": body_of(mail),
        "may_resend": may and mail.status in resending.MAY_RESEND,
        "may_cancel": may and mail.status in resending.MAY_CANCEL,
        "is_unconfirmed": mail.status == "unconfirmed",
        "is_server_set": transports.is_server_set(),
    }
    return render(request, "campaigns/deliveries/detail.html", context)


@require_POST
@requires(permissions.DO_TOUCHES)
def delivery_act(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send a mail again, call it back, or say that it arrived."""
    mail = _mail(request, pk)
    act, said = ACTS.get(request.POST.get("act", ""), (None, ""))
    if act is None:
        messages.error(request, "Choose what is to be done.")
        return redirect("campaigns:delivery_detail", pk)
    try:
        act(actor=request.user, delivery=mail)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect("campaigns:delivery_detail", pk)


def _mail(request: SignedInRequest, pk: int) -> Delivery:
    mine = Delivery.objects.visible_to(request.user)
    related = ("account__owner", "contact", "author", "touch__template")
    return get_object_or_404(mine.select_related(*related), pk=pk)
