"""Plans: what each class gets, who else gets something else, and their versions."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from campaigns import permissions
from campaigns.forms.plans import NewPlanForm, PlanForm
from campaigns.models import PlanVersion, RetentionPlan
from campaigns.queries import plan_effect
from campaigns.queries import plans as queries
from campaigns.queries.followers import left_today
from campaigns.requests import class_of, find_plan, get_plan
from campaigns.services import plans
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from crm.requests import SignedInRequest
from segments.choices import WorthClass


@require_GET
@requires(permissions.VIEW_PLANS)
def plan_list(request: SignedInRequest) -> HttpResponse:
    shown = queries.all_plans(today=business_today())
    context = {
        "plans": [one for one in shown if one.worth_class],
        "newcomers": next(one for one in shown if not one.worth_class),
        "others": [card for one in shown for card in one.others],
        "can_change": request.user.has_perm(permissions.CHANGE_PLANS),
    }
    return render(request, "campaigns/plans/list.html", context)


@require_GET
@requires(permissions.VIEW_PLANS)
def plan_detail(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the published version, or the one that is asked for by its number."""
    plan = find_plan(key)
    context: dict[str, object] = {
        "key": key,
        "label": plan.class_label if plan else _label(key),
        "plan": plan,
        "can_change": request.user.has_perm(permissions.CHANGE_PLANS),
    }
    if plan is not None:
        context |= _versions(request, plan)
    return render(request, "campaigns/plans/detail.html", context)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_PLANS)
def plan_new(request: SignedInRequest) -> HttpResponse:
    """Make a plan for a class, a part of it, or whom somebody puts on it."""
    form = NewPlanForm(request.POST if request.method == "POST" else None)
    wanted = request.GET.get("class", "")
    form.initial["worth_class"] = wanted
    if request.method == "POST" and form.is_valid():
        try:
            draft = plans.create_plan(
                actor=request.user,
                name=form.cleaned_data["name"],
                audience=form.audience(),
                **form.beginning(),
            )
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect("campaigns:plan_draft", draft.plan.key)
    return _form(request, form, title="New plan", plan=None)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_PLANS)
def plan_settings(request: SignedInRequest, key: str) -> HttpResponse:
    """Rename a plan, or say anew who it is for."""
    plan = get_plan(key)
    form = PlanForm(request.POST if request.method == "POST" else None, plan=plan)
    if request.method == "POST" and form.is_valid():
        try:
            plan = plans.change_plan(
                actor=request.user,
                plan=plan,
                name=form.cleaned_data["name"],
                audience=form.audience(),
                expected_version=form.cleaned_data["seen"],
            )
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            messages.success(request, f"Saved. {plan.name} is for: {plan.audience}.")
            return redirect("campaigns:plan_detail", plan.key)
    return _form(request, form, title=plan.name, plan=plan)


@require_POST
@requires(permissions.CHANGE_PLANS)
def plan_withdraw(request: SignedInRequest, key: str) -> HttpResponse:
    published = PlanVersion.objects.published().select_related("plan")
    version = get_object_or_404(published, plan=get_plan(key))
    plans.archive(actor=request.user, version=version)
    messages.success(
        request,
        f"Withdrawn: {version}. Its open touches are cancelled."
        f" {left_today(version.plan).sentence}",
    )
    return redirect("campaigns:plan_detail", key)


@require_GET
@requires(permissions.VIEW_PLANS)
def plan_compare(request: SignedInRequest, key: str) -> HttpResponse:
    """Show two versions side by side: of this plan, or of it and another."""
    plan = get_plan(key)
    choices = list(
        PlanVersion.objects.select_related("plan").order_by(
            "plan__name", "plan", "-number"
        )
    )
    own = [one for one in choices if one.plan_id == plan.pk]
    if not own:
        return redirect("campaigns:plan_detail", key)
    later = _chosen(request, "to", choices, own[0])
    earlier = _chosen(request, "from", choices, own[1] if own[1:] else own[0])
    context = {
        "key": key,
        "plan": plan,
        "choices": choices,
        "earlier": earlier,
        "later": later,
        "effect": plan_effect.effect(later, earlier, plan_effect.ground(plan)),
    }
    return render(request, "campaigns/plans/compare.html", context)


def _versions(request: SignedInRequest, plan: RetentionPlan) -> dict[str, object]:
    """Return the versions of a plan, one of them with its cost."""
    card = queries.plan_card(plan, today=business_today())
    versions = PlanVersion.objects.filter(plan=plan).select_related("author")
    version = card.published
    number = request.GET.get("version", "")
    if number.isdecimal():
        rows = versions.select_related("plan")
        found = get_object_or_404(rows, number=int(number[:9]))
        version = queries.with_cost(found, card.followers)
    return {
        "today": business_today(),
        "card": card,
        "version": version,
        "versions": versions.order_by("-number"),
    }


def _form(
    request: SignedInRequest, form: PlanForm, *, title: str, plan: RetentionPlan | None
) -> HttpResponse:
    context = {"form": form, "title": title, "plan": plan}
    status = 422 if form.errors else 200
    return render(request, "campaigns/plans/form.html", context, status=status)


def _chosen(
    request: SignedInRequest,
    name: str,
    choices: list[PlanVersion],
    default: PlanVersion,
) -> PlanVersion:
    wanted = request.GET.get(name, "")
    return next((one for one in choices if str(one.pk) == wanted), default)


def _label(key: str) -> str:
    worth_class = class_of(key)
    return WorthClass(worth_class).label if worth_class else "Newcomers"
