"""Today beyond touches and tasks: replies, alerts, putting off, settling, ranking."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.errors import CannotPutOffError, ItemGoneError
from campaigns.models import Alert, PlannedTouch, SettledItem, Snooze
from campaigns.queries.today import todo
from campaigns.services import agenda
from campaigns.services.agenda import Mark
from campaigns.services.planning import plan_touches
from common.clock import business_today
from crm.models import AuditEvent, Task, Touchpoint
from tests import make

URL = reverse("campaigns:today")
ACT = reverse("campaigns:today_act")


@pytest.fixture
def account(rep, ready, member):
    account = member("general", owner=rep, name="Kontor Nord")
    make.valuation(account=account, expected_margin_year=Decimal("1000.00"))
    return account


def queue(user, owner=None):
    return todo(user=user, owner=owner, today=business_today()).due


def marks(user, owner=None):
    return [item.mark for item in queue(user, owner)]


def wrote(account, **fields):
    return make.touchpoint(
        account=account,
        **{"channel": "email", "direction": "in", "occurred_at": timezone.now()}
        | fields,
    )


def alert(account, **fields):
    return Alert.objects.create(
        **{
            "account": account,
            "kind": "repeat_late",
            "subject": "2026-01-01",
            "raised_on": business_today(),
            "reason": "Orders every 30 days",
        }
        | fields
    )


def task(owner, account=None, **fields):
    return Task.objects.create(
        **{
            "owner": owner,
            "account": account,
            "title": "Send offer",
            "due_on": business_today(),
        }
        | fields
    )


# -- Replies ---------------------------------------------------------------------------


def test_who_wrote_waits_until_somebody_answers(account, rep):
    hour = dt.timedelta(hours=1)
    wrote(account, note="Older", occurred_at=timezone.now() - 3 * hour)
    newest = wrote(
        account, note="Where is my order?", occurred_at=timezone.now() - hour
    )
    (item,) = queue(rep)
    assert (item.mark, item.title) == (f"reply:{newest.pk}", "Where is my order?")
    assert item.why == "Wrote by e-mail and has no answer yet."
    assert item.url == f"{reverse('crm:quick_log')}?account={account.pk}"
    newest.contact = make.contact(account=account, name="Ann Lee")
    newest.save()
    assert queue(rep)[0].why == "Ann Lee wrote by e-mail and has no answer yet."

    make.touchpoint(
        account=account,
        direction="out",
        outcome="no_answer",
        occurred_at=timezone.now(),
    )
    assert marks(rep) == [item.mark]
    make.touchpoint(account=account, direction="out", occurred_at=timezone.now())
    assert queue(rep) == []


def test_calls_old_letters_and_what_was_taken_back_want_no_answer(account, rep):
    wrote(account, channel="phone")
    wrote(account, occurred_at=timezone.now() - dt.timedelta(days=62))
    wrote(account, voided_at=timezone.now())
    wrote(account, outcome="ok")
    assert queue(rep) == []


# -- Ranking ---------------------------------------------------------------------------


def test_one_queue_by_gain_over_all_sources(rep, ready, member):
    def rich(margin):
        account = member("general", owner=rep)
        make.valuation(account=account, expected_margin_year=Decimal(margin))
        return account

    told = alert(rich("300.00"))
    promised = task(rep, rich("500.00"))
    waiting = wrote(rich("400.00"))
    unvalued = task(rep)
    assert marks(rep) == [
        f"task:{promised.pk}",
        f"reply:{waiting.pk}",
        f"alert:{told.pk}",
        f"task:{unvalued.pk}",
    ]
    gains = [item.gain for item in queue(rep)]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] == 0


def test_a_manager_s_first_row_is_the_firm_s_best_of_many(
    manager, rep, ready, member, monkeypatch
):
    # Looking at few candidates would miss it: it is due last and was made last.
    monkeypatch.setattr("campaigns.queries.today.MOST_SHOWN", 2)
    for _ in range(3):
        alert(member("general", owner=rep))
    best = member("general", owner=rep)
    make.valuation(account=best, expected_margin_year=Decimal("9000.00"))
    told = alert(best)
    found = todo(user=manager, today=business_today(), rows=1)
    assert [item.mark for item in found.due] == [f"alert:{told.pk}"]
    assert found.hidden == 3


def test_reps_see_their_own_alerts_only(account, rep, colleague, manager):
    told = alert(account)
    assert marks(colleague, colleague) == []
    assert marks(manager) == [f"alert:{told.pk}"]
    assert marks(manager, colleague) == []


def test_looking_ahead_shows_what_comes_also_on_a_full_day(client, account, rep):
    tomorrow = business_today() + dt.timedelta(days=1)
    for n in range(3):
        task(rep, account, title=f"Now {n}")
        task(rep, account, title=f"Later {n}", due_on=tomorrow)
    found = todo(user=rep, owner=rep, today=business_today(), rows=2, is_ahead=True)
    assert (len(found.due), found.hidden) == (2, 1)
    assert (len(found.ahead), found.ahead_count) == (2, 1)
    assert {item.due_on for item in found.ahead} == {tomorrow}


# -- Putting off -----------------------------------------------------------------------


def test_what_is_put_off_comes_back_on_its_day(client, account, rep, manager):
    told = alert(account)
    client.force_login(rep)
    answer = client.post(
        ACT,
        {
            "item": f"alert:{told.pk}",
            "act": "snooze",
            "when": "tomorrow",
            "reason": "Ill",
        },
        follow=True,
    )
    assert "Put off until" in answer.text
    assert "1 put off by you" in answer.text
    assert (marks(rep), marks(manager)) == ([], [f"alert:{told.pk}"])
    kept = Snooze.objects.get()
    assert (kept.until, kept.reason) == (business_today() + dt.timedelta(days=1), "Ill")

    assert todo(user=rep, today=kept.until).due[0].mark == f"alert:{told.pk}"
    client.post(reverse("campaigns:today_wake"))
    assert marks(rep) == [f"alert:{told.pk}"]


def test_many_are_put_off_or_settled_at_once(client, account, rep):
    told, promised = alert(account), task(rep, account)
    client.force_login(rep)
    chosen = [f"alert:{told.pk}", f"task:{promised.pk}"]
    week = {"item": chosen, "act": "snooze", "when": "week", "query": "all=on"}
    answer = client.post(ACT, week)
    assert answer.url == f"{URL}?all=on"
    assert marks(rep) == []
    assert {one.until.weekday() for one in Snooze.objects.all()} == {0}

    # The message takes back what it says, and nothing else.
    other = Snooze.objects.create(
        user=rep, source="alert", item="0", until=Snooze.objects.first().until
    )
    undo = client.get(URL).context["messages"]._loaded_messages[0].extra_tags
    again = client.post(undo, headers={"HX-Request": "true"})
    assert again.headers["HX-Redirect"] == URL
    assert set(marks(rep)) == set(chosen)
    assert list(Snooze.objects.all()) == [other]

    client.post(ACT, {"item": chosen, "act": "settle"})
    promised.refresh_from_db()
    assert promised.status == "done"
    assert SettledItem.objects.get().settled_by == rep
    agenda.wake(actor=rep)
    assert marks(rep) == []


def test_what_was_settled_is_taken_back(client, account, rep, colleague):
    told, promised = alert(account), task(rep, account)
    client.force_login(rep)
    chosen = [f"alert:{told.pk}", f"task:{promised.pk}"]
    before = marks(rep)
    client.post(ACT, {"item": chosen, "act": "settle"})
    assert marks(rep) == []

    with pytest.raises(ItemGoneError):
        agenda.unsettle(actor=colleague, marks=[agenda.Mark.read(chosen[0])])
    assert marks(rep) == []
    undo = client.get(URL).context["messages"]._loaded_messages[0].extra_tags
    again = client.post(undo, headers={"HX-Request": "true"})
    assert again.headers["HX-Redirect"] == URL
    assert marks(rep) == before
    assert not SettledItem.objects.exists()
    promised.refresh_from_db()
    assert promised.status == "open"


def test_a_settled_touch_counts_with_the_plan_s_minutes(ready, member, rep):
    member("current_key", owner=rep)
    plan_touches(as_of=business_today(), horizon_days=92)
    touch = PlannedTouch.objects.filter(template__title="Sales visit").first()
    touch.due_on = business_today()
    touch.save()
    agenda.settle(actor=rep, marks=[Mark("touch", str(touch.pk))])
    touch.refresh_from_db()
    assert (touch.status, Touchpoint.objects.get().minutes) == ("done", 90)


def test_what_is_settled_moves_the_total_of_the_day(account, rep):
    told, waiting = alert(account), wrote(account)
    gains = {item.source: item.gain for item in queue(rep)}
    assert gains["alert"] > 0
    agenda.settle(
        actor=rep,
        marks=[Mark("alert", str(told.pk)), Mark("reply", str(waiting.pk))],
    )
    # That a mail needs no answer gains nothing.
    done = todo(user=rep, owner=rep, today=business_today()).done
    assert (done.count, done.gain) == (2, gains["alert"])


def test_a_case_ends_on_its_own_page_only(client, account, rep):
    case, told = make.case(account=account), alert(account)
    client.force_login(rep)
    row = client.get(URL).text.split(f'id="item-case-{case.pk}"')[1].split("</li>")[0]
    assert reverse("campaigns:case_detail", args=[case.pk]) in row
    assert 'value="settle"' not in row
    with pytest.raises(CannotPutOffError, match="Case: open it"):
        agenda.settle(
            actor=rep, marks=[Mark("alert", str(told.pk)), Mark("case", str(case.pk))]
        )
    assert not SettledItem.objects.exists()
    assert marks(rep) == [f"alert:{told.pk}"]


@pytest.mark.parametrize("days", [0, -1, 400])
def test_a_day_that_is_not_ahead_is_refused(account, rep, days):
    told = alert(account)
    with pytest.raises(CannotPutOffError):
        agenda.snooze(
            actor=rep,
            marks=[Mark("alert", str(told.pk))],
            until=business_today() + dt.timedelta(days=days),
        )
    assert not Snooze.objects.exists()


def test_all_or_none_and_nobody_else_s(account, rep, colleague):
    told, theirs = alert(account), alert(make.account(owner=colleague))
    tomorrow = business_today() + dt.timedelta(days=1)
    both = [Mark("alert", str(told.pk)), Mark("alert", str(theirs.pk))]
    for act in (
        lambda: agenda.snooze(actor=rep, marks=both, until=tomorrow),
        lambda: agenda.settle(actor=rep, marks=both),
        lambda: agenda.settle(actor=rep, marks=[Mark("rubbish", "x")]),
    ):
        with pytest.raises(ItemGoneError):
            act()
    with pytest.raises(CannotPutOffError, match="Tick"):
        agenda.settle(actor=rep, marks=[])
    assert not Snooze.objects.exists()
    assert not SettledItem.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="today.").exists()


def test_queries_do_not_grow_with_alerts_and_replies(
    client, account, rep, assert_flat_queries, monkeypatch
):
    monkeypatch.setattr("campaigns.queries.today.FILLED_UP_TO", 0)
    client.force_login(rep)
    alert(account)
    wrote(account)

    def grow():
        for n in range(3):
            other = make.account(owner=rep)
            alert(other, subject=str(n))
            wrote(other)

    assert_flat_queries(lambda: client.get(URL), grow)
