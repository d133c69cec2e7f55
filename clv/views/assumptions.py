"""Assumptions: what counts, what counted, and the draft of what is to count next."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from clv.errors import AssumptionsOutdatedError
from clv.forms.assumptions import NOW, AssumptionsForm, PublishForm, on_top_of
from clv.models import Assumptions, AssumptionsDraft, ValuationRun
from clv.permissions import CHANGE_ASSUMPTIONS, VIEW_ASSUMPTIONS
from clv.queries import assumptions as queries
from clv.queries.previews import shown_preview
from clv.services import assumptions
from clv.services.previews import compared_run
from common.access import requires
from common.errors import DomainError, StaleRecordError
from crm.requests import SignedInRequest

CONFLICT, REFUSED = 409, 422
DRAFT_GONE = "There is no draft of yours: it was published or thrown away before."
LONGEST_NUMBER = 9  # digits of a version


@require_GET
@requires(VIEW_ASSUMPTIONS)
def overview(request: SignedInRequest) -> HttpResponse:
    """Show what counts in plain words, and every version that ever did."""
    versions = queries.history()
    may_change = request.user.has_perm(CHANGE_ASSUMPTIONS)
    run = ValuationRun.objects.select_related("assumptions").current()
    context = {
        "current": versions[0].version,
        "groups": queries.groups(versions[0].version),
        "history": versions,
        "run": run,
        "ladder": queries.ladder_sentence(run),
        "may_change": may_change,
        "draft": _draft(request) if may_change else None,
    }
    return render(request, "clv/assumptions/page.html", context)


@require_GET
@requires(VIEW_ASSUMPTIONS)
def compare(request: SignedInRequest) -> HttpResponse:
    """Show two versions side by side; the current one against its predecessor."""
    versions = Assumptions.objects.select_related("author")
    newest = versions.current()
    later = _version(request, "to", newest)
    before = versions.filter(pk__lt=later.pk).first() or later
    earlier = _version(request, "from", before)
    context = {
        "later": later,
        "earlier": earlier,
        "groups": queries.groups(later, earlier),
        "versions": versions,
    }
    return render(request, "clv/assumptions/compare.html", context)


@require_http_methods(["GET", "POST"])
@requires(CHANGE_ASSUMPTIONS)
def draft_edit(request: SignedInRequest) -> HttpResponse:
    """Show the draft; a POST keeps it and has its effect worked out."""
    if request.method == "GET":
        return _show(request)
    current, draft = Assumptions.objects.current(), _draft(request)
    form = AssumptionsForm(request.POST, current=current, draft=draft)
    if not form.is_valid():
        return _show(request, form=form, status=REFUSED)
    try:
        assumptions.save_draft(
            actor=request.user,
            numbers=form.numbers(),
            based_on=form.cleaned_data["based_on"],
            expected_version=form.cleaned_data["seen"],
        )
    except (AssumptionsOutdatedError, StaleRecordError) as error:
        # What was typed stands on what counts now, so that it can be sent again.
        typed = _on_top_of_now(form)
        form = AssumptionsForm(current=current, draft=draft, typed=typed)
        return _show(request, form=form, conflict=error.message, status=CONFLICT)
    except DomainError as error:
        form.add_error(error.field or None, error.message)
        return _show(request, form=form, status=REFUSED)
    return redirect("clv:assumptions_draft")


@require_GET
@requires(CHANGE_ASSUMPTIONS)
def draft_effect(request: SignedInRequest) -> HttpResponse:
    """Show how far the preview is; the piece asks again until it is done."""
    return render(request, "clv/assumptions/_effect.html", _effect(request))


@require_POST
@requires(CHANGE_ASSUMPTIONS)
def draft_publish(request: SignedInRequest) -> HttpResponse:
    """Make the draft the next version; the night or a run of now values by it."""
    draft = _draft(request)
    if draft is None:
        return _show(request, conflict=DRAFT_GONE, status=CONFLICT)
    form = PublishForm(request.POST, draft=draft)
    if not form.is_valid():
        return _show(request, publish=form, status=REFUSED)
    try:
        made = assumptions.publish_draft(
            actor=request.user,
            reason=form.cleaned_data["reason"],
            run_now=form.cleaned_data["begin"] == NOW,
            expected_version=form.cleaned_data["seen"],
        )
    except DomainError as error:
        form.add_error(error.field or None, error.message)
        is_late = isinstance(error, AssumptionsOutdatedError | StaleRecordError)
        return _show(request, publish=form, status=CONFLICT if is_late else REFUSED)
    when = (
        "All accounts are being valued by it now."
        if form.cleaned_data["begin"] == NOW
        else "The coming night values by it."
    )
    messages.success(request, f"Published: version {made.pk}. {when}")
    return redirect("clv:assumptions")


@require_POST
@requires(CHANGE_ASSUMPTIONS)
def draft_discard(request: SignedInRequest) -> HttpResponse:
    assumptions.discard_draft(actor=request.user)
    messages.success(request, "The draft is gone; everything counts as it did.")
    return redirect("clv:assumptions")


def _show(
    request: SignedInRequest,
    *,
    form: AssumptionsForm | None = None,
    publish: PublishForm | None = None,
    conflict: str = "",
    status: int = 200,
) -> HttpResponse:
    current, draft = Assumptions.objects.current(), _draft(request)
    context = {
        "current": current,
        "form": form or AssumptionsForm(current=current, draft=draft),
        "conflict": conflict,
        "is_carried_over": draft is not None and draft.based_on_id != current.pk,
        **_effect(request, publish=publish),
    }
    return render(request, "clv/assumptions/draft.html", context, status=status)


def _on_top_of_now(form: AssumptionsForm) -> Mapping[str, Any]:
    current = Assumptions.objects.current()
    began_on = Assumptions.objects.filter(pk=form.cleaned_data["based_on"]).first()
    return on_top_of(current, form.numbers(), began_on=began_on or current)


def _effect(
    request: SignedInRequest, *, publish: PublishForm | None = None
) -> dict[str, Any]:
    draft = _draft(request)
    return {
        "draft": draft,
        "changed": queries.changed_lines(draft, draft.based_on) if draft else [],
        "shown": shown_preview(draft) if draft else None,
        "has_values": compared_run() is not None,
        "publish_form": publish or (PublishForm(draft=draft) if draft else None),
    }


def _draft(request: SignedInRequest) -> AssumptionsDraft | None:
    drafts = AssumptionsDraft.objects.select_related("based_on")
    return drafts.filter(author=request.user).first()


def _version(request: SignedInRequest, name: str, default: Assumptions) -> Assumptions:
    number = request.GET.get(name, "")
    if not number:
        return default
    versions = Assumptions.objects.select_related("author")
    pk = int(number) if number.isdecimal() and len(number) <= LONGEST_NUMBER else 0
    return get_object_or_404(versions, pk=pk)
