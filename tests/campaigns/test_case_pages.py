"""Cases on pages: the queue, one case, the form, the tab, the brief, the palette."""

import datetime as dt

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import ServiceVersion
from campaigns.queries.found import find_cases
from campaigns.queries.service import next_end, standings, with_classes
from campaigns.queries.today import todo
from common import kept
from common.clock import business_today, day_ends_at
from crm.models import Account, BulkEdit, Case, CaseEntry, LedgerEntry
from crm.queries.timeline import timeline
from crm.services import case_steps, touchpoints
from tests import make

LIST, NEW = "/cases/", "/cases/new/"


@pytest.fixture
def account(rep):
    return make.account(owner=rep, name="Bürohaus Nord")


@pytest.fixture
def case(account):
    return make.case(account=account, title="Toner leaks")


def url(case, what=""):
    return f"/cases/{case.pk}/{what}"


def act(client, case, what, text="", **more):
    return client.post(url(case, "act/"), {"act": what, "text": text} | more)


# -- The queue -------------------------------------------------------------------------


def test_the_queue_shows_late_cases_first_and_no_colleagues(client, rep, account, case):
    late = make.case(account=account, title="Chair squeaks", hours=30)
    make.case(title="Not mine")
    client.force_login(rep)
    answer = client.get(LIST)
    rows = answer.context["rows"]
    assert [row.pk for row in rows] == [late.pk, case.pk]
    page = answer.content.decode()
    assert "First answer: 6 h" in page
    assert "Not mine" not in page
    fragment = client.get(LIST, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "Chair squeaks" in fragment


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("whose=mine", 0),
        ("whose=nobody", 1),
        ("whose=team", 3),
        ("clock=breached", 1),
        ("clock=paused", 0),
        ("status=resolved", 1),
        ("status=any", 4),
        ("urgency=urgent", 1),
        ("search=ton", 1),
        ("search=C-999999", 0),
    ],
)
def test_the_queue_is_narrowed(client, manager, account, case, query, count):
    make.case(account=account, owner=None, urgency="urgent")
    make.case(sender="@x", hours=100, owner=account.owner)
    make.case(account=account, status="resolved", resolved_at=timezone.now())
    client.force_login(manager)
    assert len(client.get(f"{LIST}?{query}").context["rows"]) == count


def test_a_case_is_found_by_its_number(client, manager, case):
    client.force_login(manager)
    rows = client.get(f"{LIST}?search=c-{case.pk}").context["rows"]
    assert [row.pk for row in rows] == [case.pk]


def test_more_cases_ask_no_more_questions(client, rep, account, assert_flat_queries):
    client.force_login(rep)

    def grow():
        for _ in range(3):
            make.case(account=account, product=make.product(), owner=make.user())

    grow()
    every = "title,account,clock,urgency,class,who,number,product,territory,escalated"
    assert_flat_queries(lambda: client.get(f"{LIST}?columns={every},clv"), grow)


