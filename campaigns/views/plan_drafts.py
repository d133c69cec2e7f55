"""The draft of a plan: its touches, what they cost while typed, and publishing."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from campaigns import permissions
from campaigns.engine.merge import FIELDS
from campaigns.forms.plans import PublishForm, RunForm, TouchForm
from campaigns.models import LibraryTouch, PlanVersion, TouchTemplate
from campaigns.queries import plan_effect, previews
from campaigns.queries.followers import Following
from campaigns.requests import find_plan, get_draft
from campaigns.services import drafts, library, plans
from campaigns.services.ready import READY_PLANS
from common.access import requires
from common.errors import DomainError
from common.htmx import render_page, wants_fragment
from crm.requests import SignedInRequest

# What an effect rests on goes along with the form, so that typing counts nobody anew.
_SALT = "campaigns.plan-ground"
READY_NOW = (
    "Classes without a plan follow the ready one from today on. Change yours here."
)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_start(request: SignedInRequest, key: str) -> HttpResponse:
    plan = find_plan(key)
    if plan is None:
        plans.ensure_plans(actor=request.user)
        plan = find_plan(key)
        messages.success(request, READY_NOW)
    if plan is None:  # the class has refined plans only
        return redirect("campaigns:plan_new")
    plans.start_draft(actor=request.user, plan=plan)
    return redirect("campaigns:plan_draft", key)


@require_GET
@requires(permissions.CHANGE_PLANS)
def plan_draft(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the draft; `?edit=` opens one touch, or a new one."""
    draft = get_draft(key)
    wanted = request.GET.get("edit", "")
    touch = _touch(draft, int(wanted[:18])) if wanted.isdecimal() else None
    form = TouchForm(draft=draft, touch=touch) if touch or wanted == "new" else None
    return _show(request, draft, form=form, touch=touch)


@require_GET
@requires(permissions.CHANGE_PLANS)
def draft_cost(request: SignedInRequest, key: str) -> HttpResponse:
    """Show what the draft would cost with the touch that is being typed.

    What was typed before the draft was saved meanwhile is in it already, or stale.
    """
    draft = get_draft(key)
    ground = _carried(request.GET.get("ground", "")) or plan_effect.ground(draft.plan)
    is_typed = request.GET.get("seen") == str(draft.version)
    touches, wrong = _typed(request, draft) if is_typed else (None, "")
    context = {
        "effect": plan_effect.effect(draft, _published(draft), ground, touches=touches),
        "is_typed": is_typed,
        "wrong": wrong,
    }
    return render(request, "campaigns/plans/_effect.html", context)


def _typed(
    request: SignedInRequest, draft: PlanVersion
) -> tuple[list[TouchTemplate], str]:
    """Return the touches with the one being typed, and what is wrong with that."""
    wanted = request.GET.get("touch", "")
    touch = _touch(draft, int(wanted[:18])) if wanted.isdecimal() else None
    touches = list(draft.touches.all())
    form = TouchForm(request.GET, draft=draft, touch=touch, is_typed=True)
    if not form.is_valid():
        labels = (str(form[name].label) for name in form.errors)
        return touches, f"Not counted yet, look at: {', '.join(labels)}"
    typed, wrong = touch or TouchTemplate(version=draft), ""
    try:
        drafts.set_terms(typed, form.values())
        drafts.check_runs([typed], draft.runs_days)
    except DomainError as error:
        wrong = error.message
    typed.title = typed.title or "New touch"
    if touch is None:
        return [*touches, typed], wrong
    return [typed if one.pk == typed.pk else one for one in touches], wrong


