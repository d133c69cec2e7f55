"""Plans: what each class gets, and the draft behind the next version."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from campaigns import permissions
from campaigns.forms.plans import PublishForm, TouchForm
from campaigns.models import PlanVersion, RetentionPlan, TouchTemplate
from campaigns.queries import plans as queries
from campaigns.services import plans
from campaigns.services.ready import READY_PLANS
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import render_page, wants_fragment
from crm.requests import SignedInRequest
from segments.choices import WorthClass


@require_GET
@requires(permissions.VIEW_PLANS)
def plan_list(request: SignedInRequest) -> HttpResponse:
    context = {
        "plans": queries.class_plans(today=business_today()),
        "can_change": request.user.has_perm(permissions.CHANGE_PLANS),
    }
    return render(request, "campaigns/plans/list.html", context)


@require_GET
@requires(permissions.VIEW_PLANS)
def plan_detail(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the published version, or the one that is asked for by its number."""
    shown = queries.class_plan(_class(key), today=business_today())
    versions = PlanVersion.objects.filter(plan=shown.plan).select_related("author")
    number = request.GET.get("version", "")
    version = shown.published
    if number.isdecimal() and shown.plan:
        found = get_object_or_404(versions.select_related("plan"), number=int(number))
        version = queries.with_cost(found)
    context = {
        "class_plan": shown,
        "version": version,
        "versions": versions.order_by("-number"),
        "can_change": request.user.has_perm(permissions.CHANGE_PLANS),
    }
    return render(request, "campaigns/plans/detail.html", context)


@require_POST
@requires(permissions.CHANGE_PLANS)
def plan_withdraw(request: SignedInRequest, key: str) -> HttpResponse:
    published = PlanVersion.objects.published().select_related("plan")
    version = get_object_or_404(published, plan__worth_class=_class(key))
    plans.archive(actor=request.user, version=version)
    messages.success(request, f"Withdrawn: {version}. Its open touches are cancelled.")
    return redirect("campaigns:plan_detail", key)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_start(request: SignedInRequest, key: str) -> HttpResponse:
    worth_class = _class(key)
    plan = RetentionPlan.objects.filter(worth_class=worth_class).first()
    if plan is None:
        plans.ensure_plans(actor=request.user)
        plan = RetentionPlan.objects.get(worth_class=worth_class)
    plans.start_draft(actor=request.user, plan=plan)
    return redirect("campaigns:plan_draft", key)


@require_GET
@requires(permissions.CHANGE_PLANS)
def plan_draft(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the draft; `?edit=` opens one touch, or a new one."""
    draft = _draft(key)
    wanted = request.GET.get("edit", "")
    touch = _touch(draft, int(wanted)) if wanted.isdecimal() else None
    form = TouchForm(draft=draft, touch=touch) if touch or wanted == "new" else None
    return _show(request, draft, form=form, touch=touch)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_touch_add(request: SignedInRequest, key: str) -> HttpResponse:
    return _save_touch(request, _draft(key), None)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_touch_edit(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    draft = _draft(key)
    return _save_touch(request, draft, _touch(draft, pk))


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_touch_remove(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    draft = _draft(key)
    plans.remove_touch(actor=request.user, version=draft, touch=_touch(draft, pk))
    return _after_change(request, key)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_template(request: SignedInRequest, key: str) -> HttpResponse:
    """Replace the draft's touches by a ready plan's."""
    draft, wanted = _draft(key), request.POST.get("template", "")
    try:
        plans.load_template(actor=request.user, version=draft, key=wanted)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("campaigns:plan_draft", key)
    return _after_change(request, key)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_discard(request: SignedInRequest, key: str) -> HttpResponse:
    plans.discard_draft(actor=request.user, version=_draft(key))
    messages.success(request, "The draft is gone; the published plan is as it was.")
    return redirect("campaigns:plan_detail", key)


@require_http_methods(["POST"])
@requires(permissions.CHANGE_PLANS)
def draft_publish(request: SignedInRequest, key: str) -> HttpResponse:
    draft = _draft(key)
    form = PublishForm(request.POST, draft=draft)
    if form.is_valid():
        try:
            version = plans.publish(
                actor=request.user,
                version=draft,
                valid_from=form.cleaned_data["valid_from"],
                note=form.cleaned_data["note"],
                expected_version=form.cleaned_data["seen"],
            )
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            messages.success(request, f"Published: {version}. Its touches are planned.")
            return redirect("campaigns:plan_detail", key)
    return _show(request, _draft(key), publish=form)


def _save_touch(
    request: SignedInRequest, draft: PlanVersion, touch: TouchTemplate | None
) -> HttpResponse:
    form = TouchForm(request.POST, draft=draft, touch=touch)
    if form.is_valid():
        try:
            plans.save_touch(
                actor=request.user,
                version=draft,
                touch=touch,
                expected_version=form.cleaned_data["seen"],
                **form.values(),
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return _after_change(request, draft.plan.worth_class)
    return _show(request, draft, form=form, touch=touch)


def _after_change(request: SignedInRequest, key: str) -> HttpResponse:
    if wants_fragment(request):
        return _show(request, _draft(key))
    return redirect("campaigns:plan_draft", key)


def _show(
    request: SignedInRequest,
    draft: PlanVersion,
    *,
    form: TouchForm | None = None,
    touch: TouchTemplate | None = None,
    publish: PublishForm | None = None,
) -> HttpResponse:
    """Show the draft with, at most, one open form; 422 if that has errors."""
    is_refused = bool((form and form.errors) or (publish and publish.errors))
    shown = queries.class_plan(_class(draft.plan.worth_class), today=business_today())
    context: dict[str, Any] = {
        "class_plan": shown,
        "draft": shown.draft,
        "published": shown.published,
        "changes": queries.changes(shown.draft, shown.published) if shown.draft else [],
        "form": form,
        "edited": touch,
        "publish_form": publish or PublishForm(draft=draft),
        "templates": READY_PLANS.values(),
    }
    return render_page(
        request,
        "campaigns/plans/draft.html",
        fragment="campaigns/plans/_draft.html",
        context=context,
        status=422 if is_refused else 200,
    )


def _class(key: str) -> WorthClass:
    try:
        return WorthClass(key)
    except ValueError as error:
        raise Http404(key) from error


def _draft(key: str) -> PlanVersion:
    drafts = PlanVersion.objects.drafts().select_related("plan")
    return get_object_or_404(drafts, plan__worth_class=_class(key))


def _touch(draft: PlanVersion, pk: int) -> TouchTemplate:
    return get_object_or_404(TouchTemplate, version=draft, pk=pk)
