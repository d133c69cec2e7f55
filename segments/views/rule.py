"""The class rule: what counts, what counted, and the draft of what is to count next."""

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

from clv.models import Assumptions, ValuationRun
from common.access import requires
from common.errors import DomainError, StaleRecordError
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.errors import PolicyOutdatedError
from segments.forms.rule import NOW, PublishRuleForm, RuleForm, on_top_of
from segments.models import ClassPolicy, PolicyDraft, RuleNumbers
from segments.permissions import CHANGE_POLICY, VIEW_CLASSES
from segments.queries import rule_words, whatif
from segments.queries.totals import class_tiles
from segments.services import policy, reclassing

CONFLICT, REFUSED = 409, 422
DRAFT_GONE = "There is no draft of yours: it was published or thrown away before."
LONGEST_NUMBER = 9  # digits of a version


@require_GET
@requires(VIEW_CLASSES)
def overview(request: SignedInRequest) -> HttpResponse:
    """Show the rule in plain words, how many it puts where, and every version."""
    current = ClassPolicy.objects.current()
    may_change = request.user.has_perm(CHANGE_POLICY)
    run = ValuationRun.objects.current()
    sees_firm = run is not None and request.user.sees_every_account
    context = {
        "current": current,
        "sentences": _sentences(current) if current else [],
        "lines": rule_words.lines(current) if current else [],
        "history": rule_words.history(),
        "run": run,
        "tiles": class_tiles(run) if run and sees_firm else [],
        "classed_by": _classed_by(run),
        "may_change": may_change,
        "draft": _draft(request) if may_change else None,
    }
    return render(request, "segments/rule/page.html", context)


@require_GET
@requires(VIEW_CLASSES)
def compare(request: SignedInRequest) -> HttpResponse:
    """Show two versions side by side; the newest against its predecessor."""
    versions = ClassPolicy.objects.select_related("author")
    newest = versions.first()
    if newest is None:
        return redirect("segments:rule")
    later = _version(request, "to", newest)
    before = versions.filter(pk__lt=later.pk).first() or later
    earlier = _version(request, "from", before)
    context = {
        "later": later,
        "earlier": earlier,
        "lines": rule_words.lines(later, earlier),
        "versions": versions,
    }
    return render(request, "segments/rule/compare.html", context)


@require_http_methods(["GET", "POST"])
@requires(CHANGE_POLICY)
def draft_edit(request: SignedInRequest) -> HttpResponse:
    """Show the draft and who would move; a POST keeps it.

    `from` names a version whose numbers are to be gone back to.
    """
    current, draft = _newest(), _draft(request)
    if current is None:
        messages.info(
            request, "The first night makes the first rule from your figures."
        )
        return redirect("segments:rule")
    if request.method == "GET":
        older = _version(request, "from", current) if "from" in request.GET else None
        return _show(request, current, older=older)
    form = RuleForm(request.POST, current=current, draft=draft)
    if not form.is_valid():
        return _show(request, current, form=form, status=REFUSED)
    try:
        policy.save_draft(
            actor=request.user,
            numbers=form.numbers(),
            based_on=form.cleaned_data["based_on"],
            expected_version=form.cleaned_data["seen"],
        )
    except (PolicyOutdatedError, StaleRecordError) as error:
        # What was typed stands on what counts now, so that it can be sent again.
        form = RuleForm(current=current, draft=draft, typed=_on_top(form, current))
        return _show(
            request, current, form=form, conflict=error.message, status=CONFLICT
        )
    except DomainError as error:
        form.add_error(error.field or None, error.message)
        return _show(request, current, form=form, status=REFUSED)
    return redirect("segments:rule_draft")


@require_GET
@requires(CHANGE_POLICY)
def draft_effect(request: SignedInRequest) -> HttpResponse:
    """Show what the numbers in the address would do; nothing is kept by it."""
    current = _newest()
    if current is None:
        return redirect("segments:rule")
    form = RuleForm(request.GET, current=current, draft=None)
    context: dict[str, Any] = {"is_typed": True, "draft": None, "form_is_wrong": False}
    if form.is_valid():
        context |= _effect(ClassPolicy(**form.numbers()), current)
    else:
        context["form_is_wrong"] = True
    return render(request, "segments/rule/_effect.html", context)


@require_GET
@requires(CHANGE_POLICY)
def draft_names(request: SignedInRequest) -> HttpResponse:
    """Name who would go from one class to another by the draft."""
    draft, run = _draft(request), ValuationRun.objects.current()
    was, becomes = (_class_of(request, name) for name in ("was", "becomes"))
    context: dict[str, Any] = {"was": was, "becomes": becomes, "moves": []}
    if draft is not None and run is not None and becomes is not None:
        context["moves"] = whatif.moves_between(run, draft, was=was, becomes=becomes)
    return render(request, "segments/rule/_names.html", context)


