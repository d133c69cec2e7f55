"""What is done with questions: keep them, mail their answers, make alert rules."""

from typing import Any
from urllib.parse import parse_qsl

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from campaigns.forms.questions import KeepForm, MailingForm, RuleForm, SwitchForm
from campaigns.models import AlertRule, AnswerMailing, SavedQuestion
from campaigns.permissions import ASK_QUESTIONS, CHANGE_ALERT_RULES
from campaigns.queries.happenings import kind_names
from campaigns.queries.questions.registry import BY_KEY
from campaigns.services import alert_rules
from campaigns.services import questions as services
from campaigns.views.questions import question_page, show_list
from common.access import requires
from common.errors import DomainError
from crm.requests import SignedInRequest

LIST = "campaigns:question_list"


@require_POST
@requires(ASK_QUESTIONS)
def question_keep(request: SignedInRequest, key: str) -> HttpResponse:
    """Keep a question with what was chosen in it."""
    if key not in BY_KEY:
        raise Http404(key)
    form = KeepForm(request.POST)
    if form.is_valid():
        try:
            saved = services.save_question(
                actor=request.user, question=key, **form.cleaned_data
            )
        except DomainError as error:
            form.add_error(
                error.field if error.field in form.fields else None, error.message
            )
        else:
            messages.success(request, f"Kept as “{saved}”, at the top of Questions.")
            return redirect(_address(key, form.cleaned_data["query"]))
    return question_page(request, key, _given(form), keep_form=form, status=422)


@require_POST
@requires(ASK_QUESTIONS)
def question_forget(request: SignedInRequest, pk: int) -> HttpResponse:
    saved = _saved(request, pk)
    try:
        services.delete_question(actor=request.user, saved=saved)
    except DomainError as error:
        return show_list(request, problem=error.message, status=422)
    messages.success(request, f"“{saved}” is kept no longer.")
    return redirect(LIST)


@require_POST
@requires(ASK_QUESTIONS)
def question_share(request: SignedInRequest, pk: int) -> HttpResponse:
    """Share a question of one's own, or stop sharing it."""
    saved = _saved(request, pk)
    is_shared = request.POST.get("is_shared") == "on"
    try:
        services.change_question(actor=request.user, saved=saved, is_shared=is_shared)
    except DomainError as error:
        return show_list(request, problem=error.message, status=422)
    said = "Everybody sees" if is_shared else "Only you see"
    messages.success(request, f"{said} “{saved}” among the kept questions now.")
    return redirect(LIST)


@require_POST
@requires(ASK_QUESTIONS)
def question_mail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Order the answer by mail."""
    saved = _saved(request, pk)
    form = MailingForm(request.POST, user=request.user)
    problem = ""
    if form.is_valid():
        try:
            mailing = services.order_mailing(
                actor=request.user, saved=saved, **form.cleaned_data
            )
        except DomainError as error:
            problem = error.message
        else:
            to = "you" if mailing.recipient == request.user else str(mailing.recipient)
            messages.success(
                request, f"“{saved}” is mailed to {to} {mailing.get_rhythm_display()}."
            )
            return redirect(LIST)
    problem = problem or "; ".join(
        str(text) for errors in form.errors.values() for text in errors
    )
    return show_list(request, problem=problem, status=422)


@require_POST
@requires(ASK_QUESTIONS)
def mailing_stop(request: SignedInRequest, pk: int) -> HttpResponse:
    rows = AnswerMailing.objects.visible_to(request.user).select_related("saved")
    mailing = get_object_or_404(rows, pk=pk)
    services.stop_mailing(actor=request.user, mailing=mailing)
    messages.success(request, f"“{mailing.saved}” is mailed no longer.")
    return redirect(LIST)


# -- Alert rules -----------------------------------------------------------------------


@require_GET
@requires(ASK_QUESTIONS)
def rule_list(request: SignedInRequest) -> HttpResponse:
    """Show what the night tells owners of, because it came before something."""
    return _rules(request)


@require_POST
@requires(CHANGE_ALERT_RULES)
def rule_make(request: SignedInRequest, key: str) -> HttpResponse:
    """Turn one row of an answer into a rule."""
    if key not in BY_KEY:
        raise Http404(key)
    form = RuleForm(request.POST)
    problem = "Choose a row of the answer."
    if form.is_valid():
        try:
            rule = alert_rules.make_rule(
                actor=request.user,
                question=key,
                given=_given(form),
                part=form.cleaned_data["part"],
            )
        except DomainError as error:
            problem = error.message
        else:
            messages.success(
                request, f"Owners are told from the coming night on: {rule}."
            )
            return redirect("campaigns:rule_list")
    return question_page(request, key, _given(form), problem=problem, status=422)


@require_POST
@requires(CHANGE_ALERT_RULES)
def rule_switch(request: SignedInRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(AlertRule, pk=pk)
    form = SwitchForm(request.POST)
    if not form.is_valid():
        return _rules(request, problem="Load the list again.", status=422)
    try:
        alert_rules.switch_rule(
            actor=request.user,
            rule=rule,
            is_on=form.cleaned_data["is_on"],
            expected_version=form.cleaned_data["version"],
        )
    except DomainError as error:
        return _rules(request, problem=error.message, status=409)
    messages.success(request, f"Switched {'on' if rule.is_on else 'off'}: {rule}.")
    return redirect("campaigns:rule_list")


def _rules(
    request: SignedInRequest, *, problem: str = "", status: int = 200
) -> HttpResponse:
    names = kind_names()
    rules = AlertRule.objects.select_related("made_by")
    context = {
        "rules": [(one, alert_rules.reason_of(one, names)) for one in rules],
        "problem": problem,
        "can_rule": request.user.has_perm(CHANGE_ALERT_RULES),
    }
    return render(request, "campaigns/questions/rules.html", context, status=status)


def _saved(request: SignedInRequest, pk: int) -> SavedQuestion:
    return get_object_or_404(SavedQuestion.objects.visible_to(request.user), pk=pk)


def _given(form: Any) -> dict[str, str]:
    query = form.data.get("query", "")
    return dict(parse_qsl(query, keep_blank_values=True))


def _address(key: str, query: str) -> str:
    page = reverse("campaigns:question", args=[key])
    return f"{page}?{query}" if query else page
