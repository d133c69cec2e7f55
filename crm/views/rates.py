"""What an hour of people costs, with its history."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from crm import permissions
from crm.forms.users import RateForm
from crm.models import HourlyRate, User
from crm.queries.rates import person_rates, rate_history
from crm.requests import SignedInRequest
from crm.services import rates


@require_GET
@requires(permissions.SET_RATES)
def rate_list(request: SignedInRequest) -> HttpResponse:
    context = {"people": person_rates(business_today())}
    return render(request, "crm/rates/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(permissions.SET_RATES)
def rate_history_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what an hour of one person cost since when, and set what it will."""
    person = get_object_or_404(User, pk=pk)
    today = business_today()
    form = RateForm(request.POST or None, initial={"valid_from": today})
    if request.method == "POST" and form.is_valid():
        try:
            rates.set_rate(actor=request.user, user=person, **form.cleaned_data)
        except DomainError as error:
            field = error.field if error.field in form.fields else None
            form.add_error(field, error.message)
        else:
            messages.success(request, f"The cost of an hour of {person} is set.")
            return redirect("crm:rate_history", pk)
    context = {
        "person": person,
        "form": form,
        "lines": rate_history(person, today),
        "may_edit": request.user.has_perm(permissions.MANAGE_USERS),
    }
    status = 422 if form.errors else 200
    return render(request, "crm/rates/history.html", context, status=status)


@require_POST
@requires(permissions.SET_RATES)
def rate_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a rate back that has not begun."""
    rate = get_object_or_404(HourlyRate.objects.select_related("user"), pk=pk)
    try:
        rates.withdraw_rate(actor=request.user, rate=rate)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Taken back before it began.")
    return redirect("crm:rate_history", rate.user_id)
