"""When touches may fall: the rule and its versions, days off, hours, absences."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import permissions
from campaigns.errors import StaleRuleError
from campaigns.forms.planning_rules import (
    AbsenceForm,
    ClosedDayForm,
    HoursForm,
    RuleForm,
)
from campaigns.models import Absence, ClosedDay, PlanningRule
from campaigns.queries import planning_rules as queries
from campaigns.queries.open_days import country_names
from campaigns.services import planning_rules as services
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from crm.requests import SignedInRequest

PAGE = "campaigns:planning_rules"
VERSIONS_SHOWN = 20
_CONFLICT, _INVALID = 409, 422


@require_GET
@requires(permissions.VIEW_PLANS)
def planning_rules(request: SignedInRequest) -> HttpResponse:
    return _page(request)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_PLANNING_RULES)
def planning_rule_edit(request: SignedInRequest) -> HttpResponse:
    """Publish another version of the rule."""
    current = PlanningRule.objects.current()
    form = RuleForm(request.POST or None, rule=current)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            services.publish_rule(actor=request.user, **form.cleaned_data)
        except StaleRuleError as error:
            form.add_error(None, error.message)
            form.show_newer(current)
            status = _CONFLICT
        except DomainError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Published. It counts from now on.")
            return redirect(PAGE)
    if form.errors and status != _CONFLICT:
        status = _INVALID
    context = {"form": form, "current": current, "is_stale": status == _CONFLICT}
    return render(request, "campaigns/rules/form.html", context, status=status)


@require_POST
@requires(permissions.CHANGE_PLANNING_RULES)
def closed_day_add(request: SignedInRequest) -> HttpResponse:
    form = ClosedDayForm(request.POST)
    if form.is_valid():
        try:
            services.close_day(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            _refuse(form, error)
        else:
            messages.success(
                request, "Closed. Touches of that day moved to the nearest open one."
            )
            return redirect(PAGE)
    return _page(request, closed_form=form)


@require_POST
@requires(permissions.CHANGE_PLANNING_RULES)
def closed_day_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    services.open_day(actor=request.user, closed=get_object_or_404(ClosedDay, pk=pk))
    messages.success(request, "Open again. Touches that were moved stay put.")
    return redirect(PAGE)


@require_POST
@requires(permissions.CHANGE_PLANNING_RULES)
def rep_hours(request: SignedInRequest) -> HttpResponse:
    form = HoursForm(request.POST)
    if form.is_valid():
        try:
            services.set_hours(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Kept. Coming nights plan by it.")
            return redirect(PAGE)
    return _page(request, hours_form=form)


@require_POST
@requires(permissions.DO_TOUCHES)
def absence_add(request: SignedInRequest) -> HttpResponse:
    """Enter an absence: one's own, or a colleague's by who changes the rule."""
    form = _absence_form(request, request.POST)
    if form.is_valid():
        try:
            services.add_absence(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            _refuse(form, error)
        else:
            messages.success(
                request, "Entered. Touches of these days moved before or after."
            )
            return redirect(PAGE)
    return _page(request, absence_form=form)


@require_POST
@requires(permissions.DO_TOUCHES)
def absence_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    absence = get_object_or_404(Absence.objects.select_related("user"), pk=pk)
    try:
        services.remove_absence(actor=request.user, absence=absence)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Taken out. Touches that were moved stay put.")
    return redirect(PAGE)


def _page(request: SignedInRequest, **refused: forms.Form) -> HttpResponse:
    today, rule = business_today(), PlanningRule.objects.current()
    context: dict[str, Any] = {
        "rule": rule,
        "country": country_names().get(rule.country, rule.country),
        "versions": PlanningRule.objects.select_related("author")[:VERSIONS_SHOWN],
        "days_off": queries.days_off(rule, today=today),
        "people": queries.people_hours(rule, today=today),
        "exceptions": queries.exception_counts(request.user, today=today),
        "can_change": request.user.has_perm(permissions.CHANGE_PLANNING_RULES),
        "closed_form": ClosedDayForm(),
        "hours_form": HoursForm(),
        "absence_form": _absence_form(request, None),
        **refused,
    }
    status = _INVALID if refused else 200
    return render(request, "campaigns/rules/page.html", context, status=status)


def _absence_form(request: SignedInRequest, given: Any) -> AbsenceForm:
    may_all = request.user.has_perm(permissions.CHANGE_PLANNING_RULES)
    return AbsenceForm(given, actor=request.user, may_all=may_all)


def _refuse(form: forms.BaseForm, error: DomainError) -> None:
    form.add_error(error.field if error.field in form.fields else None, error.message)
