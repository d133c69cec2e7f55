"""A change of many rows: first what it would change, then the change, then the undo."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from campaigns.errors import CannotSaveCampaignError
from campaigns.forms.campaigns import AddForm
from campaigns.forms.lists import BulkForm
from campaigns.queries.lists.base import Listing
from campaigns.queries.lists.kinds import Kind
from campaigns.services import assignments, campaign_bulk
from campaigns.services.gate import weigh_plan
from campaigns.views import gate
from campaigns.views.campaign_audiences import add_from, tell
from campaigns.views.lists import kind_of
from common.access import requires
from common.errors import DomainError
from common.htmx import wants_fragment
from crm import permissions
from crm.choices import ListKey
from crm.errors import BulkRefusedError
from crm.models import BulkEdit
from crm.requests import SignedInRequest
from crm.services import bulk, case_bulk, tags
from segments.choices import WorthClass
from segments.policy import MOST_OVERRIDDEN
from segments.services import overrides

SAMPLE = 8


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows that an action is for: some by key, or all that match."""

    listing: Listing
    keys: Sequence[int] | None
    rows: QuerySet[Any]
    count: int

    @property
    def sample(self) -> list[Any]:
        return list(self.rows.order_by("pk")[:SAMPLE])

    @property
    def is_all(self) -> bool:
        return self.keys is None

    @property
    def more(self) -> int:
        return max(self.count - SAMPLE, 0)


@require_POST
@requires(permissions.VIEW_ACCOUNTS)  # each action has a permission of its own
def list_bulk(request: SignedInRequest, key: str) -> HttpResponse:
    """Show what an action would change; with the count that was shown, change it."""
    kind = kind_of(key)
    listing = kind.make(request.user, request.GET)
    back = reverse(kind.url_name) + listing.url()
    try:
        chosen = _chosen(request, listing)
        action = _action(request, kind)
        if action == "add_campaign":
            return _add_to_campaign(request, kind, chosen, back)
        is_sure = "count" in request.POST
        given = request.POST if is_sure else None
        form = BulkForm(given, list_key=key, action=action, user=request.user)
        if not is_sure or not form.is_valid():
            return _ask(request, kind, chosen, action, form)
        if action == "add_plan":
            return _add_to_plan(request, kind, chosen, form, back)
        if action == "set_class":
            said, undo_url = _set_class(request, chosen, form), ""
        else:
            edit = _change(request, kind, chosen, action, form)
            said = f"{edit.summary}: {edit.row_count:,} changed."
            url = reverse("campaigns:bulk_undo", args=[edit.pk])
            undo_url = url if edit.row_count else ""
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(back)
    messages.success(request, said, extra_tags=undo_url)
    return redirect(back)


@require_POST
@requires(permissions.VIEW_ACCOUNTS)
def bulk_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Bring the rows of one's own bulk edit back to what they were."""
    edit = get_object_or_404(BulkEdit.objects.filter(actor=request.user), pk=pk)
    undo = case_bulk.undo if edit.list_key == ListKey.CASES else bulk.undo
    undo = _UNDOS.get(edit.action, undo)
    try:
        done = undo(actor=request.user, edit=edit)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Undone for {done:,} of {edit.row_count:,}.")
    if wants_fragment(request):
        return HttpResponseClientRefresh()
    return redirect(kind_of(edit.list_key).url_name)


_UNDOS = {
    assignments.ACTION: assignments.undo_assignment,
    campaign_bulk.ACTION: campaign_bulk.undo_adding,
}


def _ask(
    request: SignedInRequest, kind: Kind, chosen: Chosen, action: str, form: Form
) -> HttpResponse:
    context = {
        "kind": kind,
        "chosen": chosen,
        "action": action,
        "action_label": dict(kind.actions(request.user))[action],
        "form": form,
        "query": chosen.listing.url(),
        "back": reverse(kind.url_name) + chosen.listing.url(),
    }
    status = 422 if form.errors else 200
    return render(request, "campaigns/lists/bulk.html", context, status=status)


def _action(request: SignedInRequest, kind: Kind) -> str:
    action = request.POST.get("action", "")
    if action not in dict(kind.actions(request.user)):
        raise BulkRefusedError("Choose what is to be done.")
    return action


def _chosen(request: SignedInRequest, listing: Listing) -> Chosen:
    """Find the rows anew, within what the user may see."""
    if listing.refusal:
        raise BulkRefusedError(listing.refusal)
    if request.POST.get("scope") == "all":
        rows = listing.filtered()
        return Chosen(listing, None, rows, rows.count())
    keys = sorted({int(k) for k in request.POST.getlist("chosen") if k.isdecimal()})
    if not keys:
        raise BulkRefusedError("Choose at least one row.")
    rows = listing.visible().order_by().filter(pk__in=keys)
    count = rows.count()
    if count != len(keys):
        raise BulkRefusedError("One of the rows is not there any more, or not yours.")
    return Chosen(listing, keys, rows, count)


