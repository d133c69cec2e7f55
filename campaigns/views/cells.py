"""One cell of a list, changed in place: form, change, conflict, undo."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.forms.lists import FIELDS, CellForm
from campaigns.queries.lists.base import Listing, ShownCell
from campaigns.queries.lists.kinds import Kind
from campaigns.views.lists import kind_of
from common.access import requires
from common.errors import DomainError, StaleRecordError
from common.lists.columns import Column
from crm import permissions
from crm.choices import ListKey
from crm.models import User
from crm.requests import SignedInRequest
from crm.services import accounts, case_steps, cases, contacts, tags, tasks

Change = Callable[..., Any]


def _account(*, actor: User, record: Any, version: int, **changes: Any) -> None:
    accounts.change_account(
        actor=actor, account=record, expected_version=version, **changes
    )


def _contact(*, actor: User, record: Any, version: int, **changes: Any) -> None:
    contacts.change_contact(
        actor=actor, contact=record, expected_version=version, **changes
    )


def _task(*, actor: User, record: Any, version: int, **changes: Any) -> None:
    tasks.change_task(actor=actor, task=record, expected_version=version, **changes)


def _case(*, actor: User, record: Any, version: int, **changes: Any) -> None:
    """Change a case; giving it to somebody is a step of its own."""
    if "owner" not in changes:
        cases.change_case(actor=actor, case=record, expected_version=version, **changes)
        return
    if record.version != version:
        raise StaleRecordError
    case_steps.hand_over(actor=actor, case=record, owner=changes["owner"])


CHANGES: Mapping[str, Change] = {
    ListKey.ACCOUNTS: _account,
    ListKey.PROSPECTS: _account,
    ListKey.CONTACTS: _contact,
    ListKey.TASKS: _task,
    ListKey.CASES: _case,
}


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def list_cell(request: SignedInRequest, key: str, pk: int, column: str) -> HttpResponse:
    """Show a cell, its form (`edit` in the address), or the cell after its change."""
    kind = kind_of(key)
    listing = kind.make(request.user, {"columns": column})
    found = listing.registry.by_key.get(column)
    if found is None or found not in listing.offered or found.edit not in FIELDS[key]:
        raise Http404(column)
    record = get_object_or_404(listing.visible(), pk=pk)
    if request.method == "POST":
        return _save(request, kind, listing, found, record)
    if "edit" not in request.GET:
        return _shown(request, kind, listing, found, pk)
    form = CellForm(
        initial={"value": _value(record, found.edit), "version": record.version},
        list_key=key,
        field=found.edit,
        user=request.user,
    )
    return _edited(request, kind, found, record, form)


@require_GET
@requires(permissions.CHANGE_ACCOUNTS)
def list_edit(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """Show all that can be changed in one row, for a phone, where rows are cards."""
    kind = kind_of(key)
    offered = kind.make(request.user, {}).offered
    columns = [one for one in offered if one.edit in FIELDS.get(key, {})]
    names = ",".join(one.key for one in columns)
    listing = kind.make(request.user, {"columns": names})
    record = get_object_or_404(listing.visible(), pk=pk)
    rows = listing.read([pk])
    cells = [
        ShownCell(one, one.cell(rows[0]), edit_url=_url(kind, pk, one))
        for one in columns
    ]
    context = {"kind": kind, "record": record, "cells": cells}
    return render(request, "campaigns/lists/_edit.html", context)


def _save(
    request: SignedInRequest, kind: Kind, listing: Listing, column: Column, record: Any
) -> HttpResponse:
    before = _text(record, column.edit)
    form = CellForm(
        request.POST, list_key=kind.key, field=column.edit, user=request.user
    )
    if not form.is_valid():
        return _edited(request, kind, column, record, form, status=422)
    try:
        _change(request.user, kind, record, column.edit, form.cleaned_data)
    except StaleRecordError:
        record.refresh_from_db()
        return _conflict(request, kind, column, record, form)
    except DomainError as error:
        form.add_error("value", error.message)
        return _edited(request, kind, column, record, form, status=422)
    record.refresh_from_db()
    toast = {
        "toast": f"{column.title} of {record} changed.",
        "before": before,
        "version": record.version,
    }
    return _shown(request, kind, listing, column, record.pk, **toast)


def _change(
    actor: User, kind: Kind, record: Any, field: str, given: Mapping[str, Any]
) -> None:
    if field == "tags":
        tags.set_tags(actor=actor, record=record, names=given["value"].split(","))
        return
    change = CHANGES[kind.key]
    changes = {field: given["value"]}
    change(actor=actor, record=record, version=given["version"], **changes)


def _shown(
    request: SignedInRequest,
    kind: Kind,
    listing: Listing,
    column: Column,
    pk: int,
    **toast: Any,
) -> HttpResponse:
    rows = listing.read([pk])
    url = _url(kind, pk, column)
    shown = ShownCell(column, column.cell(rows[0]), edit_url=url)
    context = {"kind": kind, "shown": shown, "edit_url": url, **toast}
    return render(request, "campaigns/lists/_cell_saved.html", context)


def _edited(
    request: SignedInRequest,
    kind: Kind,
    column: Column,
    record: Any,
    form: CellForm,
    status: int = 200,
) -> HttpResponse:
    context = {
        "column": column,
        "record": record,
        "form": form,
        "url": _url(kind, record.pk, column),
    }
    return render(request, "campaigns/lists/_cell_form.html", context, status=status)


def _conflict(
    request: SignedInRequest, kind: Kind, column: Column, record: Any, form: CellForm
) -> HttpResponse:
    """Show both versions; whoever edits chooses."""
    theirs = _text(record, column.edit)
    context = {
        "column": column,
        "record": record,
        "theirs": _said(record, column.edit),
        "mine": form.data.get("value", ""),
        "mine_said": _said_of(form, theirs),
        "url": _url(kind, record.pk, column),
    }
    return render(request, "campaigns/lists/_cell_conflict.html", context, status=409)


def _url(kind: Kind, pk: int, column: Column) -> str:
    return reverse("campaigns:list_cell", args=[kind.key.value, pk, column.key])


def _value(record: Any, field: str) -> Any:
    if field == "tags":
        return ", ".join(tag.name for tag in record.tags.all())
    return getattr(record, field)


def _text(record: Any, field: str) -> str:
    """Return a value as its form sends it."""
    value = _value(record, field)
    if value is None:
        return ""
    return str(getattr(value, "pk", value))


def _said(record: Any, field: str) -> str:
    say = getattr(record, f"get_{field}_display", None)
    return str(say() if say else _value(record, field) or "–")


def _said_of(form: CellForm, fallback: str) -> str:
    value = form.cleaned_data.get("value", fallback)
    choices = dict(getattr(form.fields["value"], "choices", None) or [])
    return str(choices.get(value, value)) or "–"
