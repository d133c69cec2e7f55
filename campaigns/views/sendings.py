"""One touch for a whole class: how it reads, who is left out, files to print."""

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from campaigns import permissions
from campaigns.choices import DeliveryStatus, OwnerRole
from campaigns.models import Delivery, TouchTemplate
from campaigns.queries.letters import recipients_of
from campaigns.queries.sendings import SAMPLES, audience, in_order, samples_of
from campaigns.services import (
    class_wide,
    letters,
    resending,
    sendings,
    touch_gate,
    transports,
)
from campaigns.views import gate
from campaigns.views.touches import say_closed, touch_of
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.spreadsheets import csv_lines
from common.templatetags.display import count
from crm.choices import Channel
from crm.requests import SignedInRequest


@require_GET
@requires(permissions.CHANGE_PLANS)
def sending(request: SignedInRequest, pk: int) -> HttpResponse:
    template = template_of(pk)
    rows = class_wide.due_of(template, user=request.user)
    some = list(in_order(rows)[:SAMPLES])
    people = recipients_of(some)
    context = {
        "template": template,
        "audience": audience(rows),
        "gate": sendings.gate_of(actor=request.user, template=template),
        "samples": samples_of(
            template.subject,
            template.content,
            [touch.account for touch in some],
            dict(people),
        ),
        "unconfirmed": Delivery.objects.visible_to(request.user)
        .filter(status=DeliveryStatus.UNCONFIRMED, touch__template=template)
        .count(),
        "is_post": template.channel == Channel.POST,
        "is_mailed": class_wide.is_mailed(template),
        "is_server_set": transports.is_server_set(),
        "today": business_today(),
    }
    return render(request, "campaigns/sendings/page.html", context)


@require_POST
@requires(permissions.CHANGE_PLANS)
def sending_list(
    request: SignedInRequest, pk: int
) -> HttpResponse | StreamingHttpResponse:
    """Stream the mailing list of what is due, after asking whether it pays."""
    template, last = template_of(pk), last_of(request)
    if asked := _asked_first(request, template, last):
        return asked
    rows = class_wide.due_of(template, user=request.user, last=last)
    lines = letters.mailing_list(actor=request.user, template=template, rows=rows)
    return StreamingHttpResponse(
        csv_lines(letters.HEADER, lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": _attachment(f"post-{pk}", "csv")},
    )


@require_POST
@requires(permissions.CHANGE_PLANS)
def sending_letters(request: SignedInRequest, pk: int) -> HttpResponse:
    """Return one file of letters, after asking whether they pay."""
    template, last = template_of(pk), last_of(request)
    if asked := _asked_first(request, template, last):
        return asked
    said = request.POST.get("part", "")
    part = max(int(said), 1) if said.isdecimal() and len(said) < 6 else 1  # noqa: PLR2004
    rows = class_wide.due_of(template, user=request.user, last=last)
    try:
        pdf = letters.letters_pdf(
            actor=request.user, template=template, rows=rows, part=part
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("campaigns:sending", pk)
    return _pdf(pdf, f"letters-{pk}-{part}")


@require_POST
@requires(permissions.CHANGE_PLANS)
def sending_resend(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send again what nobody knows to have arrived."""
    mails = resending.resend_all(actor=request.user, template=template_of(pk))
    messages.success(request, f"{count(mails)} go out again.")
    return redirect("campaigns:sending", pk)


def _asked_first(
    request: SignedInRequest, template: TouchTemplate, last: int | None
) -> HttpResponse | None:
    """Ask what is to become of those below the line; None where nobody is."""
    weighed = sendings.gate_of(actor=request.user, template=template, last=last)
    if not weighed.is_needed:
        return None
    back = reverse("campaigns:sending", args=[template.pk])
    done = gate.step(
        request,
        weighed,
        act=lambda decision: sendings.settle(
            actor=request.user, template=template, decision=decision, last=last
        ),
        subject=template.title,
        back=back,
    )
    if isinstance(done, HttpResponse):
        return done
    said = [
        f"{count(number)} {words}."
        for number, words in (
            (done.moved, "times done more cheaply"),
            (done.dropped, "left out"),
        )
        if number
    ]
    said.append("Now print what is due.")
    messages.success(request, " ".join(said))
    return redirect(back)


@require_http_methods(["GET", "POST"])
@requires(permissions.DO_TOUCHES)
def touch_letter(request: SignedInRequest, pk: int) -> HttpResponse:
    """Return the letter of one touch, after asking whether it pays."""
    touch = touch_of(request, pk)
    try:
        closed = gate.step(
            request,
            touch_gate.weigh_one(actor=request.user, touch=touch),
            act=lambda decision: touch_gate.pass_gate(
                actor=request.user, touch=touch, decision=decision
            ),
            subject=f"{touch.template.title}, {touch.account.name}",
            back=reverse("campaigns:today"),
        )
        if isinstance(closed, HttpResponse):
            return closed
        if closed is not None:
            return say_closed(request, closed)
        return _pdf(letters.letter_pdf(touch=touch), f"letter-{pk}")
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("campaigns:today")


def template_of(pk: int) -> TouchTemplate:
    """Return a touch that marketing does for all."""
    rows = TouchTemplate.objects.filter(owner_role=OwnerRole.MARKETER)
    return get_object_or_404(rows.select_related("version__plan", "campaign"), pk=pk)


def last_of(request: SignedInRequest) -> int | None:
    """Return the newest touch that the page showed, so that none comes in unseen."""
    said = request.POST.get("last", "")
    if not said:
        return None
    if not said.isdecimal() or len(said) > 18:  # noqa: PLR2004  fits a key
        raise Http404(said)
    return int(said)


def _pdf(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": _attachment(name, "pdf")},
    )


def _attachment(name: str, kind: str) -> str:
    return f'attachment; filename="{name}-{business_today()}.{kind}"'
