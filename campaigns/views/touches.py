"""One planned touch: done, left out with a reason, or given to a colleague."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh, trigger_client_event

from campaigns import permissions
from campaigns.choices import TouchStatus
from campaigns.forms.touches import GiveForm, SkipForm, TouchLogForm
from campaigns.models import PlannedTouch
from campaigns.services import moving, touch_gate, touches
from campaigns.views import gate
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import render_page, wants_fragment
from crm.requests import SignedInRequest

Act = Callable[[PlannedTouch, dict[str, Any]], PlannedTouch | HttpResponse]


@require_http_methods(["GET", "POST"])
@requires(permissions.DO_TOUCHES)
def touch_done(request: SignedInRequest, pk: int) -> HttpResponse:
    touch = touch_of(request, pk)
    form = TouchLogForm(request.POST or None, touch=touch)
    return _answer(request, touch, form, _complete(request))


@require_http_methods(["GET", "POST"])
@requires(permissions.DO_TOUCHES)
def touch_skip(request: SignedInRequest, pk: int) -> HttpResponse:
    touch = touch_of(request, pk)
    form = SkipForm(request.POST or None, touch=touch)
    return _answer(request, touch, form, _skip(request))


@require_http_methods(["GET", "POST"])
@requires(permissions.DO_TOUCHES)
def touch_give(request: SignedInRequest, pk: int) -> HttpResponse:
    touch = touch_of(request, pk)
    form = GiveForm(request.POST or None, touch=touch)
    return _answer(request, touch, form, _give(request))


@require_POST
@requires(permissions.DO_TOUCHES)
def touch_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take back that a touch was done, and show its form; or that it was skipped."""
    touch = touch_of(request, pk)
    was_skipped = touch.status == TouchStatus.SKIPPED
    try:
        touch = touches.undo(actor=request.user, touch=touch)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("campaigns:today")
    if not wants_fragment(request):
        cost = "" if was_skipped else " Its cost is reversed."
        messages.success(request, f"Taken back.{cost}")
        return redirect("campaigns:today")
    if was_skipped:
        messages.success(request, "Taken back. The touch is open again.")
        return HttpResponseClientRefresh()
    if "logged-" in (request.htmx.target or ""):
        said = {"text": "Taken back. The touch is open again.", "level": "success"}
        response = render(request, "common/_toast.html", said)
    else:
        response = _show(request, touch, TouchLogForm(touch=touch))
    return trigger_client_event(response, "touchpoint-undone", {"target": "body"})


def _complete(request: SignedInRequest) -> Act:
    def act(touch: PlannedTouch, said: dict[str, Any]) -> PlannedTouch | HttpResponse:
        return done_or_asked(request, touch, **said)

    return act


def done_or_asked(
    request: SignedInRequest, touch: PlannedTouch, **said: Any
) -> PlannedTouch | HttpResponse:
    """Record that a touch was done, or ask first where a letter does not pay."""
    if not touch_gate.is_weighed_when_done(touch):
        return touches.complete(actor=request.user, touch=touch, **said)
    return gate.step(
        request,
        touch_gate.weigh_one(actor=request.user, touch=touch),
        act=lambda decision: touch_gate.complete_touch(
            actor=request.user, touch=touch, decision=decision, **said
        ),
        subject=f"{touch.template.title}, {touch.account.name}",
        back=reverse("campaigns:today"),
        fragment="campaigns/today/_gate.html",
        extra={"touch": touch, "today": business_today()},
    )


def _skip(request: SignedInRequest) -> Act:
    def act(touch: PlannedTouch, said: dict[str, Any]) -> PlannedTouch:
        return touches.skip(actor=request.user, touch=touch, reason=said["reason"])

    return act


def _give(request: SignedInRequest) -> Act:
    def act(touch: PlannedTouch, said: dict[str, Any]) -> PlannedTouch:
        return moving.give_touch(actor=request.user, touch=touch, **said)

    return act


def _answer(
    request: SignedInRequest, touch: PlannedTouch, form: Form, act: Act
) -> HttpResponse:
    """Show the form, or act on it and say so."""
    if request.method == "POST" and form.is_valid():
        try:
            closed = act(touch, form.cleaned_data)
        except DomainError as error:
            field = error.field if error.field in form.fields else None
            form.add_error(field, error.message)
        else:
            if isinstance(closed, HttpResponse):
                return closed
            return say_closed(request, closed)
    return _show(request, touch, form)


# What a form does: where it goes, and what its button says.
FORMS: dict[type[Form], tuple[str, str]] = {
    TouchLogForm: ("campaigns:touch_done", "Done"),
    SkipForm: ("campaigns:touch_skip", "Skip it"),
    GiveForm: ("campaigns:touch_give", "Give it"),
}


def _show(request: SignedInRequest, touch: PlannedTouch, form: Form) -> HttpResponse:
    name, button = FORMS[type(form)]
    context = {
        "touch": touch,
        "form": form,
        "action": reverse(name, args=[touch.pk]),
        "button": button,
        "costs": isinstance(form, TouchLogForm),
        "today": business_today(),
    }
    return render_page(
        request,
        "campaigns/today/touch.html",
        fragment="campaigns/today/_form.html",
        context=context,
        status=422 if form.errors else 200,
    )


def say_closed(request: SignedInRequest, touch: PlannedTouch) -> HttpResponse:
    """Put a line in place of the touch, or go back to Today with a sentence."""
    if wants_fragment(request):
        response = render(request, "campaigns/today/_closed.html", {"touch": touch})
        event = "touchpoint-logged" if touch.touchpoint_id else "touch-skipped"
        return trigger_client_event(response, event, {"target": "body"})
    words = f"{touch.get_status_display()}: {touch.template.title}, {touch.account}"
    if touch.is_due:
        words = f"{touch.assigned_to or touch.account.owner} does it: {words[5:]}"
    is_skipped = touch.status == TouchStatus.SKIPPED
    undo_url = reverse("campaigns:touch_undo", args=[touch.pk]) if is_skipped else ""
    messages.success(request, words, extra_tags=undo_url)
    return redirect("campaigns:today")


def touch_of(request: SignedInRequest, pk: int) -> PlannedTouch:
    """Return a touch of what the user may see, or of what was given to them."""
    mine = PlannedTouch.objects.visible_to(request.user)
    rows = mine.filter(account__merged_into=None)
    related = rows.select_related(
        "template__version__plan",
        "template__campaign",
        "account__owner",
        "assigned_to",
    )
    return get_object_or_404(related, pk=pk)
