"""Tasks: promised, changed, moved to another day, done, given up, open again."""

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from common.access import requires
from common.errors import DomainError
from common.htmx import wants_fragment
from common.templatetags.display import day as day_words
from crm import permissions
from crm.forms.tasks import TaskForm
from crm.models import Account, Task
from crm.requests import SignedInRequest
from crm.services import tasks
from crm.views.submitting import field_of, submit_changes

ACCOUNTS_OFFERED = 20
PREFILLED = (
    *("title", "kind", "due_on", "due_at", "contact", "deal"),
    *("priority", "owner"),
)


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def task_create(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = Account.objects.active().visible_to(request.user)
    return _create(request, get_object_or_404(mine, pk=pk))


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def task_new(request: SignedInRequest) -> HttpResponse:
    """Add a task; which account it is for can be found first, or left open."""
    mine = Account.objects.active().visible_to(request.user)
    given = request.GET.get("account", "")
    account = mine.filter(pk=int(given)).first() if given.isdecimal() else None
    search = request.GET.get("search", "").strip()
    found = mine.matching(search)[:ACCOUNTS_OFFERED] if search else []
    return _create(request, account, search=search, accounts=found, offers_search=True)


def _create(
    request: SignedInRequest, account: Account | None, **more: Any
) -> HttpResponse:
    form = TaskForm(
        request.POST or None,
        actor=request.user,
        account=account,
        initial=_prefilled(request),
    )
    if request.method == "POST" and form.is_valid():
        try:
            task = tasks.create_task(
                actor=request.user, account=account, **form.values()
            )
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            messages.success(request, f"Kept: {task.title}")
            return redirect(back_to(request, task))
    context: dict[str, Any] = {
        "form": form,
        "account": account,
        "task": None,
        "differences": [],
    }
    return render(
        request,
        "crm/tasks/form.html",
        context | {"then": _then(request), "back": back_to(request, account)} | more,
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def task_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    task = _visible(request, pk)
    # The form writes into its instance; the service must compare with what is stored.
    form = TaskForm(
        request.POST or None,
        instance=copy.copy(task),
        actor=request.user,
        account=task.account,
    )
    submitted = submit_changes(request, form, tasks.change_task, task=task)
    if submitted.is_kept:
        return redirect(back_to(request, task))
    context = {
        "form": form,
        "account": task.account,
        "task": task,
        "differences": submitted.differences,
        "then": _then(request),
        "back": back_to(request, task),
    }
    return render(request, "crm/tasks/form.html", context, status=submitted.status)


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def task_done(request: SignedInRequest, pk: int) -> HttpResponse:
    """Mark one task done; the row that asked is replaced by a line that says so."""
    task = _visible(request, pk)
    return _act(
        request,
        task,
        lambda: tasks.complete_task(actor=request.user, task=task),
        said=f"Done: {task.title}",
    )


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def task_cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    task = _visible(request, pk)
    return _act(
        request,
        task,
        lambda: tasks.cancel_task(actor=request.user, task=task),
        said=f"Given up: {task.title}",
    )


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def task_reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    task = _visible(request, pk)
    return _act(
        request,
        task,
        lambda: tasks.reopen_task(actor=request.user, task=task),
        said=f"Open again: {task.title}",
    )


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def task_move(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put a task off to the day `due_on`."""
    task = _visible(request, pk)
    try:
        day = dt.date.fromisoformat(request.POST.get("due_on", ""))
    except ValueError:
        messages.error(request, "Choose a day.")
        return redirect(back_to(request, task))
    return _act(
        request,
        task,
        lambda: tasks.change_task(actor=request.user, task=task, due_on=day),
        said=f"Moved to {day_words(day)}: {task.title}",
    )


def _visible(request: SignedInRequest, pk: int) -> Task:
    rows = Task.objects.visible_to(request.user)
    found: Task = get_object_or_404(
        rows.select_related("account", "owner", "deal"), pk=pk
    )
    return found


def _act(
    request: SignedInRequest, task: Task, act: Callable[[], Task], *, said: str
) -> HttpResponse:
    try:
        act()
    except DomainError as error:
        text, level, status = error.message, "error", 422
    else:
        text, level, status = said, "success", 200
    if wants_fragment(request):
        context = {"task": task, "text": text, "level": level}
        response = render(request, "crm/tasks/_done.html", context, status=status)
        return trigger_client_event(response, "task-changed", {"target": "body"})
    messages.add_message(request, messages.DEFAULT_LEVELS[level.upper()], text)
    return redirect(back_to(request, task))


def back_to(request: SignedInRequest, about: Task | Account | None) -> str:
    """Return the page of ours that the person came from, or that of the account."""
    then = _then(request)
    if then:
        return then
    account_id = about.account_id if isinstance(about, Task) else about and about.pk
    if account_id is None:
        return reverse("home")
    return f"{reverse('crm:account_detail', args=[account_id])}?tab=overview"


def _then(request: SignedInRequest) -> str:
    then: str = request.POST.get("then") or request.GET.get("then", "")
    is_ours = then.startswith("/") and url_has_allowed_host_and_scheme(
        then, allowed_hosts=None
    )
    return then if is_ours else ""


def _prefilled(request: SignedInRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in PREFILLED if name in request.GET}