def test_a_cell_is_changed_in_place(client, rep, colleague, case):
    client.force_login(rep)
    cell = f"/lists/cases/{case.pk}/_cell/urgency/"
    given = {"value": "urgent", "version": case.version}
    assert client.post(cell, given).status_code == 200
    assert client.post(cell, given | {"value": "low"}).status_code == 409
    case.refresh_from_db()
    assert case.urgency == "urgent"
    given = {"value": colleague.pk, "version": case.version}
    client.post(f"/lists/cases/{case.pk}/_cell/who/", given)
    case.refresh_from_db()
    assert case.owner == colleague
    kinds = list(case.entries.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["changed", "owner"]


def test_many_are_handed_over_at_once_and_back(client, manager, rep, account, case):
    other = make.case(account=account)
    client.force_login(manager)
    chosen = {"scope": "all", "action": "set_owner", "count": 2, "value": manager.pk}
    client.post("/lists/cases/bulk/", chosen)
    assert set(Case.objects.values_list("owner", flat=True)) == {manager.pk}
    assert case.entries.get().after == manager.name
    edit = BulkEdit.objects.get()
    assert client.post(f"/lists/bulk/{edit.pk}/undo/").status_code == 302
    assert set(Case.objects.values_list("owner", flat=True)) == {rep.pk}
    assert other.entries.count() == 2


def test_the_queue_goes_out_as_it_is_seen(client, rep, case):
    client.force_login(rep)
    answer = client.post("/cases/export.csv?columns=title,account,urgency")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[1] == "Toner leaks,Bürohaus Nord,Normal"


# -- One case --------------------------------------------------------------------------


def test_a_case_shows_the_customer_and_cases_like_it(client, rep, account, case):
    make.membership(account=account, worth_class="current_key")
    make.case(
        account=account,
        title="Toner empty",
        status="resolved",
        resolved_at=timezone.now(),
        resolution="Took the other one",
    )
    client.force_login(rep)
    page = client.get(url(case)).content.decode()
    assert "Current key" in page
    assert "Took the other one" in page
    assert "Weight 4 × 2 = 8" in page


def test_a_colleagues_case_is_not_found(client, colleague, case):
    client.force_login(colleague)
    for what in ("", "edit/"):
        assert client.get(url(case, what)).status_code == 404
    assert act(client, case, "answer", "Hello").status_code == 404
    assert not case.entries.exists()


def test_who_was_given_a_case_sees_no_business_of_the_account(
    client, colleague, account, case
):
    make.deal(account=account, title="Secret plan")
    Case.objects.filter(pk=case.pk).update(owner=colleague)
    client.force_login(colleague)
    page = client.get(url(case)).content.decode()
    assert "Toner leaks" in page
    assert "Secret plan" not in page
    assert f"/accounts/{account.pk}/" not in page


def test_a_case_is_answered_resolved_and_opened_again(client, rep, case):
    client.force_login(rep)
    answer = act(client, case, "answer", "New one", minutes=6, channel="phone", waits=1)
    assert answer.status_code == 302
    case.refresh_from_db()
    assert case.status == "waiting"
    assert LedgerEntry.objects.get().kind == "service"
    act(client, case, "resume")
    act(client, case, "resolve", "Works again")
    assert act(client, case, "answer", "Late word").status_code == 422
    act(client, case, "reopen", "Leaks again")
    case.refresh_from_db()
    assert case.status == "open"
    kinds = list(case.entries.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["answer", "waiting", "resumed", "resolved", "reopened"]


def test_without_words_nothing_is_kept(client, rep, case):
    client.force_login(rep)
    answer = act(client, case, "answer", " ", minutes=5)
    assert answer.status_code == 422
    assert "Write a few words." in answer.content.decode()
    assert not CaseEntry.objects.exists()
    assert not LedgerEntry.objects.exists()


def test_escalate_and_hand_over(client, rep, manager, colleague, case):
    client.force_login(rep)
    assert client.post(url(case, "escalate/"), {"up-text": ""}).status_code == 422
    client.post(url(case, "escalate/"), {"up-text": "They leave", "up-to": ""})
    case.refresh_from_db()
    assert case.escalated_to == manager
    assert client.post(url(case, "hand-over/"), {"to-owner": ""}).status_code == 422
    client.post(url(case, "hand-over/"), {"to-owner": colleague.pk})
    case.refresh_from_db()
    assert case.owner == colleague


def test_minutes_are_corrected_on_the_page(client, rep, case):
    client.force_login(rep)
    act(client, case, "note", "Called", minutes=30)
    entry = case.entries.get()
    client.post(reverse("campaigns:case_minutes", args=[entry.pk]), {"minutes": 3})
    entry.refresh_from_db()
    assert entry.minutes == 3
    assert sum(LedgerEntry.objects.values_list("amount", flat=True)) == 3


# -- Opening and editing ---------------------------------------------------------------


def test_a_case_is_opened_with_a_title_alone(client, rep, account):
    client.force_login(rep)
    form = client.get(f"{NEW}?account={account.pk}").context["form"]
    given = {
        "title": "Toner leaks",
        "form_token": form.initial["form_token"],
        "urgency": "normal",
        "kind": "question",
        "channel": "phone",
    }
    for _ in range(2):  # pressed twice
        answer = client.post(f"{NEW}?account={account.pk}", given)
    case = Case.objects.get()
    assert answer.url == url(case)
    assert (case.account, case.owner, case.urgency) == (account, rep, "normal")


def test_without_an_account_it_is_asked_for_first(client, rep, account):
    make.account(name="Bürowelt of a colleague")
    client.force_login(rep)
    page = client.get(f"{NEW}?search=buro&title=Toner").content.decode()
    assert f"?account={account.pk}&amp;title=Toner" in page
    assert "Bürowelt" not in page


def test_similar_cases_are_told_while_typing(client, rep, account, case):
    client.force_login(rep)
    said = client.get(f"/cases/_similar/?title=tön&account={account.pk}")
    assert "same account" in said.content.decode()
    assert "C-" not in client.get("/cases/_similar/?title=zz").content.decode()


def test_two_who_edit_merge_or_choose(client, rep, case):
    client.force_login(rep)
    form = client.get(url(case, "edit/")).context["form"]
    held = {name: form[name].value() or "" for name in form.fields if name != "version"}
    held |= {"version": case.version}
    Case.objects.filter(pk=case.pk).update(urgency="urgent", version=2)
    answer = client.post(url(case, "edit/"), held | {"title": "Toner is empty"})
    assert answer.status_code == 302  # each changed something else
    case.refresh_from_db()
    assert (case.title, case.urgency) == ("Toner is empty", "urgent")
    answer = client.post(url(case, "edit/"), held | {"title": "Mine"})
    assert answer.status_code == 409
    case.refresh_from_db()
    assert case.title == "Toner is empty"


def test_an_unknown_sender_is_claimed(client, manager, account):
    case = make.case(sender="@x")
    client.force_login(manager)
    assert client.get(url(case)).status_code == 200
    page = client.get(url(case, "claim/?search=buro")).content.decode()
    assert "Bürohaus Nord" in page
    client.post(url(case, "claim/"), {"account": account.pk})
    case.refresh_from_db()
    assert (case.account, case.owner) == (account, account.owner)


# -- Service levels --------------------------------------------------------------------


def test_levels_are_published_by_managers(client, manager, rep):
    client.force_login(rep)
    assert "Current key" in client.get("/cases/levels/").content.decode()
    assert client.get("/cases/levels/edit/").status_code == 403
    client.force_login(manager)
    form = client.get("/cases/levels/edit/").context["form"]
    held = {name: form[name].value() or "" for name in form.fields}
    held["general-low-answer"] = "2.5"
    assert client.post("/cases/levels/edit/", held).status_code == 422  # no reason
    held["reason"] = "Faster"
    assert client.post("/cases/levels/edit/", held).status_code == 302
    version = ServiceVersion.objects.current()
    level = version.levels.get(worth_class="general", urgency="low")
    assert (level.answer_minutes, version.author) == (150, manager)
    assert client.post("/cases/levels/edit/", held).status_code == 409
    assert ServiceVersion.objects.count() == 2


# -- Everywhere else -------------------------------------------------------------------


def test_the_account_tells_its_cases(client, rep, account, case):
    client.force_login(rep)
    tab = client.get(f"/accounts/{account.pk}/?tab=cases").content.decode()
    box = f"/accounts/{account.pk}/_cases/"
    assert box in tab
    assert "Toner leaks" in client.get(box).content.decode()
    brief = client.get(f"/accounts/{account.pk}/brief/").content.decode()
    assert "Their case: Toner leaks" in brief


def test_the_timeline_tells_cases_opened_and_resolved(rep, account, case):
    Case.objects.filter(pk=case.pk).update(
        opened_at=timezone.now() - dt.timedelta(hours=2),
        status="resolved",
        resolved_at=timezone.now(),
        resolution="New toner",
    )
    items = [row.item for row in timeline(account, user=rep).rows]
    found = [one for one in items if one.kind == "case"]
    assert [one.text for one in found] == ["Toner leaks. New toner", "Toner leaks"]


def test_an_answer_is_a_contact_and_stands_in_the_timeline(rep, account, case):
    Account.objects.filter(pk=account.pk).update(last_contact_on=None)
    case_steps.answer_case(actor=rep, case=case, text="New toner is on its way")
    account.refresh_from_db()
    assert account.last_contact_on == business_today()
    items = [row.item for row in timeline(account, user=rep).rows]
    assert "Toner leaks: New toner is on its way" in [one.text for one in items]
    logged = make.touchpoint(account=account, user=rep)
    touchpoints.undo_touchpoint(actor=rep, touchpoint=logged)
    account.refresh_from_db()
    assert account.last_contact_on == business_today()  # of the answer, still


def test_today_brings_cases_whose_clock_runs(rep, account, case):
    late = make.case(account=account, title="Chair", hours=300)
    make.case(
        account=account, status="waiting", waiting_since=timezone.now(), hours=300
    )
    found = todo(user=rep, today=business_today(), owner=rep)
    items = {
        item.key: item for item in (*found.due, *found.ahead) if item.source == "case"
    }
    assert set(items) == {str(case.pk), str(late.pk)}
    assert items[str(late.pk)].is_late
    assert items[str(late.pk)].why == "Its first answer is late."
    assert items[str(late.pk)].url == url(late)


def test_today_places_cases_once_and_says_by_the_minute_how_they_stand(
    rep, account, settings, monkeypatch
):
    """Of 24 hours until the first answer, 23 have gone by, then 25."""
    settings.CACHES = settings.CACHES | {
        "answers": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }
    monkeypatch.setattr(kept, "WORTH_KEEPING_SECONDS", 0.0)
    caches["answers"].clear()
    noon = day_ends_at(business_today()) - dt.timedelta(hours=12)
    monkeypatch.setattr(timezone, "now", lambda: noon)
    case = make.case(account=account, opened_at=noon - dt.timedelta(hours=23))

    def found():
        with CaptureQueriesContext(connection) as asked:
            shown = todo(user=rep, today=business_today(), owner=rep, is_ahead=True)
        (item,) = (*shown.due, *shown.ahead)
        return item, [q["sql"] for q in asked if "secured" in q["sql"]]

    before, placed = found()
    assert placed
    later = noon + dt.timedelta(hours=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    after, placed = found()
    assert placed == []
    assert (before.key, before.due_on) == (after.key, after.due_on)
    assert before.why == "Its time is nearly over."
    assert after.why == "Its first answer is late."
    Case.objects.filter(pk=case.pk).update(paused_seconds=3 * 3_600)
    again, placed = found()
    assert again.why == "Its time is nearly over."
    assert placed


@pytest.mark.parametrize("hour", [1, 12, 23])
def test_a_case_is_due_on_the_day_on_which_its_next_clock_ends(db, monkeypatch, hour):
    now = day_ends_at(business_today()) - dt.timedelta(hours=24 - hour, seconds=-1)
    monkeypatch.setattr(timezone, "now", lambda: now)
    key = make.account()
    make.membership(account=key, worth_class="current_key")
    for hours in (2, 20, 50, 200):  # longer than it was paused
        make.case(account=key, hours=hours, urgency="high")
        make.case(hours=hours, first_answered_at=now, paused_seconds=3_000)
        make.case(sender="@somebody", hours=hours, urgency="low")
    rows = with_classes(Case.objects.all()).annotate(day=next_end())
    days = dict(rows.values_list("pk", "day"))
    ends = {one.case.pk: one.due_at for one in standings(Case.objects.all())}
    assert days == {pk: timezone.localdate(at) for pk, at in ends.items()}
    assert len(set(days.values())) > 3


def test_the_palette_finds_cases_by_number_and_words(rep, colleague, account, case):
    for text in (f"C-{case.pk}", "toner", "burohaus"):
        assert [hit.url for hit in find_cases(rep, text, 5)] == [url(case)]
    assert find_cases(colleague, "toner", 5) == []
