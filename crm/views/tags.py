"""The catalogue of tags: rename, colour, merge, retire."""

import copy
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from common.access import requires
from common.editing import Difference
from common.errors import DomainError
from crm import permissions
from crm.forms.tags import MergeTagForm, TagForm
from crm.models import Tag
from crm.queries.tags import counted_tags
from crm.requests import SignedInRequest
from crm.services import tags
from crm.views.submitting import submit_changes


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CATALOGUES)
def tag_list(request: SignedInRequest) -> HttpResponse:
    form = TagForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = tags.create_tag(actor=request.user, **form.values())
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            messages.success(request, f"{made} can be put on accounts and contacts.")
            return redirect("crm:tag_list")
    context = {"form": form, "tags": counted_tags()}
    status = 422 if form.errors else 200
    return render(request, "crm/tags/list.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CATALOGUES)
def tag_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(Tag, pk=pk)
    form = TagForm(request.POST or None, instance=copy.copy(stored))
    submitted = submit_changes(request, form, tags.change_tag, tag=stored)
    if submitted.is_kept:
        messages.success(request, f"{stored} was changed.")
        return redirect("crm:tag_list")
    return _page(
        request,
        stored,
        form,
        status=submitted.status,
        differences=submitted.differences,
    )


@require_POST
@requires(permissions.CHANGE_CATALOGUES)
def tag_merge(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let all that carry one tag carry another, which stays."""
    tag = get_object_or_404(Tag, pk=pk)
    form = MergeTagForm(request.POST, tag=tag)
    if form.is_valid():
        name = str(tag)
        try:
            kept = tags.merge_tags(
                actor=request.user, tag=tag, into=form.cleaned_data["into"]
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"{name} is part of {kept} now.")
            return redirect("crm:tag_list")
    own = TagForm(instance=copy.copy(tag))
    return _page(request, tag, own, merging=form, status=422)


@require_POST
@requires(permissions.CHANGE_CATALOGUES)
def tag_retire(request: SignedInRequest, pk: int) -> HttpResponse:
    return _act(request, pk, tags.retire_tag, "is retired")


@require_POST
@requires(permissions.CHANGE_CATALOGUES)
def tag_reinstate(request: SignedInRequest, pk: int) -> HttpResponse:
    return _act(request, pk, tags.reinstate_tag, "is offered again")


@require_POST
@requires(permissions.CHANGE_CATALOGUES)
def tag_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    return _act(request, pk, tags.delete_tag, "is deleted")


def _page(
    request: SignedInRequest,
    tag: Tag,
    form: TagForm,
    *,
    merging: MergeTagForm | None = None,
    differences: list[Difference] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "tag": counted_tags().get(pk=tag.pk),
        "merging": merging or MergeTagForm(tag=tag),
        "differences": differences or [],
    }
    return render(request, "crm/tags/form.html", context, status=status)


def _act(
    request: SignedInRequest, pk: int, act: Callable[..., Any], said: str
) -> HttpResponse:
    tag = get_object_or_404(Tag, pk=pk)
    name = str(tag)
    try:
        act(actor=request.user, tag=tag)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{name} {said}.")
    return redirect("crm:tag_list")