@require_GET
@requires(permissions.CHANGE_PLANS)
def draft_preview(request: SignedInRequest, key: str) -> HttpResponse:
    """Show how the texts that are being typed read for five customers."""
    draft = get_draft(key)
    texts = {name: request.GET.get(name, "")[:2000] for name in ("subject", "content")}
    wrong = previews.problem_of(**texts)
    shown = [] if wrong else previews.previews(draft.plan, user=request.user, **texts)
    context = {"previews": shown, "wrong": wrong}
    return render(request, "campaigns/plans/_preview.html", context)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_touch_add(request: SignedInRequest, key: str) -> HttpResponse:
    return _save_touch(request, get_draft(key), None)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_touch_edit(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    draft = get_draft(key)
    return _save_touch(request, draft, _touch(draft, pk))


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_touch_remove(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    draft = get_draft(key)
    drafts.remove_touch(actor=request.user, version=draft, touch=_touch(draft, pk))
    return _after_change(request, key)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_touch_keep(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """Keep a touch of the draft in the library as well."""
    touch = _touch(get_draft(key), pk)
    try:
        library.keep_touch(actor=request.user, touch=touch)
    except DomainError as error:
        return _after_change(request, key, refused=error.message)
    return _after_change(request, key, said=f"“{touch.title}” is in the library now.")


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_library(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """Put a touch of the library into the draft."""
    kept = get_object_or_404(LibraryTouch.objects.select_related("event_type"), pk=pk)
    try:
        drafts.put_library_touch(actor=request.user, version=get_draft(key), kept=kept)
    except DomainError as error:
        return _after_change(request, key, refused=error.message)
    return _after_change(request, key)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_template(request: SignedInRequest, key: str) -> HttpResponse:
    """Replace the draft's touches by a ready plan's."""
    draft, wanted = get_draft(key), request.POST.get("template", "")
    try:
        drafts.load_template(actor=request.user, version=draft, key=wanted)
    except DomainError as error:
        return _after_change(request, key, refused=error.message)
    return _after_change(request, key)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_run(request: SignedInRequest, key: str) -> HttpResponse:
    """Say for how long an account follows the plan."""
    draft = get_draft(key)
    form = RunForm(request.POST, draft=draft)
    if form.is_valid():
        try:
            drafts.set_run(
                actor=request.user,
                version=draft,
                runs_days=form.cleaned_data["runs_days"],
                expected_version=form.cleaned_data["seen"],
            )
        except DomainError as error:
            form.add_error("runs_days", error.message)
        else:
            return _after_change(request, key)
    return _show(request, get_draft(key), run=form)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_discard(request: SignedInRequest, key: str) -> HttpResponse:
    draft = get_draft(key)
    plans.discard_draft(actor=request.user, version=draft)
    messages.success(request, "The draft is gone; the published plan is as it was.")
    if draft.plan.pk is None:
        return redirect("campaigns:plan_list")
    return redirect("campaigns:plan_detail", key)


@require_POST
@requires(permissions.CHANGE_PLANS)
def draft_publish(request: SignedInRequest, key: str) -> HttpResponse:
    draft = get_draft(key)
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
            field = error.field if error.field in form.fields else None
            form.add_error(field, error.message)
        else:
            messages.success(request, f"Published: {version}. Its touches are planned.")
            return redirect("campaigns:plan_detail", key)
    return _show(request, get_draft(key), publish=form)


def _save_touch(
    request: SignedInRequest, draft: PlanVersion, touch: TouchTemplate | None
) -> HttpResponse:
    form = TouchForm(request.POST, draft=draft, touch=touch)
    if form.is_valid():
        try:
            drafts.save_touch(
                actor=request.user,
                version=draft,
                touch=touch,
                expected_version=form.cleaned_data["seen"],
                **form.values(),
            )
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return _after_change(request, draft.plan.key)
    return _show(request, draft, form=form, touch=touch)


def _after_change(
    request: SignedInRequest, key: str, *, refused: str = "", said: str = ""
) -> HttpResponse:
    if wants_fragment(request):
        return _show(request, get_draft(key), refused=refused, said=said)
    if refused:
        messages.error(request, refused)
    if said:
        messages.success(request, said)
    return redirect("campaigns:plan_draft", key)


def _show(
    request: SignedInRequest,
    draft: PlanVersion,
    *,
    form: TouchForm | None = None,
    touch: TouchTemplate | None = None,
    publish: PublishForm | None = None,
    run: RunForm | None = None,
    refused: str = "",
    said: str = "",
) -> HttpResponse:
    """Show the draft with, at most, one open form; 422 if that has errors."""
    is_refused = any(one and one.errors for one in (form, publish, run)) or refused
    ground = plan_effect.ground(draft.plan)
    effect = plan_effect.effect(draft, _published(draft), ground)
    context: dict[str, Any] = {
        "key": draft.plan.key,
        "plan": draft.plan,
        "draft": effect.after,
        "effect": effect,
        "ground": signing.dumps(_plain(ground), salt=_SALT),
        "form": form,
        "edited": touch,
        "refused": refused,
        "said": said,
        "publish_form": publish or PublishForm(draft=draft),
        "run_form": run or RunForm(draft=draft),
        "templates": READY_PLANS.values(),
        "library": LibraryTouch.objects.filter(is_active=True).select_related(
            "event_type"
        ),
        "merge_fields": FIELDS.items(),
    }
    return render_page(
        request,
        "campaigns/plans/draft.html",
        fragment="campaigns/plans/_draft.html",
        context=context,
        status=422 if is_refused else 200,
    )


def _published(draft: PlanVersion) -> PlanVersion | None:
    return PlanVersion.objects.published().filter(plan=draft.plan_id).first()


def _touch(draft: PlanVersion, pk: int) -> TouchTemplate:
    found: TouchTemplate = get_object_or_404(TouchTemplate, version=draft, pk=pk)
    return found


def _plain(ground: plan_effect.Ground) -> dict[str, Any]:
    found = asdict(ground)
    mean = ground.following.expected_margin_year
    found["following"]["expected_margin_year"] = None if mean is None else str(mean)
    return found | {
        "capacity": str(ground.capacity),
        "other_plans": str(ground.other_plans),
    }


def _carried(text: str) -> plan_effect.Ground | None:
    """Return the ground that the page carried along, unless somebody changed it."""
    try:
        found = signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        return None
    mean = found["following"]["expected_margin_year"]
    return plan_effect.Ground(
        following=Following(
            accounts=found["following"]["accounts"],
            expected_margin_year=None if mean is None else Decimal(mean),
        ),
        people=found["people"],
        capacity=Decimal(found["capacity"]),
        other_plans=Decimal(found["other_plans"]),
    )
