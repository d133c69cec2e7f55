"""Today: what is due, for whom, in which order, and what pressing a button does."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.choices import OwnerRole, TouchStatus
from campaigns.models import PlannedTouch
from campaigns.services import touches
from campaigns.services.planning import plan_touches
from common.clock import business_today
from crm.errors import CannotUndoError
from crm.models import AuditEvent, LedgerEntry, Task, Touchpoint
from tests import make

URL = reverse("campaigns:today")
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def visit(ready, member):
    """Make one open visit at a key account of somebody."""

    def visit(owner, *, due_in=0, margin_year="1200.00", **fields):
        account = member("current_key", owner=owner, **fields)
        make.valuation(account=account, expected_margin_year=Decimal(margin_year))
        plan_touches(as_of=business_today(), horizon_days=92)
        mine = PlannedTouch.objects.due().filter(account=account)
        visits = mine.filter(template__title="Sales visit").order_by("due_on")
        found = visits.first()
        mine.exclude(pk=found.pk).delete()
        found.due_on = business_today() + dt.timedelta(days=due_in)
        found.save()
        return found

    return visit


def shown(client, user, **query):
    client.force_login(user)
    return client.get(URL, query)


def items(response):
    todo = response.context["todo"]
    return [*todo.due, *todo.ahead]


def test_most_gain_first_and_late_ones_say_so(client, visit, rep):
    little = visit(rep, margin_year="4000.00", name="Little")
    much = visit(rep, margin_year="40000.00", name="Much")
    late = visit(rep, due_in=-3, margin_year="400.00", name="Late")
    ahead = visit(rep, due_in=5, name="Ahead")

    response = shown(client, rep)

    assert [item.touch for item in items(response)] == [much, little, late, ahead]
    assert [item.is_late for item in items(response)] == [False, False, True, False]
    assert response.context["todo"].ahead_count == 0
    # A visit costs 30 for the road and 90 minutes, 120 of the 499.20 that four visits
    # and four magazines cost a year; these secure 6,000 (1 - exp(-499.20 / 2,000)).
    assert items(response)[0].gain == Decimal("198.59")
    assert "+199" in response.text
    assert "Secures about 319 of the 40\u202f000 margin" in response.text
    assert "3 days late" in response.text


def test_looking_ahead_shows_what_comes(client, visit, rep, monkeypatch):
    monkeypatch.setattr("campaigns.queries.today.FILLED_UP_TO", 1)
    coming = [visit(rep, due_in=days) for days in (9, 5, 7)]

    quiet = shown(client, rep)
    assert [item.touch for item in items(quiet)] == [coming[1]]
    assert quiet.context["todo"].ahead_count == 2
    ahead = items(shown(client, rep, ahead="on"))
    assert [i.touch for i in ahead] == [coming[1], coming[2], coming[0]]


def test_where_no_touch_is_due_the_next_day_of_touches_is_told(
    client, visit, rep, colleague, monkeypatch
):
    monkeypatch.setattr("campaigns.queries.today.FILLED_UP_TO", 1)
    make_task(rep)
    for days in (5, 5, 9):
        visit(rep, due_in=days)
    visit(colleague, due_in=2)

    told = shown(client, rep)

    coming = told.context["todo"].next_touches
    assert (coming.day, coming.count) == (business_today() + dt.timedelta(days=5), 2)
    assert "No planned touch is due yet. The next 2 fall on" in told.text
    visit(rep)
    assert shown(client, rep).context["todo"].next_touches is None


def test_tasks_stand_among_the_touches(client, visit, rep, colleague):
    touch = visit(rep, margin_year="8000.00")
    rich = visit(rep, due_in=9, margin_year="50000.00").account
    task = make_task(rep, rich)
    make_task(colleague, rich)

    found = [
        item
        for item in items(shown(client, rep))
        if not item.touch or item.touch == touch
    ]

    assert [(item.task, item.touch) for item in found] == [(task, None), (None, touch)]


def make_task(owner, account=None):
    return Task.objects.create(
        owner=owner, account=account, title="Send offer", due_on=business_today()
    )


def test_a_task_without_account_is_shown(client, rep):
    task = make_task(rep)
    assert [item.task for item in items(shown(client, rep))] == [task]


def test_the_rest_is_counted(client, visit, rep, monkeypatch):
    monkeypatch.setattr("campaigns.views.today.TODAY_ROWS", 1)
    visit(rep)
    visit(rep)

    assert shown(client, rep).context["todo"].hidden == 1
    assert "1 more with less to gain" in shown(client, rep).text
    assert len(items(shown(client, rep, all="on"))) == 2


def test_nothing_to_do_is_said(client, rep):
    make.account(owner=rep)

    assert "Nothing needs you today" in shown(client, rep).text


def test_a_rep_sees_their_own_touches_only(client, visit, rep, colleague):
    visit(colleague)
    mine = visit(rep)

    assert [item.touch for item in items(shown(client, rep))] == [mine]


def test_a_manager_sees_the_team_and_can_choose(client, visit, rep, colleague, manager):
    his, hers = visit(colleague, margin_year="1.00"), visit(rep)

    assert [i.touch for i in items(shown(client, manager))] == [hers, his]
    chosen = items(shown(client, manager, owner=colleague.pk))
    assert [i.touch for i in chosen] == [his]


def test_a_touch_of_an_account_without_value_is_shown(client, ready, member, rep):
    account = member("current_key", owner=rep)
    plan_touches(as_of=business_today(), horizon_days=92)
    PlannedTouch.objects.update(due_on=business_today())

    response = shown(client, rep)

    assert {item.account for item in items(response)} == {account}
    assert "Not valued yet" in response.text


def test_the_fragment_alone_for_htmx(client, visit, manager, rep):
    visit(rep)
    client.force_login(manager)

    answer = client.get(URL, headers=HTMX)

    assert answer.text.lstrip().startswith('<div id="today"')
    restored = client.get(URL, headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert "<html" in restored.text


def test_strangers_sign_in_first(client, db):
    assert client.get(URL).status_code == 302


def test_queries_do_not_grow_with_rows(
    client, visit, rep, assert_flat_queries, monkeypatch
):
    monkeypatch.setattr("campaigns.queries.today.FILLED_UP_TO", 0)
    visit(rep)
    make_task(rep, make.account(owner=rep))
    client.force_login(rep)

    def add_rows():
        for _ in range(3):
            make_task(rep, visit(rep).account)

    assert_flat_queries(lambda: client.get(URL), add_rows)


# -- One touch -----------------------------------------------------------------------


def done_url(touch):
    return reverse("campaigns:touch_done", args=[touch.pk])


def skip_url(touch):
    return reverse("campaigns:touch_skip", args=[touch.pk])


def said(**fields):
    return {"form_token": str(uuid.uuid4()), "minutes": "60"} | fields


def test_a_touch_is_logged_with_its_costs(client, visit, rep):
    touch = visit(rep)
    person = make.contact(account=touch.account)
    client.force_login(rep)

    form = client.get(done_url(touch), headers=HTMX)
    assert 'value="90"' in form.text
    answer = client.post(
        done_url(touch),
        said(contact=person.pk, outcome="ok", note="Wants chairs"),
        headers=HTMX,
    )

    assert answer.status_code == 200
    assert "touchpoint-logged" in answer.headers["HX-Trigger"]
    assert "Done: Sales visit" in answer.text
    contact = Touchpoint.objects.get()
    assert (contact.contact, contact.minutes) == (person, 60)
    assert sum(row.amount for row in LedgerEntry.objects.all()) == Decimal("90.00")
    make_task(rep, touch.account)
    make_task(rep, touch.account)
    before = shown(client, rep)
    todo = before.context["todo"]
    assert [item.touch for item in items(before)] == [None, None]
    assert todo.done.count == 1
    task = todo.due[0]
    client.post(reverse("campaigns:today_act"), {"item": task.mark, "act": "settle"})
    done = shown(client, rep).context["todo"].done
    assert (done.count, done.gain) == (2, todo.done.gain + task.gain)


def test_the_same_form_sent_twice_counts_once(client, visit, rep):
    touch = visit(rep)
    client.force_login(rep)
    body = said()

    client.post(done_url(touch), body, headers=HTMX)
    again = client.post(done_url(touch), body, headers=HTMX)

    assert again.status_code == 200
    assert Touchpoint.objects.count() == 1
    assert LedgerEntry.objects.count() == 2


def test_a_done_touch_can_be_taken_back(client, visit, rep):
    touch = visit(rep)
    client.force_login(rep)
    client.post(done_url(touch), said(), headers=HTMX)

    answer = client.post(reverse("campaigns:touch_undo", args=[touch.pk]), headers=HTMX)

    assert answer.status_code == 200
    assert [item.touch for item in items(shown(client, rep))] == [touch]
    assert sum(row.amount for row in LedgerEntry.objects.all()) == 0


def test_a_wrong_value_is_said_at_the_field(client, visit, rep):
    touch = visit(rep)
    client.force_login(rep)

    answer = client.post(done_url(touch), said(minutes="5000"), headers=HTMX)

    assert answer.status_code == 422
    assert answer.text.count("errorlist") == 1
    assert not Touchpoint.objects.exists()


def test_who_must_not_be_called_cannot_be_chosen(client, ready, member, rep):
    account = member("general", owner=rep)
    silent = make.contact(account=account, do_not_contact=True)
    make.contact(account=account)
    plan_touches(as_of=business_today(), horizon_days=92)
    call = PlannedTouch.objects.filter(template__title="Phone follow-up").first()
    client.force_login(rep)

    answer = client.post(done_url(call), said(contact=silent.pk), headers=HTMX)

    assert answer.status_code == 422
    assert not Touchpoint.objects.exists()


def test_skipping_needs_a_reason(client, visit, rep):
    touch = visit(rep)
    client.force_login(rep)

    empty = client.post(skip_url(touch), {"reason": " "}, headers=HTMX)
    touch.refresh_from_db()
    assert (empty.status_code, touch.status) == (422, TouchStatus.DUE)

    answer = client.post(skip_url(touch), {"reason": "On holiday"}, headers=HTMX)
    touch.refresh_from_db()
    assert answer.status_code == 200
    assert (touch.status, touch.reason) == (TouchStatus.SKIPPED, "On holiday")


def test_a_skip_is_taken_back_by_who_skipped_within_a_day(
    client, visit, rep, colleague
):
    touch = visit(rep)
    undo = reverse("campaigns:touch_undo", args=[touch.pk])
    client.force_login(rep)
    row = client.post(skip_url(touch), {"reason": "On holiday"}, headers=HTMX).text
    assert f'hx-post="{undo}"' in row

    answer = client.post(undo, headers=HTMX)

    assert answer.headers["HX-Refresh"] == "true"
    touch.refresh_from_db()
    assert (touch.status, touch.reason, touch.closed_by) == (TouchStatus.DUE, "", None)
    assert AuditEvent.objects.filter(action="touch.reopened").count() == 1
    page = client.post(skip_url(touch), {"reason": "Ill"}, follow=True).text
    assert f'action="{undo}"' in page
    with pytest.raises(CannotUndoError):
        touches.undo(actor=colleague, touch=touch)
    PlannedTouch.objects.update(closed_at=timezone.now() - dt.timedelta(days=2))
    with pytest.raises(CannotUndoError):
        touches.undo(actor=rep, touch=touch)
    touch.refresh_from_db()
    assert (touch.status, touch.reason) == (TouchStatus.SKIPPED, "Ill")


def test_what_was_cancelled_meanwhile_is_said(client, visit, rep):
    touch = visit(rep)
    touches.skip(actor=rep, touch=touch, reason="On holiday")
    client.force_login(rep)

    answer = client.post(done_url(touch), said(), headers=HTMX)

    assert answer.status_code == 422
    assert "skipped meanwhile. On holiday" in answer.text


def test_without_javascript_the_page_works(client, visit, rep):
    touch = visit(rep)
    client.force_login(rep)

    assert "<html" in client.get(done_url(touch)).text
    answer = client.post(done_url(touch), said(), follow=True)

    assert answer.redirect_chain == [(URL, 302)]
    assert "Done: Sales visit" in answer.text


@pytest.mark.parametrize("name", ["touch_done", "touch_skip", "touch_undo"])
def test_a_colleagues_touch_is_not_there(client, visit, rep, colleague, name):
    touch = visit(colleague)
    client.force_login(rep)

    url = reverse(f"campaigns:{name}", args=[touch.pk])
    assert client.post(url, said(reason="x"), headers=HTMX).status_code == 404
    touch.refresh_from_db()
    assert touch.status == TouchStatus.DUE


# -- Sendings ------------------------------------------------------------------------


@pytest.fixture
def magazines(ready, member, rep):
    for _ in range(3):
        member("current_key", owner=rep)
    plan_touches(as_of=business_today(), horizon_days=92)
    rows = PlannedTouch.objects.filter(template__title="Printed magazine")
    first = rows.order_by("period").values("period")[:1]
    rows.exclude(period=first).delete()
    rows.update(due_on=business_today())
    return rows


def test_marketing_sees_sendings_by_class(client, magazines, marketer):
    response = shown(client, marketer)

    [sending] = [s for s in response.context["sendings"] if s.due]
    assert (sending.template.title, sending.due, sending.cost) == (
        "Printed magazine",
        3,
        Decimal("14.40"),
    )
    assert "Print and post" in response.text


def test_touches_of_newcomers_show_to_everybody_who_does_them(
    client, ready, rep, manager, marketer
):
    make.account(name="Fresh", owner=rep)  # in no class before its first night
    plan_touches(as_of=business_today(), horizon_days=92)
    PlannedTouch.objects.update(due_on=business_today())
    rows = PlannedTouch.objects.filter(template__version__plan__worth_class="")
    by_marketing = rows.filter(owner_role=OwnerRole.MARKETER, assigned_to=None)
    assert by_marketing.exists()
    for person in (rep, manager, marketer):
        response = shown(client, person)
        assert response.status_code == 200
    templates = {one.template.pk for one in response.context["sendings"]}
    assert templates == set(by_marketing.values_list("template", flat=True))
    assert "Newcomers" in response.text


def test_all_are_marked_done_at_once(client, magazines, marketer):
    template = magazines[0].template
    client.force_login(marketer)
    url = reverse("campaigns:sending_done", args=[template.pk])

    answer = client.post(url, follow=True)
    client.post(url)

    assert "3 times done: Printed magazine" in answer.text
    assert Touchpoint.objects.count() == LedgerEntry.objects.count() == 3


def test_a_rep_does_not_send_for_everybody(client, magazines, rep):
    client.force_login(rep)
    url = reverse("campaigns:sending_done", args=[magazines[0].template_id])

    assert client.post(url).status_code == 403
    assert magazines.filter(status=TouchStatus.DUE).count() == 3


def test_visits_are_not_marked_all_at_once(client, visit, rep, marketer):
    touch = visit(rep)
    client.force_login(marketer)
    url = reverse("campaigns:sending_done", args=[touch.template_id])

    assert client.post(url).status_code == 404


def test_looking_changes_nothing(client, visit, rep, read_only):
    touch = visit(rep)
    client.force_login(rep)

    with read_only():
        for url in (URL, done_url(touch), skip_url(touch)):
            assert client.get(url).status_code == 200
