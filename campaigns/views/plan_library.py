"""The library of touches that are kept ready for any plan."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from campaigns import permissions
from campaigns.engine.merge import FIELDS
from campaigns.forms.plans import LibraryTouchForm
from campaigns.models import LibraryTouch, PlanVersion
from campaigns.queries.costs import hourly_costs, yearly_cost
from campaigns.services import drafts, library
from common.access import requires
from common.errors import DomainError
from crm.requests import SignedInRequest


@require_GET
@requires(permissions.VIEW_PLANS)
def library_list(request: SignedInRequest) -> HttpResponse:
    """Show the touches; retired ones last."""
    hourly = hourly_costs()
    touches = _all().order_by("-is_active", "title", "pk")
    drafts_open = PlanVersion.objects.drafts().select_related("plan")
    context = {
        "rows": [(touch, yearly_cost(touch, hourly)) for touch in touches],
        "drafts": drafts_open.order_by("plan__name", "plan"),
        "can_change": request.user.has_perm(permissions.CHANGE_PLANS),
    }
    return render(request, "campaigns/plans/library.html", context)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_PLANS)
def library_new(request: SignedInRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_PLANS)
def library_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(_all(), pk=pk))


@require_POST
@requires(permissions.CHANGE_PLANS)
def library_switch(request: SignedInRequest, pk: int) -> HttpResponse:
    """Retire a touch, or bring it back."""
    kept = get_object_or_404(_all(), pk=pk)
    is_active = request.POST.get("to") == "active"
    library.switch_touch(actor=request.user, kept=kept, is_active=is_active)
    return redirect("campaigns:library_list")


@require_POST
@requires(permissions.CHANGE_PLANS)
def library_put(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put a touch into an open draft and go there."""
    kept = get_object_or_404(_all(), pk=pk)
    wanted = request.POST.get("draft", "")
    rows = PlanVersion.objects.drafts().select_related("plan")
    number = int(wanted[:18]) if wanted.isdecimal() else 0
    draft = rows.filter(pk=number).first()
    if draft is None:
        messages.error(request, "That draft is gone. Choose another.")
        return redirect("campaigns:library_list")
    try:
        drafts.put_library_touch(actor=request.user, version=draft, kept=kept)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("campaigns:plan_draft", draft.plan.key)


@require_POST
@requires(permissions.CHANGE_PLANS)
def library_fill(request: SignedInRequest) -> HttpResponse:
    """Fill an empty library with the ready touches."""
    library.ensure_library(actor=request.user)
    return redirect("campaigns:library_list")


def _edit(request: SignedInRequest, kept: LibraryTouch | None) -> HttpResponse:
    form = LibraryTouchForm(request.POST or None, kept=kept)
    if request.method == "POST" and form.is_valid():
        try:
            library.save_library_touch(
                actor=request.user,
                kept=kept,
                expected_version=form.cleaned_data["seen"] if kept else None,
                **form.values(),
            )
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect("campaigns:library_list")
    context = {"form": form, "kept": kept, "merge_fields": FIELDS.items()}
    status = 422 if form.errors else 200
    return render(request, "campaigns/plans/library_form.html", context, status=status)


def _all() -> QuerySet[LibraryTouch]:
    return LibraryTouch.objects.select_related("event_type")
