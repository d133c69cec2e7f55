"""Merging duplicates: find the other one, see what would happen, do it, undo it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, Min
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from common.access import requires
from common.errors import DomainError
from common.htmx import render_page
from crm import permissions
from crm.models import Account, AccountMerge, Order
from crm.queries.alike import alike, duplicates
from crm.queries.merged import member_ids
from crm.requests import SignedInRequest
from crm.services import merging

MATCHES = 8
MERGES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """One field in which both differ: what each says, and which is kept."""

    name: str
    label: str
    own: str
    other: str
    takes_other: bool


@require_GET
@requires(permissions.CHANGE_ACCOUNTS)
def merge_find(request: SignedInRequest, pk: int) -> HttpResponse:
    """Look for the duplicate of an account; without words those that are alike."""
    survivor = _account(request, pk)
    words = request.GET.get("search", "")[:200].strip()
    if words:
        mine = Account.objects.active().visible_to(request.user).matching(words)
        rows = mine.exclude(pk=pk).select_related("owner").order_by("name", "pk")
        found = [(row, "") for row in rows[:MATCHES]]
    else:
        known = alike(
            request.user,
            name=survivor.name,
            website=survivor.website,
            phone=survivor.phone,
            but=pk,
        )
        found = [(one.account, one.why) for one in known if one.is_visible]
    return render_page(
        request,
        "crm/merging/find.html",
        fragment="crm/merging/_matches.html",
        context={"account": survivor, "found": found, "words": words},
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def merge_preview(request: SignedInRequest, pk: int, other: int) -> HttpResponse:
    """Show both side by side and what would go over; merge when confirmed."""
    survivor, merged = _account(request, pk), _account(request, other)
    if pk == other:
        messages.error(request, "Choose another account: this is the same one.")
        return redirect("crm:merge_find", pk)
    chosen = frozenset(request.POST.getlist("take_over")) & set(merging.CHOSEN)
    if request.method == "POST":
        try:
            merge = merging.merge_accounts(
                actor=request.user, survivor=survivor, merged=merged, take_over=chosen
            )
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("crm:merge_find", pk)
        messages.success(request, f"{merge.merged} is merged into {survivor}.")
        return redirect(f"{reverse('crm:merge_list')}?done={merge.pk}")
    context = {
        "account": survivor,
        "other": merged,
        "choices": _choices(survivor, merged),
        "moving": merging.moving(merged, survivor),
        "sides": [(account, _sums(account)) for account in (survivor, merged)],
    }
    return render(request, "crm/merging/preview.html", context)


@require_GET
@requires(permissions.CHANGE_ACCOUNTS)
def merge_list(request: SignedInRequest) -> HttpResponse:
    """Show what looks like duplicates, and the merges that can be undone."""
    merges = AccountMerge.objects.visible_to(request.user)
    context = {
        "groups": duplicates(request.user),
        "merges": merges.select_related("survivor", "merged", "made_by", "undone_by")[
            :MERGES_SHOWN
        ],
        "done": request.GET.get("done", ""),
    }
    return render(request, "crm/merging/list.html", context)


@require_POST
@requires(permissions.CHANGE_ACCOUNTS)
def merge_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    merges = AccountMerge.objects.visible_to(request.user)
    merge = get_object_or_404(merges.select_related("survivor", "merged"), pk=pk)
    try:
        merging.undo_merge(actor=request.user, merge=merge)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        text = f"{merge.merged} is an account of its own again."
        messages.success(request, text)
    return redirect("crm:merge_list")


@require_GET
@requires(permissions.CHANGE_ACCOUNTS)
def account_alike(request: SignedInRequest) -> HttpResponse:
    """Say while somebody types whether such an account is there already."""
    found = alike(
        request.user,
        name=request.GET.get("name", "")[:300],
        website=request.GET.get("website", "")[:200].strip(),
        phone=request.GET.get("phone", "")[:40].strip(),
        but=_number(request.GET.get("but", "")),
    )
    return render(request, "crm/merging/_alike.html", {"found": found})


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0  # noqa: PLR2004  fits a bigint


def _account(request: SignedInRequest, pk: int) -> Account:
    mine = Account.objects.active().visible_to(request.user)
    return get_object_or_404(mine.select_related("owner", "territory"), pk=pk)


def _choices(survivor: Account, merged: Account) -> list[Choice]:
    """Return the fields in which both differ; what is empty is filled by itself."""
    filled = merging.taken_over(survivor, merged, frozenset())
    found = []
    for name in merging.CHOSEN:
        own, other = _shown(survivor, name), _shown(merged, name)
        if own != other and other:
            label = str(Account._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            found.append(Choice(name, label, own, other, name in filled))
    return found


def _shown(account: Account, name: str) -> str:
    value = getattr(account, name)
    if value in {None, ""}:
        return (
            ""  # a list's words for it, such as “Not known”, say nothing to take over
        )
    display = getattr(account, f"get_{name}_display", None)
    return str(display() if display else value)


def _sums(account: Account) -> dict[str, Any]:
    orders = Order.objects.filter(account__in=member_ids(account))
    return orders.aggregate(
        count=Count("pk"), first=Min("ordered_on"), last=Max("ordered_on")
    )
