"""Filters of the timeline: what they keep, and keeping them as tabs."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.clock import business_today
from crm.errors import CannotPinError, CannotSaveFilterError
from crm.models import AuditEvent, PinnedContact, TimelineFilter
from crm.queries.timeline import Wanted, ago, beginning, timeline
from crm.services import pins, timeline_filters
from tests import make

HTMX = {"HX-Request": "true"}
FIRST = dt.datetime(2016, 5, 4, 9, tzinfo=dt.UTC)


@pytest.fixture
def account(rep):
    return make.account(owner=rep, name="Kontor Nord")


@pytest.fixture
def past(account, rep, colleague):
    """A visit of the rep's, a colleague's call, and an order of a copier."""
    anna = make.contact(account=account, name="Dr. Anna Ahrens")
    at = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    make.touchpoint(
        account=account,
        user=rep,
        channel="visit",
        contact=anna,
        occurred_at=at,
        note="Prices ok",
    )
    bert = make.contact(account=account, name="Bert Anders")
    make.touchpoint(
        account=account,
        user=colleague,
        contact=bert,
        occurred_at=at - dt.timedelta(days=40),
        note="Prices too high",
    )
    order = make.order(
        account=account, on=dt.date(2025, 6, 1), lines=[(1, "9", "1")] * 2
    )
    order.lines.update(product=make.product(name="Copier A"))


def url(account, query=""):
    return f"{reverse('crm:account_detail', args=[account.pk])}?tab=timeline&{query}"


def titles(response):
    return [row.item.title for row in response.context["timeline"].rows]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("kind=order", ["Order"]),
        ("kind=order&kind=contact", ["Visit", "Call", "Order"]),
        ("channel=visit", ["Visit"]),
        ("who=me", ["Visit"]),
        ("who=others", ["Call"]),
        ("person=anna", ["Visit"]),
        ("person=nna", []),
        ("product=copier", ["Order"]),
        ("text=prices+high", ["Call"]),
        ("since=2026-01-21&until=2026-03-02", ["Visit", "Call"]),
        ("since=2026-01-22&until=2026-03-01", []),
        ("until=2025-06-01", ["Order"]),
        ("days=30", []),
        ("before=2025", ["Order"]),
        ("before=2025&who=me", []),
        ("kind=rubbish&days=x&since=tomorrow&who=nobody", ["Visit", "Call", "Order"]),
    ],
)
def test_each_filter_keeps_its_entries(client, rep, account, past, query, told):
    client.force_login(rep)
    response = client.get(url(account, query))
    assert response.status_code == 200
    assert titles(response) == told


def test_the_end_names_the_first_contact_and_the_years(client, rep, account, past):
    client.force_login(rep)
    make.touchpoint(account=account, occurred_at=FIRST)
    account.acquired_on = business_today() - dt.timedelta(days=3653)
    account.save()

    page = client.get(url(account))

    assert "First contact: Call on 4 May 2016, 10.0 years with us." in page.text
    assert list(page.context["years"])[-1] == 2016
    assert [r.begins_month for r in page.context["timeline"].rows] == [True] * 4
    assert "March 2026" in page.text


def test_a_kept_filter_is_a_tab_on_every_account(client, rep, colleague, account, past):
    client.force_login(rep)
    answer = client.post(
        reverse("crm:filter_save", args=[account.pk]),
        {"name": " My  visits ", "channel": "visit", "who": "me"},
        follow=True,
    )
    kept = TimelineFilter.objects.get()
    assert (kept.name, kept.query) == ("My visits", "channel=visit&who=me")
    assert titles(answer) == ["Visit"]

    other = client.get(reverse("crm:account_detail", args=[make.account(owner=rep).pk]))
    tabs = {tab.title: tab for tab in other.context["tabs"]}
    assert list(tabs)[1:3] == ["Timeline", "My visits"]
    assert tabs["My visits"].query == f"channel=visit&who=me&saved={kept.pk}"
    on_it = client.get(url(account, tabs["My visits"].query))
    assert [t.title for t in on_it.context["tabs"] if t.is_current] == ["My visits"]

    client.force_login(colleague)
    theirs = client.get(
        reverse("crm:account_detail", args=[make.account(owner=colleague).pk])
    )
    assert "My visits" not in theirs.text


def test_own_filters_are_renamed_ordered_and_deleted(client, rep):
    first, second = (
        timeline_filters.save_filter(actor=rep, name=name, query="who=me")
        for name in ("First", "Second")
    )
    client.force_login(rep)

    def change(row, **data):
        return client.post(
            reverse("crm:filter_change", args=[row.pk]), data, follow=True
        )

    def names():
        return [row.name for row in TimelineFilter.objects.visible_to(rep)]

    change(second, act="earlier")
    assert names() == ["Second", "First"]
    change(second, act="rename", name="Other")
    assert names() == ["Other", "First"]
    taken = change(second, act="rename", name="First")
    assert "You have a filter named “First” already." in taken.text
    change(first, act="delete")
    assert names() == ["Other"]


@pytest.mark.parametrize(
    ("name", "query", "words"),
    [
        ("", "who=me", "Give the filter a name"),
        ("x" * 61, "who=me", "under 60"),
        ("Mine", "who=me", "already"),
        ("Everything", "", "keeps everything"),
    ],
)
def test_what_cannot_be_kept_is_refused(rep, name, query, words):
    timeline_filters.save_filter(actor=rep, name="Mine", query="who=others")
    with pytest.raises(CannotSaveFilterError, match=words):
        timeline_filters.save_filter(actor=rep, name=name, query=query)
    assert TimelineFilter.objects.count() == 1


def test_there_is_an_end_to_tabs(rep, monkeypatch):
    monkeypatch.setattr("crm.policy.MOST_TIMELINE_FILTERS", 1)
    timeline_filters.save_filter(actor=rep, name="One", query="who=me")
    with pytest.raises(CannotSaveFilterError, match="1 tabs are the most"):
        timeline_filters.save_filter(actor=rep, name="Two", query="who=me")


def test_pinned_contacts_stand_at_the_top(client, rep, account, past):
    old = make.touchpoint(account=account, channel="note", note="Deaf on the left ear")
    client.force_login(rep)
    for _ in range(2):
        client.post(reverse("crm:touchpoint_pin", args=[old.pk]), headers=HTMX)
    page = client.get(url(account, "channel=visit"))
    assert [pin.pk for pin in page.context["pinned"]] == [old.pk]
    assert page.text.index("Deaf on") < page.text.index("Prices ok")
    assert AuditEvent.objects.filter(action="touchpoint.pinned").count() == 1

    client.post(reverse("crm:touchpoint_unpin", args=[old.pk]))
    assert not client.get(url(account)).context["pinned"]


def test_pins_have_an_end_and_what_was_taken_back_has_none(rep, account, monkeypatch):
    monkeypatch.setattr("crm.policy.MOST_PINS", 1)
    one, two = (make.touchpoint(account=account) for _ in range(2))
    gone = make.touchpoint(account=account, voided_at=FIRST)
    pins.pin_contact(actor=rep, touchpoint=one)
    for row, words in ((two, "1 are pinned"), (gone, "taken back")):
        with pytest.raises(CannotPinError, match=words):
            pins.pin_contact(actor=rep, touchpoint=row)
    assert list(PinnedContact.objects.values_list("pk", flat=True)) == [one.pk]


def test_how_long_ago_is_said_as_people_say_it():
    today = dt.date(2026, 6, 15)
    said = [
        ago(today - dt.timedelta(days=days), today)
        for days in (-2, -1, 0, 1, 59, 60, 364, 366)
    ]
    assert said == [
        "in 2 days",
        "tomorrow",
        "today",
        "yesterday",
        "59 days ago",
        "2 months ago",
        "12 months ago",
        "1.0 years ago",
    ]


# -- An account with 50,000 entries ----------------------------------------------------

FILL = """
INSERT INTO crm_touchpoint (account_id, channel, direction, occurred_at, note, outcome,
    phase, care, source)