@require_POST
@requires(CHANGE_POLICY)
def draft_publish(request: SignedInRequest) -> HttpResponse:
    """Make the draft the next version; the night or a worker now classes by it."""
    current, draft = _newest(), _draft(request)
    if current is None or draft is None:
        messages.error(request, DRAFT_GONE)
        return redirect("segments:rule")
    form = PublishRuleForm(request.POST, draft=draft)
    if not form.is_valid():
        return _show(request, current, publish=form, status=REFUSED)
    is_now = form.cleaned_data["begin"] == NOW
    try:
        made = policy.publish_draft(
            actor=request.user,
            reason=form.cleaned_data["reason"],
            expected_version=form.cleaned_data["seen"],
            valid_from=form.cleaned_data["valid_from"],
            at_once=is_now,
        )
    except DomainError as error:
        name = error.field if error.field in form.fields else None
        form.add_error(name, error.message)
        is_late = isinstance(error, PolicyOutdatedError | StaleRecordError)
        status = CONFLICT if is_late else REFUSED
        return _show(request, current, publish=form, status=status)
    when = (
        "All accounts are being classed by it now."
        if is_now
        else "The coming night classes by it."
    )
    messages.success(request, f"Published: version {made.pk}. {when}")
    return redirect("segments:rule")


@require_POST
@requires(CHANGE_POLICY)
def draft_discard(request: SignedInRequest) -> HttpResponse:
    policy.discard_draft(actor=request.user)
    messages.success(request, "The draft is gone; the rule counts as it did.")
    return redirect("segments:rule")


@require_POST
@requires(CHANGE_POLICY)
def class_now(request: SignedInRequest) -> HttpResponse:
    """Have today's values classed anew by the rule and the overrides that count."""
    try:
        reclassing.request_classing(actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "All accounts are being classed now.")
    return redirect("segments:rule")


def _show(
    request: SignedInRequest,
    current: ClassPolicy,
    *,
    form: RuleForm | None = None,
    publish: PublishRuleForm | None = None,
    conflict: str = "",
    status: int = 200,
    older: ClassPolicy | None = None,
) -> HttpResponse:
    draft = _draft(request)
    typed = older.numbers if older else None
    context: dict[str, Any] = {
        "current": current,
        "form": form or RuleForm(current=current, draft=draft, typed=typed),
        "older": older,
        "conflict": conflict,
        "is_carried_over": draft is not None and draft.based_on_id != current.pk,
        "draft": draft,
        "is_typed": older is not None,
        "form_is_wrong": False,
        "publish_form": publish or (PublishRuleForm(draft=draft) if draft else None),
        **_effect(older or draft or current, current),
    }
    return render(request, "segments/rule/draft.html", context, status=status)


def _effect(rule: RuleNumbers, current: ClassPolicy) -> dict[str, Any]:
    run = ValuationRun.objects.select_related("assumptions").current()
    return {
        "effect": whatif.what_if(run, rule) if run else None,
        "changed": rule_words.changed_lines(rule, current),
        "sentences": _sentences(rule),
    }


def _sentences(rule: RuleNumbers) -> list[rule_words.ClassSentence]:
    months = Assumptions.objects.current().horizon_months
    return rule_words.sentences(rule, months=months)


def _on_top(form: RuleForm, current: ClassPolicy) -> Mapping[str, Any]:
    began_on = ClassPolicy.objects.filter(pk=form.cleaned_data["based_on"]).first()
    return on_top_of(current, form.numbers(), began_on=began_on or current)


def _classed_by(run: ValuationRun | None) -> ClassPolicy | None:
    """Return the version that the classes of today were made by."""
    return ClassPolicy.objects.filter(class_totals__run=run).first() if run else None


def _class_of(request: SignedInRequest, name: str) -> WorthClass | None:
    key = request.GET.get(name, "")
    return WorthClass(key) if key in WorthClass.values else None


def _newest() -> ClassPolicy | None:
    return ClassPolicy.objects.select_related("author").order_by("-pk").first()


def _draft(request: SignedInRequest) -> PolicyDraft | None:
    drafts = PolicyDraft.objects.select_related("based_on")
    return drafts.filter(author=request.user).first()


def _version(request: SignedInRequest, name: str, default: ClassPolicy) -> ClassPolicy:
    number = request.GET.get(name, "")
    if not number:
        return default
    versions = ClassPolicy.objects.select_related("author")
    pk = int(number) if number.isdecimal() and len(number) <= LONGEST_NUMBER else 0
    return get_object_or_404(versions, pk=pk)
