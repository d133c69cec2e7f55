"""Shared costs: what stands open, rules, preview, apply, take back."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.access import requires
from common.errors import DomainError
from common.htmx import render_page
from common.panels import panels_for
from crm.forms.allocations import PeriodForm, RuleForm, UndoForm
from crm.models import Allocation, AllocationRule, LedgerEntry
from crm.permissions import CHANGE_LEDGER
from crm.queries import allocation as queries
from crm.requests import SignedInRequest
from crm.services import allocation, allocation_rules
from crm.views.dialogs import ask

NEWEST_SHOWN = 50
REFUSED = 422


@require_GET
@requires(CHANGE_LEDGER)
def allocation_list(request: SignedInRequest) -> HttpResponse:
    """Show what stands open, the rules, and what was spread."""
    done = Allocation.objects.select_related("version__rule", "applied_by", "undone_by")
    context = {
        "open": queries.open_costs(),
        "rules": AllocationRule.objects.select_related("territory"),
        "done": done[:NEWEST_SHOWN],
        "has_shared": LedgerEntry.objects.filter(account=None).exists(),
    }
    return render(request, "crm/allocations/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(CHANGE_LEDGER)
def rule_create(request: SignedInRequest) -> HttpResponse:
    """Write down how costs of one kind are spread."""
    initial = {"kind": request.GET.get("kind", ""), "reason": ""}
    form = RuleForm(request.POST or None, initial=initial)
    return ask(
        request,
        title="A rule for shared costs",
        form=form,
        act=lambda: allocation_rules.create_rule(
            actor=request.user,
            name=form.cleaned_data["name"],
            kind=form.cleaned_data["kind"],
            reason=form.cleaned_data["reason"],
            **form.terms(),
        ),
        said="Rule stored.",
        back=reverse("crm:allocation_list"),
    )


@require_http_methods(["GET", "POST"])
@requires(CHANGE_LEDGER)
def rule_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change a rule; its former versions stay."""
    rule = get_object_or_404(AllocationRule, pk=pk)
    form = RuleForm(
        request.POST or None, instance=AllocationRule.objects.get(pk=rule.pk)
    )
    return ask(
        request,
        title=f"Change “{rule}”",
        form=form,
        act=lambda: allocation_rules.change_rule(
            actor=request.user,
            rule=rule,
            reason=form.cleaned_data["reason"],
            expected_version=form.cleaned_data["version"],
            **form.terms(),
        ),
        said="Rule changed; what was spread stays as it was.",
        back=reverse("crm:allocation_preview", args=[rule.pk]),
        stored=rule,
    )


@require_GET
@requires(CHANGE_LEDGER)
def allocation_preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show who would bear what of the costs of some months; nothing is stored."""
    rule = get_object_or_404(AllocationRule.objects.select_related("territory"), pk=pk)
    data = request.GET if "month" in request.GET else None
    month = queries.first_open_month(rule)
    form = PeriodForm(data or ({"month": f"{month:%Y-%m}"} if month else None))
    context: dict[str, Any] = {
        "rule": rule,
        "form": form,
        "versions": rule.versions.select_related("author", "territory"),
        "panels": panels_for("allocation-preview", request.user),
        "seen": None,
    }
    if form.is_bound and form.is_valid():
        offered = queries.unspread(rule, *form.days)
        chosen = set(form.cleaned_data["cost"]) or {one.pk for one in offered}
        context |= {
            "offered": offered,
            "chosen": chosen,
            "seen": queries.preview(rule, [one for one in offered if one.pk in chosen]),
        }
    return render_page(
        request,
        "crm/allocations/preview.html",
        fragment="crm/allocations/_preview.html",
        context=context,
    )


@require_POST
@requires(CHANGE_LEDGER)
def allocation_apply(request: SignedInRequest, pk: int) -> HttpResponse:
    """Spread the costs, exactly as the preview said unless something came between."""
    rule = get_object_or_404(AllocationRule, pk=pk)
    form = PeriodForm(request.POST)
    back = reverse("crm:allocation_preview", args=[rule.pk])
    if not form.is_valid():
        messages.error(request, "Say which months are to be spread.")
        return redirect(back)
    start, end = form.days
    try:
        made = allocation.apply_rule(
            actor=request.user,
            rule=rule,
            period_start=start,
            period_end=end,
            costs=form.cleaned_data["cost"],
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(f"{back}?month={start:%Y-%m}&until={end:%Y-%m}")
    messages.success(
        request, f"{made.total} spread over {made.account_count} accounts."
    )
    return redirect("crm:allocation_detail", pk=made.pk)


@require_GET
@requires(CHANGE_LEDGER)
def allocation_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one allocation: by which rule, which costs, who bears them."""
    rows = Allocation.objects.select_related(
        "version__rule", "version__territory", "version__author", "applied_by"
    )
    made = get_object_or_404(rows.select_related("undone_by"), pk=pk)
    context = {
        "made": made,
        "costs": queries.costs_of(made),
        "largest": queries.largest_of(made),
    }
    return render(request, "crm/allocations/detail.html", context)


@require_http_methods(["GET", "POST"])
@requires(CHANGE_LEDGER)
def allocation_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Reverse all parts of an allocation."""
    made = get_object_or_404(Allocation, pk=pk)
    form = UndoForm(request.POST or None)
    return ask(
        request,
        title="Take the allocation back",
        form=form,
        act=lambda: allocation.undo(
            actor=request.user, allocation=made, **form.cleaned_data
        ),
        said="Taken back; its costs stand open again.",
        back=reverse("crm:allocation_detail", args=[made.pk]),
    )
