"""Automations: the list, one automation with its editor, a trial, and the log."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from campaigns import permissions
from campaigns.forms.automations import (
    Editor,
    LogForm,
    SwitchForm,
    Written,
    written_in,
)
from campaigns.models import Automation, Firing
from campaigns.queries.automations import pages
from campaigns.queries.automations.rules import checked
from campaigns.services.automations import rules, trial
from campaigns.services.automations.ready import EXAMPLES, Example
from common.access import requires
from common.clock import business_today
from common.errors import DomainError, StaleRecordError
from common.htmx import wants_fragment
from common.paging import Sort, keyset_page
from crm.models import Account
from crm.requests import SignedInRequest

PAGE_SIZE = 50
FIRINGS_SHOWN = 8
FOUND_SHOWN = 8
NEWEST = Sort("newest", "pk", descending=True, parse=int)


@require_GET
@requires(permissions.VIEW_AUTOMATIONS)
def automation_list(request: SignedInRequest) -> HttpResponse:
    context = {
        "rows": pages.automations(),
        "examples": EXAMPLES.values(),
        "can_change": request.user.has_perm(permissions.CHANGE_AUTOMATIONS),
        "can_call": request.user.has_perm(permissions.CHANGE_WEBHOOKS),
    }
    return render(request, "campaigns/automations/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_AUTOMATIONS)
def automation_create(request: SignedInRequest) -> HttpResponse:
    """Write a new automation, from nothing or from an example."""
    if request.method != "POST":
        example = EXAMPLES.get(request.GET.get("example", ""))
        written = _from_example(example) if example else _blank()
        return _show(request, None, written, {})
    written = written_in(request.POST)
    try:
        made = rules.create_automation(actor=request.user, **written.parts)
    except DomainError as error:
        return _show(request, None, written, _problems(error), status=422)
    messages.success(request, "Kept. Try it on an account, then switch it on.")
    return redirect("campaigns:automation_detail", made.pk)


@require_GET
@requires(permissions.VIEW_AUTOMATIONS)
def automation_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    automation = _get(pk)
    return _show(request, automation, _as_stored(automation), {})


@require_POST
@requires(permissions.CHANGE_AUTOMATIONS)
def automation_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    automation, written = _get(pk), written_in(request.POST)
    seen = request.POST.get("version", "")
    try:
        rules.change_automation(
            actor=request.user,
            automation=automation,
            expected_version=int(seen) if seen.isdecimal() else None,
            **written.parts,
        )
    except DomainError as error:
        status = 409 if isinstance(error, StaleRecordError) else 422
        return _show(request, automation, written, _problems(error), status=status)
    messages.success(request, "Saved.")
    return redirect("campaigns:automation_detail", pk)


@require_POST
@requires(permissions.CHANGE_AUTOMATIONS)
def automation_form(request: SignedInRequest) -> HttpResponse:
    """Show the editor again with a row more or less, or another kind; keeps nothing."""
    written = written_in(request.POST).after(request.GET.get("step", ""))
    return _show(request, _in_editor(request), written, {})


@require_POST
@requires(permissions.CHANGE_AUTOMATIONS)
def automation_try(request: SignedInRequest) -> HttpResponse:
    """Say what the automation in the editor would do at one account; keeps nothing."""
    written, automation = written_in(request.POST), _in_editor(request)
    rule = checked(**written.parts)
    wanted = request.GET.get("account") or request.POST.get("try", "").strip()
    accounts = _accounts(request, wanted) if wanted else []
    context = _NO_TRIAL | {"wanted": wanted, "found": accounts}
    # A name is needed to keep it, not to try it.
    errors = {place: said for place, said in rule.errors.items() if place != "name"}
    if errors:
        context["problem"] = _to_mend(errors)
    elif len(accounts) == 1:
        context["trial"] = trial.try_on(
            actor=request.user,
            rule=rule,
            account=accounts[0],
            automation=automation,
        )
    if wants_fragment(request):
        return render(request, "campaigns/automations/_trial.html", context)
    return _show(request, automation, written, errors, more=context)


def _to_mend(errors: Mapping[str, str]) -> str:
    """Name the first thing that keeps a rule from being tried, and where it stands."""
    place, said = next(iter(errors.items()))
    kind, _, rest = place.partition(".")
    number = rest.partition(".")[0]
    words = {"conditions": "condition", "actions": "action", "trigger": "trigger"}
    where = words.get(kind, kind)
    if number.isdecimal():
        where = f"{where} {int(number) + 1}"
    return f"Mend it first, {where}: {said}"


@require_POST
@requires(permissions.CHANGE_AUTOMATIONS)
def automation_switch(request: SignedInRequest, pk: int) -> HttpResponse:
    """Switch on or off, let a stopped one go on, or remove it."""
    automation, form = _get(pk), SwitchForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Enter a day, such as 2026-11-20.")
        return redirect("campaigns:automation_detail", pk)
    what, seen = form.cleaned_data["what"], form.cleaned_data["version"]
    try:
        if what == "on":
            rules.switch_on(
                actor=request.user,
                automation=automation,
                since=form.cleaned_data["since"],
                expected_version=seen,
            )
        else:
            act = {
                "off": rules.switch_off,
                "go_on": rules.go_on,
                "remove": rules.remove_automation,
            }[what]
            act(actor=request.user, automation=automation, expected_version=seen)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("campaigns:automation_detail", pk)
    messages.success(request, f"{_SWITCHED[what]}: {automation}.")
    back = what == "remove" or request.POST.get("back") == "list"
    if back:
        return redirect("campaigns:automation_list")
    return redirect("campaigns:automation_detail", pk)


_NO_TRIAL: dict[str, Any] = {"wanted": "", "problem": "", "found": [], "trial": None}
_SWITCHED = {
    "on": "Switched on",
    "off": "Switched off",
    "go_on": "Goes on",
    "remove": "Removed",
}


@require_GET
@requires(permissions.VIEW_FIRINGS)
def firing_list(request: SignedInRequest) -> HttpResponse:
    """Show what automations decided, at accounts that the user may see."""
    form = LogForm(request.GET)
    form.is_valid()
    asked = form.cleaned_data
    rows = pages.log_rows(
        request.user,
        automation_id=asked.get("automation"),
        account_id=asked.get("account"),
        status=asked.get("status") or "",
    )
    cursor = request.GET.get("cursor", "")
    mine = Account.objects.visible_to(request.user)
    context = {
        "page": keyset_page(rows, sort=NEWEST, cursor=cursor, size=PAGE_SIZE),
        "filters": pages.FILTERS,
        "status": asked.get("status") or "",
        "automation": Automation.objects.filter(
            pk=asked.get("automation") or 0
        ).first(),
        "account": mine.filter(pk=asked.get("account") or 0).first(),
        "can_view": request.user.has_perm(permissions.VIEW_AUTOMATIONS),
    }
    return render(request, "campaigns/automations/log.html", context)


# -- What the views share --------------------------------------------------------------


def _show(
    request: SignedInRequest,
    automation: Automation | None,
    written: Written,
    errors: dict[str, str],
    *,
    status: int = 200,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """Show one automation, or a new one; only the editor where htmx asks for it."""
    editor = Editor(written, errors)
    can_change = request.user.has_perm(permissions.CHANGE_AUTOMATIONS)
    context: dict[str, Any] = {
        "title": automation.name if automation else "New automation",
        "automation": automation,
        "editor": editor,
        "problem_above": errors.get("", ""),
        "can_change": can_change,
        "save_url": (
            reverse("campaigns:automation_edit", args=[automation.pk])
            if automation
            else reverse("campaigns:automation_create")
        ),
        **_NO_TRIAL,
    }
    if wants_fragment(request):
        name = "campaigns/automations/_editor.html"
        return render(request, name, context, status=status)
    if automation is not None:
        context["listed"] = pages.listed(automation)
        context["firings"] = _firings(request, automation)
        context["versions"] = automation.versions.select_related("author")[:20]
        context["today"] = business_today()
    page = "campaigns/automations/detail.html"
    return render(request, page, context | (more or {}), status=status)


def _firings(request: SignedInRequest, automation: Automation) -> list[Firing]:
    rows = pages.log_rows(request.user, automation_id=automation.pk)
    return list(rows.order_by("-pk")[:FIRINGS_SHOWN])


def _get(pk: int) -> Automation:
    rows = Automation.objects.kept().select_related("acts_as")
    return get_object_or_404(rows, pk=pk)


def _in_editor(request: SignedInRequest) -> Automation | None:
    """Return the automation that the editor was opened with, if it is stored."""
    pk = request.POST.get("automation", "")
    return _get(int(pk)) if pk.isdecimal() and len(pk) < 19 else None  # noqa: PLR2004


def _accounts(request: SignedInRequest, wanted: str) -> list[Account]:
    """Return whom a number or a name means, among what the user may see."""
    mine = Account.objects.active().visible_to(request.user)
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0  # noqa: PLR2004
    if one := mine.filter(pk=number).first():
        return [one]
    named = list(mine.filter(name__iexact=wanted)[:2])
    if len(named) == 1:
        return named
    return list(mine.matching(wanted).order_by("name", "pk")[:FOUND_SHOWN])


def _as_stored(automation: Automation) -> Written:
    version = rules.newest_version(automation)
    return Written(
        name=automation.name,
        trigger=dict(version.trigger),
        conditions=list(version.conditions),
        actions=list(version.actions),
        rest_days=version.rest_days,
        limit_an_hour=version.limit_an_hour,
    )


def _from_example(example: Example) -> Written:
    return Written(
        name=example.name,
        trigger=dict(example.trigger),
        conditions=[dict(one) for one in example.conditions],
        actions=[dict(one) for one in example.actions],
        rest_days=example.rest_days,
    )


def _blank() -> Written:
    return Written(actions=[{"kind": "task"}])


def _problems(error: DomainError) -> dict[str, str]:
    """Return what is wrong by place; what belongs to none stands above all."""
    problems: dict[str, str] = getattr(error, "problems", {})
    return problems or {error.field: error.message}
