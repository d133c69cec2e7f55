"""One press for each kind of touch: log the talk, send the mail, post the letter."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import permissions
from campaigns.choices import TouchStatus
from campaigns.errors import NobodyToReachError, TouchClosedError
from campaigns.forms.touches import MailForm
from campaigns.models import Delivery, PlannedTouch
from campaigns.queries.recipients import recipients
from campaigns.services import (
    touch_gate,
    touch_logs,
    touch_mails,
    transports,
)
from campaigns.views import gate
from campaigns.views.touches import done_or_asked, say_closed, touch_of
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import render_page, wants_fragment
from crm.forms.touchpoints import QuickLogForm
from crm.models import Contact
from crm.requests import SignedInRequest
from crm.views.touchpoints import form_context, say_stored, show_again


@require_http_methods(["GET", "POST"])
@requires(permissions.DO_TOUCHES)
def touch_log(request: SignedInRequest, pk: int) -> HttpResponse:
    """Open the quick log with what the plan asks for; what it stores is the touch."""
    touch = touch_of(request, pk)
    asked = _asked(touch)
    if request.method == "GET":
        form = QuickLogForm(
            actor=request.user, account=touch.account, only=touch.account
        )
        form.begin(
            channel=touch.template.channel,
            contact=_whom(touch, form),
            minutes=touch.template.minutes,
        )
        return render_page(
            request,
            "crm/touchpoints/quick_log.html",
            fragment="crm/touchpoints/_form.html",
            context=form_context(request, form) | asked,
        )
    form = QuickLogForm(request.POST, actor=request.user, only=touch.account)
    if not form.is_valid():
        return show_again(request, form, **asked)
    before = touch.account.last_contact_on
    said = form.values()
    said.pop("account")
    try:
        stored = touch_logs.log_touch(actor=request.user, touch=touch, **said)
    except DomainError as error:
        form.add_refusal(error)
        return show_again(request, form, **asked)
    touch.refresh_from_db()
    done = "" if touch.is_due else "campaigns/today/_closed_elsewhere.html"
    return say_stored(request, stored, before=before, touch=touch, done_template=done)


@require_http_methods(["GET", "POST"])
@requires(permissions.DO_TOUCHES)
def touch_mail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the mail as it reads for one person, and queue it."""
    touch = touch_of(request, pk)
    if request.method == "POST" and "act" in request.POST:
        form = MailForm(request.POST, touch=touch)
        if form.is_valid():
            try:
                settled = _mailed(request, touch, form)
            except DomainError as error:
                field = error.field if error.field in form.fields else None
                form.add_error(field, error.message)
            else:
                return settled
        return _show_mail(request, touch, form)
    return _show_mail(request, touch, _drafted(request, touch))


def _mailed(
    request: SignedInRequest, touch: PlannedTouch, form: MailForm
) -> HttpResponse:
    """Queue the mail, or ask first what to do where it does not pay."""
    done = gate.step(
        request,
        touch_gate.weigh_one(actor=request.user, touch=touch),
        act=lambda decision: touch_gate.mail_touch(
            actor=request.user, touch=touch, decision=decision, **form.cleaned_data
        ),
        subject=f"{touch.template.title}, {touch.account.name}",
        back=reverse("campaigns:today"),
        fragment="campaigns/today/_gate.html",
        extra={"touch": touch, "today": business_today()},
    )
    if isinstance(done, HttpResponse):
        return done
    if done.mail is None:
        return say_closed(request, done.touch)
    return _queued(request, done.touch, done.mail)


@require_POST
@requires(permissions.DO_TOUCHES)
def touch_posted(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say that a letter was posted, to whom the letter is for."""
    touch = touch_of(request, pk)
    template = touch.template
    found = recipients([touch.account], channel=template.channel, topic=template.topic)[
        touch.account_id
    ]
    try:
        if found.refusal:
            raise NobodyToReachError(found.refusal.message)
        done = done_or_asked(request, touch, contact=found.contact)
    except DomainError as error:
        if wants_fragment(request):
            said = {"text": error.message, "level": "error"}
            return render(request, "common/_toast.html", said, status=422)
        messages.error(request, error.message)
        return redirect("campaigns:today")
    return done if isinstance(done, HttpResponse) else say_closed(request, done)


def _asked(touch: PlannedTouch) -> dict[str, Any]:
    return {
        "log_url": reverse("campaigns:touch_log", args=[touch.pk]),
        "asked": "campaigns/today/_asked.html",
        "touch": touch,
        "today": business_today(),
    }


def _whom(touch: PlannedTouch, form: QuickLogForm) -> str:
    """Return whom to call: who was spoken with last, else who matters most."""
    if form.assumed is not None:
        return str(form.assumed.pk)
    found = recipients([touch.account], channel=touch.template.channel)
    contact = found[touch.account_id].contact
    return str(contact.pk) if contact else ""


def _drafted(request: SignedInRequest, touch: PlannedTouch) -> MailForm:
    """Return the mail merged for who is chosen, or for who would get it."""
    key = request.GET.get("contact", "")
    people = Contact.objects.filter(account=touch.account)
    contact = people.filter(pk=int(key)).first() if key.isdecimal() else None
    try:
        if touch.status != TouchStatus.DUE:
            raise TouchClosedError
        draft = touch_mails.draft_of(touch, contact)
    except DomainError as error:
        form = MailForm({}, touch=touch)
        form.errors.clear()
        form.add_error(None, error.message)
        return form
    initial = {"contact": draft.contact, "subject": draft.subject, "body": draft.body}
    return MailForm(touch=touch, initial=initial)


def _show_mail(
    request: SignedInRequest, touch: PlannedTouch, form: MailForm
) -> HttpResponse:
    return render_page(
        request,
        "campaigns/today/mail.html",
        fragment="campaigns/today/_mail.html",
        context={
            "touch": touch,
            "form": form,
            "today": business_today(),
            "is_server_set": transports.is_server_set(),
        },
        status=422 if form.errors and request.method == "POST" else 200,
    )


def _queued(
    request: SignedInRequest, touch: PlannedTouch, mail: Delivery
) -> HttpResponse:
    if wants_fragment(request):
        context = {"touch": touch, "mail": mail}
        return render(request, "campaigns/today/_queued.html", context)
    words = f"{mail.get_status_display()}: {mail.subject}, to {mail.address}"
    messages.success(request, words)
    return redirect("campaigns:today")
