"""Timelines and their kept filters over the API."""

import datetime as dt

import pytest

from crm.models import PinnedContact, TimelineFilter
from tests import make

URL = "/api/v1/timeline/"
FILTERS = "/api/v1/timeline-filters/"


@pytest.fixture
def past(own, rep):
    at = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    for n in range(3):
        make.touchpoint(
            account=own, user=rep, channel="visit", occurred_at=at, note=f"Note {n}"
        )
    make.order(account=own, on=dt.date(2026, 1, 1))


def test_pages_hold_every_entry_once(api, rep, own, past):
    caller, seen, cursor = api(rep), [], None
    for _ in range(4):
        more = {"cursor": cursor} if cursor else {}
        page = caller.get(URL, {"account": own.pk, "page_size": 1} | more).json()
        seen += [row["text"] or row["title"] for row in page["results"]]
        cursor = page["next"]
    assert cursor is None
    assert seen[:3] == ["Note 2", "Note 1", "Note 0"]
    assert len(seen) == 4


def test_filters_are_the_page_s(api, rep, own, past):
    found = api(rep).get(URL, {"account": own.pk, "kind": "order,task"}).json()
    (row,) = found["results"]
    assert (row["kind"], row["source"], row["is_day"]) == ("order", "order", True)
    assert row["amount"] == "100.00"


def test_a_colleague_s_account_is_not_there(api, rep, foreign):
    assert api(rep).get(URL, {"account": foreign.pk}).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "rubbish"},
        {"channel": "pigeon"},
        {"cursor": "rubbish"},
        {"who": "nobody"},
        {"page_size": "0"},
        {"since": "tomorrow"},
        {"other": "1"},
    ],
)
def test_what_is_not_known_is_refused(api, rep, own, wrong):
    answer = api(rep).get(URL, {"account": own.pk} | wrong)
    assert answer.status_code == 400
    assert next(iter(wrong)) in answer.content.decode()


def test_filters_are_kept_renamed_moved_and_deleted(api, rep, colleague):
    caller = api(rep)
    made = [
        caller.post(FILTERS, {"name": name, "query": "who=me&channel=visit"})
        for name in ("First", "Second")
    ]
    assert [answer.status_code for answer in made] == [201, 201]
    second = made[1].json()
    assert second["query"] == "channel=visit&who=me"
    changed = caller.patch(
        f"{FILTERS}{second['id']}/",
        {"name": "Visits", "places": -1},
        headers={"If-Match": made[1]["ETag"]},
    )
    assert (changed.status_code, changed.json()["position"]) == (200, 0)
    stale = caller.patch(
        f"{FILTERS}{second['id']}/",
        {"name": "X"},
        headers={"If-Match": made[1]["ETag"]},
    )
    assert stale.status_code == 412
    assert api(colleague).get(FILTERS).json()["results"] == []
    assert caller.delete(f"{FILTERS}{second['id']}/").status_code == 204
    assert [row.name for row in TimelineFilter.objects.all()] == ["First"]


def test_a_filter_that_nothing_understands_is_refused(api, rep):
    answer = api(rep).post(FILTERS, {"name": "Odd", "query": "channel=pigeon"})
    assert answer.status_code == 400
    assert not TimelineFilter.objects.exists()


def test_contacts_are_pinned_and_taken_down(api, rep, own, foreign):
    mine, theirs = make.touchpoint(account=own), make.touchpoint(account=foreign)
    caller = api(rep)
    assert caller.post(f"/api/v1/touchpoints/{mine.pk}/pin/").status_code == 200
    assert caller.post(f"/api/v1/touchpoints/{theirs.pk}/pin/").status_code == 404
    assert [pin.pk for pin in PinnedContact.objects.all()] == [mine.pk]
    assert caller.post(f"/api/v1/touchpoints/{mine.pk}/unpin/").status_code == 200
    assert not PinnedContact.objects.exists()
