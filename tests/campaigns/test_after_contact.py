"""After a contact was logged: it may count as a touch, and the next step is named."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.choices import TouchStatus
from campaigns.errors import TouchClosedError
from campaigns.models import PlannedTouch
from campaigns.services import touches
from campaigns.services.planning import plan_touches
from common.clock import business_today
from crm.models import LedgerEntry, Touchpoint
from crm.services.touchpoints import log_touchpoint
from tests import make

HTMX = {"HX-Request": "true"}


@pytest.fixture
def visit(ready, member, rep):
    """The open sales visit of one key account."""
    member("current_key", owner=rep)
    plan_touches(as_of=business_today(), horizon_days=92)
    rows = PlannedTouch.objects.due().select_related("template", "account")
    touch = rows.filter(template__title="Sales visit").order_by("due_on")[0]
    PlannedTouch.objects.filter(pk=touch.pk).update(due_on=business_today())
    return touch


def logged(rep, account, **fields):
    fields = {"channel": "meeting", "occurred_at": timezone.now()} | fields
    return log_touchpoint(actor=rep, account=account, minutes=60, **fields)


def fulfil(client, touch, touchpoint, **headers):
    url = reverse("campaigns:touch_fulfil", args=[touchpoint.pk])
    return client.post(url, {"touch": touch.pk}, headers=HTMX | headers)


def test_a_meeting_is_offered_as_the_visit_and_counts_once(client, rep, visit):
    client.force_login(rep)
    row = logged(rep, visit.account)
    panel = reverse("campaigns:touchpoint_effect", args=[row.pk])
    offered = client.get(panel).content.decode()
    assert "The plan asks for “Sales visit”" in offered

    answer = fulfil(client, visit, row).content.decode()

    assert "Counts as “Sales visit”" in answer
    visit.refresh_from_db()
    assert (visit.status, visit.touchpoint) == (TouchStatus.DONE, row)
    assert Touchpoint.objects.count() == 1
    amounts = sorted(LedgerEntry.objects.values_list("amount", flat=True))
    assert amounts == [Decimal("30.00"), Decimal("60.00")]
    fulfil(client, visit, row)
    assert LedgerEntry.objects.count() == 2

    undo = reverse("campaigns:touch_undo", args=[visit.pk])
    client.post(undo, headers=HTMX | {"HX-Target": f"div#logged-{row.pk}"})
    visit.refresh_from_db()
    assert visit.status == TouchStatus.DUE
    assert sum(LedgerEntry.objects.values_list("amount", flat=True)) == 0


@pytest.mark.parametrize("case", ["voided", "other account", "counts already"])
def test_what_cannot_count_is_refused_and_changes_nothing(rep, visit, case):
    row = logged(rep, visit.account)
    if case == "voided":
        Touchpoint.objects.update(voided_at=timezone.now())
    elif case == "other account":
        row = logged(rep, make.account(owner=rep))
    else:
        other = PlannedTouch.objects.exclude(pk=visit.pk)[0]
        PlannedTouch.objects.filter(pk=other.pk).update(
            touchpoint=row, status=TouchStatus.DONE, closed_at=timezone.now()
        )
    posted = LedgerEntry.objects.count()
    with pytest.raises(TouchClosedError):
        touches.fulfil(actor=rep, touch=visit, touchpoint=row)
    visit.refresh_from_db()
    assert visit.status == TouchStatus.DUE
    assert LedgerEntry.objects.count() == posted


@pytest.mark.parametrize("fields", [{"channel": "phone"}, {"outcome": "no_answer"}])
def test_another_way_and_no_answer_are_not_offered(client, rep, visit, fields):
    client.force_login(rep)
    row = logged(rep, visit.account, **fields)
    shown = client.get(reverse("campaigns:touchpoint_effect", args=[row.pk]))
    assert "Count it as that" not in shown.content.decode()


def test_a_colleague_finds_neither(client, rep, colleague, visit):
    row = logged(rep, visit.account)
    client.force_login(colleague)
    panel = reverse("campaigns:touchpoint_effect", args=[row.pk])
    assert client.get(panel).status_code == 404
    assert fulfil(client, visit, row).status_code == 404
    visit.refresh_from_db()
    assert visit.status == TouchStatus.DUE


def test_the_next_step_says_why(client, rep, visit):
    client.force_login(rep)
    make.valuation(account=visit.account)
    row = logged(rep, visit.account, channel="phone")
    said = client.get(reverse("campaigns:touchpoint_effect", args=[row.pk]))
    text = said.content.decode()
    assert "Next: <strong>Sales visit</strong>, today" in text
    assert "Secures about" in text
    beside = reverse("campaigns:account_next", args=[visit.account_id])
    said = client.get(beside)
    assert said.context["step"].touch == visit
    assert "it secures about" in said.content.decode()
    foreign = reverse("campaigns:account_next", args=[make.account().pk])
    assert client.get(foreign).status_code == 404
    assert "more than justified spent this year" in text
