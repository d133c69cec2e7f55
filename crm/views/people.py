"""The page of one person, and what is noted there: judgements, wishes, leaving."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from common.access import requires
from common.editing import Difference, VersionedForm, tell_kept
from common.errors import DomainError, StaleRecordError
from crm import permissions
from crm.forms.contacts import AssessmentForm, ConsentForm, LeaveForm
from crm.models import Contact, Touchpoint
from crm.queries.consent import contacts_within_cap
from crm.queries.editors import names_since
from crm.queries.people import person_rows
from crm.requests import SignedInRequest
from crm.services import assessments, consent, contacts

CONTACTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Forms:
    """The three forms of the page; the one that was refused is bound and open."""

    assess: forms.BaseForm
    consent: forms.BaseForm
    leave: forms.BaseForm


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def contact_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, _contact(request, pk))


@require_POST
@requires(permissions.CHANGE_ACCOUNTS)
def contact_assess(request: SignedInRequest, pk: int) -> HttpResponse:
    contact = _contact(request, pk)
    form = AssessmentForm(request.POST, instance=copy.copy(contact))

    def act() -> None:
        assessments.assess_contact(
            actor=request.user,
            contact=contact,
            expected_version=form.cleaned_data["version"],
            **form.values(),
        )

    return _act(request, contact, "assess", form, act, "Judgement stored.")


@require_POST
@requires(permissions.RECORD_CONSENT)
def contact_consent(request: SignedInRequest, pk: int) -> HttpResponse:
    contact = _contact(request, pk)
    form = ConsentForm(request.POST)

    def act() -> None:
        consent.record_consent(actor=request.user, contact=contact, **form.cleaned_data)

    return _act(request, contact, "consent", form, act, "Consent recorded.")


@require_POST
@requires(permissions.CHANGE_ACCOUNTS)
def contact_leave(request: SignedInRequest, pk: int) -> HttpResponse:
    contact = _contact(request, pk)
    form = LeaveForm(request.POST, instance=copy.copy(contact), actor=request.user)

    def act() -> None:
        contacts.let_go(
            actor=request.user,
            contact=contact,
            expected_version=form.cleaned_data["version"],
            **form.values(),
        )

    return _act(request, contact, "leave", form, act, f"{contact} left: noted.")


@require_POST
@requires(permissions.CHANGE_ACCOUNTS)
def contact_return(request: SignedInRequest, pk: int) -> HttpResponse:
    contact = _contact(request, pk)
    try:
        contacts.take_back(actor=request.user, contact=contact)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{contact} is here again.")
    return redirect("crm:contact_detail", contact.pk)


def _act(
    request: SignedInRequest,
    contact: Contact,
    name: str,
    form: Any,
    act: Callable[[], None],
    said: str,
) -> HttpResponse:
    """Do what a valid form asks; otherwise show the page with the form and why."""
    status, differences = 422, []
    if form.is_valid():
        try:
            act()
        except StaleRecordError:
            who = names_since(contact, form.seen_at, request.user)
            status, differences = 409, form.show_conflict(contact, who)
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            messages.success(request, said)
            if isinstance(form, VersionedForm):
                tell_kept(request, form, names_since)
            return redirect("crm:contact_detail", contact.pk)
    return _page(
        request, contact, given={name: form}, differences=differences, status=status
    )


def _page(
    request: SignedInRequest,
    contact: Contact,
    *,
    given: dict[str, Any] | None = None,
    differences: list[Difference] | None = None,
    status: int = 200,
) -> HttpResponse:
    fresh = {
        "assess": AssessmentForm(instance=copy.copy(contact)),
        "consent": ConsentForm(),
        "leave": LeaveForm(instance=copy.copy(contact), actor=request.user),
    }
    spoken = Touchpoint.objects.standing().filter(contact=contact)
    visible = Contact.objects.visible_to(request.user).select_related("account")
    context = {
        "account": contact.account,
        "contact": contact,
        "row": person_rows(Contact.objects.filter(pk=contact.pk))[0],
        "forms": Forms(**fresh | (given or {})),
        "refused": next(iter(given or {}), ""),
        "differences": differences or [],
        "assessments": contact.assessments.select_related("judged_by"),
        "consents": contact.consents.select_related("recorded_by"),
        "touchpoints": spoken.select_related("user")[:CONTACTS_SHOWN],
        "before": visible.filter(moves=contact).first(),
        "later": visible.filter(moved_from=contact),
        "cap_used": contacts_within_cap(contact, timezone.now()).count(),
        "can_change": request.user.has_perm(permissions.CHANGE_ACCOUNTS),
        "can_record": request.user.has_perm(permissions.RECORD_CONSENT),
    }
    return render(request, "crm/contacts/detail.html", context, status=status)


def _contact(request: SignedInRequest, pk: int) -> Contact:
    mine = Contact.objects.visible_to(request.user)
    return get_object_or_404(mine.select_related("account", "successor"), pk=pk)
