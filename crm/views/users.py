"""People: who signs in, as what, and how somebody's access ends."""

from collections.abc import Callable
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from common.access import SIGNED_IN, requires
from common.errors import DomainError
from common.htmx import wants_fragment
from common.zones import zone_of
from crm import permissions
from crm.forms.users import TerritoryForm, TimeZoneForm, UserForm
from crm.models import Territory, User
from crm.queries.staff import person_rows
from crm.requests import SignedInRequest
from crm.services import users


@require_GET
@requires(permissions.MANAGE_USERS)
def user_list(request: SignedInRequest) -> HttpResponse:
    return render(request, "crm/users/list.html", _list_context(TerritoryForm()))


@require_http_methods(["GET", "POST"])
@requires(permissions.MANAGE_USERS)
def user_create(request: SignedInRequest) -> HttpResponse:
    named = {"name": request.GET.get("name", "")}
    form = UserForm(request.POST or None, initial=named)
    if request.method == "POST" and form.is_valid():
        try:
            user = users.invite_user(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return _show_link(request, user)
    status = 422 if form.errors else 200
    context = {"form": form, "person": None}
    return render(request, "crm/users/form.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(permissions.MANAGE_USERS)
def user_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    form = UserForm.of(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            users.change_user(actor=request.user, user=person, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            messages.success(request, f"{form.cleaned_data['name']} was changed.")
            return redirect("crm:user_list")
    status = 422 if form.errors else 200
    # A refused change must not show through in the headline.
    context = {"form": form, "person": User.objects.get(pk=pk)}
    return render(request, "crm/users/form.html", context, status=status)


@require_POST
@requires(permissions.MANAGE_USERS)
def user_deactivate(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    if _refused(request, users.deactivate_user, person):
        return redirect("crm:user_edit", pk)
    messages.success(request, f"{person} cannot sign in any more.")
    return redirect("crm:user_list")


@require_POST
@requires(permissions.MANAGE_USERS)
def user_reactivate(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    if _refused(request, users.reactivate_user, person):
        return redirect("crm:user_edit", pk)
    return _show_link(request, person)


@require_POST
@requires(permissions.MANAGE_USERS)
def user_reset(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    if _refused(request, users.reset_access, person):
        return redirect("crm:user_edit", pk)
    return _show_link(request, person)


@require_POST
@requires(permissions.MANAGE_USERS)
def territory_create(request: SignedInRequest) -> HttpResponse:
    form = TerritoryForm(request.POST)
    if form.is_valid():
        try:
            users.create_territory(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect("crm:user_list")
    return render(request, "crm/users/list.html", _list_context(form), status=422)


def _list_context(form: TerritoryForm) -> dict[str, Any]:
    return {
        "people": person_rows(),
        "territories": Territory.objects.all(),
        "territory_form": form,
    }


def _refused(request: SignedInRequest, act: Callable[..., User], person: User) -> bool:
    try:
        act(actor=request.user, user=person)
    except DomainError as error:
        messages.error(request, error.message)
        return True
    return False


def _show_link(request: SignedInRequest, person: User) -> HttpResponse:
    """Show the one-time link; it is stored nowhere and dies once a password is set."""
    key = default_token_generator.make_token(person)
    path = reverse(
        "account_reset_password_from_key", args=[user_pk_to_url_str(person), key]
    )
    context = {"person": person, "link": request.build_absolute_uri(path)}
    return render(request, "crm/users/link.html", context)


@require_POST
@requires(SIGNED_IN)
def single_keys(request: SignedInRequest) -> HttpResponse:
    """Switch one's own single keys; they are on unless the answer says off."""
    wanted = request.POST.get("single_keys") != "off"
    users.choose_keys(actor=request.user, single_keys=wanted)
    if wants_fragment(request):
        return render(request, "common/_single_keys.html")
    return redirect("home")


@require_http_methods(["GET", "POST"])
@requires(SIGNED_IN)
def time_zone(request: SignedInRequest) -> HttpResponse:
    """Choose the zone in which one reads and types times."""
    initial = {"time_zone": request.user.time_zone}
    form = TimeZoneForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        users.choose_zone(actor=request.user, **form.cleaned_data)
        messages.success(request, f"Times are those of {zone_of(request.user).key}.")
        return redirect("crm:time_zone")
    context = {"form": form, "now": timezone.now()}
    status = 422 if form.errors else 200
    return render(request, "crm/users/time_zone.html", context, status=status)