def _change(
    request: SignedInRequest, kind: Kind, chosen: Chosen, action: str, form: BulkForm
) -> BulkEdit:
    given, shown = form.cleaned_data, request.POST.get("count", "")
    common: dict[str, Any] = {
        "actor": request.user,
        "list_key": kind.key.value,
        "rows": chosen.rows,
        "expected": int(shown) if shown.isdecimal() else 0,
    }
    if action == "add_task":
        return bulk.add_tasks(**common, **given)
    if action == "mark_done":
        return bulk.finish_tasks(**common)
    if action in {"add_tag", "remove_tag"}:
        tag = given["tag"]
        if action == "add_tag":
            tag = tags.ensure_tag(actor=request.user, name=tag)
        return bulk.change_tag(**common, tag=tag, is_added=action == "add_tag")
    field, value = action.removeprefix("set_"), given["value"]
    label = dict(kind.actions(request.user))[action]
    said = f"{label}: {value}"
    if common["list_key"] == ListKey.CASES:
        del common["list_key"]
        return case_bulk.set_field(**common, field=field, value=value, said=said)
    return bulk.set_field(**common, field=field, value=value, said=said)


def _add_to_plan(
    request: SignedInRequest, kind: Kind, chosen: Chosen, form: BulkForm, back: str
) -> HttpResponse:
    """Put the rows on a plan by hand, after asking whether it pays for each."""
    _check_count(request, chosen)
    terms = form.cleaned_data
    keys = list(chosen.rows.order_by("pk").values_list("pk", flat=True))
    assignments.check_assignable(actor=request.user, account_ids=keys, **terms)
    weighed = weigh_plan(account_ids=keys, plan=terms["plan"], actor=request.user)
    done = gate.step(
        request,
        weighed,
        act=lambda decision: assignments.assign_weighed(
            actor=request.user,
            account_ids=keys,
            decision=decision,
            list_key=kind.key.value,
            **terms,
        ),
        subject=str(terms["plan"]),
        back=back,
    )
    if isinstance(done, HttpResponse):
        return done
    said = f"Put on “{terms['plan']}”: {done.assigned:,}."
    if done.unchanged:
        said += f" {done.unchanged:,} followed it by hand already."
    if done.left_out:
        said += f" Left out: {done.left_out:,}."
    undo = reverse("campaigns:bulk_undo", args=[done.edit.pk]) if done.edit else ""
    messages.success(request, said, extra_tags=undo)
    return redirect(back)


def _add_to_campaign(
    request: SignedInRequest, kind: Kind, chosen: Chosen, back: str
) -> HttpResponse:
    """Add the rows to a draft, or begin a campaign with them."""
    data = request.POST if "count" in request.POST else None
    name = f"{kind.title} {chosen.listing.heading}" if chosen.listing.heading else ""
    form = AddForm(data, user=request.user, name=name)
    if not form.is_possible:
        raise BulkRefusedError(
            "No campaign is a draft now. Marketing and managers begin them."
        )
    if not form.is_valid():
        return _ask(request, kind, chosen, "add_campaign", form)
    _check_count(request, chosen)
    keys = list(chosen.rows.order_by("pk").values_list("pk", flat=True))
    try:
        added = add_from(request, form, keys, list_key=kind.key.value)
    except CannotSaveCampaignError as error:
        form.add_error(form.place_of(error), error.message)
        return _ask(request, kind, chosen, "add_campaign", form)
    tell(request, added)
    if form.campaign is None:
        return redirect("campaigns:campaign_detail", added.campaign.pk)
    return redirect(back)


def _check_count(request: SignedInRequest, chosen: Chosen) -> None:
    """Refuse if other rows match by now than were shown."""
    shown = request.POST.get("count", "")
    if not shown.isdecimal() or chosen.count != int(shown):
        raise BulkRefusedError(
            f"{chosen.count:,} rows match by now, not {shown}. Look again first."
        )


def _set_class(request: SignedInRequest, chosen: Chosen, form: BulkForm) -> str:
    """Set the class of the rows by hand; each is ended on the list of overrides."""
    _check_count(request, chosen)
    if chosen.count > MOST_OVERRIDDEN:
        raise BulkRefusedError(
            f"At most {MOST_OVERRIDDEN:,} classes are set by hand at once: for more,"
            " change the rule."
        )
    made = overrides.set_overrides(
        actor=request.user, accounts=list(chosen.rows), **form.cleaned_data
    )
    label = WorthClass(form.cleaned_data["worth_class"]).label.lower()
    return f"Class set by hand to {label}: {len(made):,} from the coming night on."
