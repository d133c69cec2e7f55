"""Adding and changing the people at an account."""

import copy
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from common.access import requires
from common.errors import DomainError
from crm import permissions
from crm.forms.contacts import ContactForm
from crm.models import Account, Contact
from crm.requests import SignedInRequest
from crm.services import contacts
from crm.views.submitting import submit_changes


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def contact_create(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            contacts.create_contact(
                actor=request.user, account=account, **form.values()
            )
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect(_people_url(account.pk))
    status = 422 if form.errors else 200
    context: dict[str, Any] = {
        "form": form,
        "account": account,
        "contact": None,
        "differences": [],
    }
    return render(request, "crm/contacts/form.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def contact_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = Contact.objects.visible_to(request.user).select_related("account")
    contact = get_object_or_404(mine, pk=pk)
    form = ContactForm(request.POST or None, instance=copy.copy(contact))
    submitted = submit_changes(request, form, contacts.change_contact, contact=contact)
    if submitted.is_kept:
        return redirect("crm:contact_detail", contact.pk)
    context = {
        "form": form,
        "account": contact.account,
        "contact": contact,
        "differences": submitted.differences,
    }
    return render(request, "crm/contacts/form.html", context, status=submitted.status)


def _people_url(account_pk: int) -> str:
    return f"{reverse('crm:account_detail', args=[account_pk])}?tab=people"
