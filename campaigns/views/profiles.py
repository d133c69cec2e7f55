"""Ideal customer profiles: every version, whom it finds, and the next one."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from campaigns.queries.profiles import found_by, profiles_for
from clv.forms.profiles import ProfileForm
from clv.models import IdealProfile
from clv.permissions import PUBLISH_PROFILES, VIEW_VALUES
from clv.services.profiles import publish_profile
from common.access import requires
from common.errors import DomainError
from crm.requests import SignedInRequest


@require_GET
@requires(VIEW_VALUES)
def profile_list(request: SignedInRequest) -> HttpResponse:
    """Show every version and, to who may publish, the form of the next one."""
    newest = IdealProfile.objects.first()
    initial: dict[str, Any] = {"industries": [], "size_bands": []}
    if newest is not None:
        names = ("industries", "size_bands", "least_worth")
        initial = {name: getattr(newest, name) for name in names}
    return _page(request, ProfileForm(initial=initial, user=request.user))


@require_POST
@requires(PUBLISH_PROFILES)
def profile_publish(request: SignedInRequest) -> HttpResponse:
    form = ProfileForm(request.POST, user=request.user)
    if form.is_valid():
        try:
            made = publish_profile(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            messages.success(request, f"{made} is published.")
            return redirect("campaigns:profile_list")
    return _page(request, form, status=422)


@require_GET
@requires(PUBLISH_PROFILES)
def profile_count(request: SignedInRequest) -> HttpResponse:
    """Say whom the form finds as it stands."""
    form = ProfileForm(request.GET, user=request.user)
    found = found_by(form.asked, request.user) if form.is_valid() else None
    return render(request, "campaigns/profiles/_count.html", {"found": found})


def _page(
    request: SignedInRequest, form: ProfileForm, *, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "profiles": profiles_for(request.user),
        "form": form,
        "may_publish": request.user.has_perm(PUBLISH_PROFILES),
    }
    return render(request, "campaigns/profiles/page.html", context, status=status)
