"""Tasks of an account."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from common.access import requires
from common.errors import DomainError
from common.htmx import wants_fragment
from crm import permissions
from crm.forms.happenings import TaskForm
from crm.models import Account, Task
from crm.requests import SignedInRequest
from crm.services import tasks


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def task_create(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    form = TaskForm(request.POST or None, actor=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            tasks.create_task(actor=request.user, account=account, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect(_tab(account, "overview"))
    status = 422 if form.errors else 200
    context = {"form": form, "account": account}
    return render(request, "crm/tasks/form.html", context, status=status)


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def task_done(request: SignedInRequest, pk: int) -> HttpResponse:
    """Mark one task done; the row that asked is replaced by a line that says so."""
    task = get_object_or_404(Task.objects.visible_to(request.user), pk=pk)
    try:
        tasks.complete_task(actor=request.user, task=task)
    except DomainError as error:
        text, level, status = error.message, "error", 422
    else:
        text, level, status = f"Done: {task.title}", "success", 200
    if wants_fragment(request):
        context = {"task": task, "text": text, "level": level}
        response = render(request, "crm/tasks/_done.html", context, status=status)
        return trigger_client_event(response, "task-changed", {"target": "body"})
    messages.add_message(request, messages.DEFAULT_LEVELS[level.upper()], text)
    if task.account_id is None:
        return redirect("home")
    return redirect(reverse("crm:account_detail", args=[task.account_id]))


def _tab(account: Account, tab: str) -> str:
    return f"{reverse('crm:account_detail', args=[account.pk])}?tab={tab}"