SELECT %(account)s, 'phone', 'out', timestamptz '2026-11-01' - n * interval '1 hour',
    'Note ' || n, '', '', '', 'typed'
FROM generate_series(1, %(rows)s) n
"""


@pytest.fixture
def long_past(account):
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"account": account.pk, "rows": 50_000})
        cursor.execute("ANALYZE crm_touchpoint")


def test_fifty_thousand_entries_are_read_part_by_part_through_the_index(
    rep, account, long_past
):
    with CaptureQueriesContext(connection) as captured:
        newest = timeline(account, user=rep)
    queries = len(captured)
    merged, told = (one["sql"] for one in captured[-2:])
    with CaptureQueriesContext(connection) as captured:
        deep = timeline(account, user=rep, before="2022")
        begins = beginning(account, user=rep)
    assert [len(newest.rows), len(deep.rows)] == [25, 25]
    assert deep.rows[0].item.day <= dt.date(2022, 12, 31)
    assert begins.contact_on == dt.date(2021, 2, 16)
    assert len(captured) <= 2 * queries
    scan = scan_of_contacts(merged)
    assert scan["Index Name"] == "touchpoint_by_account"
    assert scan["Actual Rows"] == 26
    # What they say is read of these only.
    assert scan_of_contacts(told)["Actual Rows"] == 26

    oldest = timeline(account, user=rep, wanted=Wanted(until=begins.on), size=100)
    assert (oldest.older, oldest.rows[-1].item.text) == ("", "Note 50000")


CONTACTS = "crm_touchpoint"


def scan_of_contacts(sql):
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql)
        (plan,) = cursor.fetchone()[0]
    (scan,) = [n for n in nodes(plan["Plan"]) if n.get("Relation Name") == CONTACTS]
    return scan


def nodes(node):
    yield node
    for inner in node.get("Plans", []):
        yield from nodes(inner)


def test_everything_means_no_filter():
    assert Wanted().is_everything
    assert not Wanted(who="me").is_everything
