"""The team: reps and what is nobody's sum to the firm; a rep sees the own row."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from campaigns.queries.team import Rated, Row, team_in
from campaigns.queries.team_plot import plot_of
from segments.queries.scope import Scope
from tests import make

URL = reverse("campaigns:team")
EARLY, DAY = dt.date(2025, 9, 30), dt.date(2026, 11, 20)
AT = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)


@pytest.fixture
def firm(db, rep, colleague):
    """Two reps, one account of nobody, one that was merged away meanwhile."""
    before, run = make.run(as_of=EARLY, current=False), make.run(as_of=DAY)
    mine = make.account(name="Mine", owner=rep, last_contact_on=DAY)
    theirs = make.account(name="Theirs", owner=colleague)
    nobodys = make.account(name="Nobody's")
    gone = make.account(name="Gone", owner=rep, merged_into=mine)
    for account, was, now in (
        (mine, "100.10", "250.35"),
        (theirs, "300.00", "120.07"),
        (nobodys, None, "40.01"),
        (gone, "17.77", None),
    ):
        for night, amount in ((before, was), (run, now)):
            if amount is not None:
                make.valuation(
                    account=account, run=night, realised=amount, expected_margin="0"
                )
    return mine


@pytest.fixture
def as_manager(client, manager):
    client.force_login(manager)
    return client


def team(user, **asked):
    return team_in(Scope.read(asked, user))


def of(found, person):
    return next(row for row in found.rows if row.owner == person)


def test_reps_and_nobodys_sum_to_the_firm_to_the_cent(firm, manager, rep, colleague):
    found = team(manager)
    assert of(found, rep).gained == Decimal("150.25")
    assert of(found, colleague).gained == Decimal("-179.93")
    assert found.unattributed.gained == Decimal("40.01") - Decimal("17.77")
    assert found.firm.gained == Decimal("410.43") - Decimal("417.87")
    shown = [*found.rows, found.unattributed]
    assert sum(row.gained for row in shown) == found.firm.gained
    assert "changed by" in found.sentence


def test_hours_ratings_deals_and_double_work_count(firm, manager, rep, colleague):
    contact = {"account": firm, "occurred_at": AT}
    make.touchpoint(user=colleague, minutes=10, **contact)
    later = contact | {"occurred_at": AT + dt.timedelta(days=1)}
    make.touchpoint(user=rep, minutes=30, rating_people=5, **later)
    make.touchpoint(user=rep, rating_people=1, rating_information=2, **later)
    make.touchpoint(user=rep, minutes=600, voided_at=AT, **later)
    make.touchpoint(
        user=rep, minutes=600, account=firm, occurred_at=AT.replace(year=2024)
    )
    make.touchpoint(user=rep, source="mail", channel="note", **later)
    won = {"account": firm, "status": "won", "lines": [(2, "50.00", None)]}
    make.deal(closed_on=DAY, **won)
    make.deal(closed_on=EARLY, **won)
    found = team(manager)
    row = of(found, rep)
    assert (row.minutes, row.untimed, row.twice_minutes) == (30, 1, 30)
    assert row.per_hour == Decimal("300.50")
    assert (row.won, row.won_amount) == (1, Decimal("100.00"))
    assert row.rated.contacts == 2
    assert (row.rated.mean, row.rated.worst_tenth) == pytest.approx((3.25, 1.5))
    assert row.rated.is_small
    assert row.automated_share == pytest.approx(1 / 3)
    assert of(found, colleague).minutes == 10
    assert (found.firm.minutes, found.firm.won_amount) == (40, Decimal("100.00"))
    assert found.firm.rated == row.rated
    plot = plot_of(found.rows)
    assert [dot.row.owner for dot in plot.dots] == [rep]


def test_the_plot_marks_ratings_and_gains_and_keeps_names_apart():
    def rep(mean, gained):
        return Row(None, "Rep", Decimal(gained), rated=Rated(5, mean, 1.0))

    rows = [rep(3.0, "-50"), rep(4.0, "100"), rep(3.9, "95"), rep(1.0, "95")]
    unknown = [Row(None, "Unrated", Decimal(7)), replace(rows[0], gained=None)]
    plot = plot_of([*rows, *unknown])
    assert [(dot.row, dot.x, dot.is_below) for dot in plot.dots] == [
        (rows[1], 720.0, False),
        (rows[2], 698.0, True),
        (rows[3], 60.0, False),
        (rows[0], 500.0, False),
    ]
    assert plot.gains == [
        (Decimal(-50), 640.0),
        (Decimal(0), 446.7),
        (Decimal(100), 60.0),
    ]
    assert plot.ratings == [(1, 60.0), (2, 280.0), (3, 500.0), (4, 720.0), (5, 940.0)]
    assert plot_of(unknown).dots == []


def test_a_rep_sees_the_own_row_and_the_firm(firm, client, rep, colleague):
    found = team(rep)
    assert [row.owner for row in found.rows] == [rep]
    assert found.unattributed is None
    assert found.firm.gained == Decimal("-7.44")
    client.force_login(rep)
    body = client.get(URL).content.decode()
    assert colleague.name not in body
    export = b"".join(client.get(reverse("campaigns:team_export"))).decode()
    assert colleague.name not in export
    assert "The firm,-7.44" in export
    listed = client.get(found.rows[0].url)
    assert len(listed.context["page"].rows) == found.rows[0].accounts == 1


def test_page_export_and_api_say_the_same(firm, as_manager, manager, rep, read_only):
    with read_only():
        body = as_manager.get(URL).content.decode()
    assert "median from opening the log to Enter" in body
    row = of(team(manager), rep)
    assert "Mine" in as_manager.get(row.url).content.decode()
    export = b"".join(as_manager.get(reverse("campaigns:team_export"))).decode()
    assert f"{rep.name},150.25" in export
    caller = APIClient()
    caller.force_authenticate(manager)
    rows = caller.get("/api/v1/team/").json()
    assert rows[-1]["clv_gained"] == "-7.44"
    assert rows[-1]["owner"] is None
    caller.force_authenticate(rep)
    assert [row["owner"] for row in caller.get("/api/v1/team/").json()] == [
        rep.email,
        None,
    ]
    assert caller.get("/api/v1/team/", {"as_of": "soon"}).status_code == 400


def test_the_seconds_to_log_are_medians_of_what_browsers_told(
    firm, manager, rep, colleague
):
    for user, seconds in ((rep, 4), (rep, 6), (rep, 30), (colleague, 9), (rep, None)):
        make.touchpoint(account=firm, user=user, entry_seconds=seconds, occurred_at=AT)
    found = team(manager)
    assert of(found, rep).seconds == 6
    assert of(found, colleague).seconds == 9
    assert found.firm.seconds == 7.5  # of 4, 6, 9 and 30, not of the two medians


def test_nobody_typed_so_the_seconds_are_unknown(firm, manager, rep):
    make.touchpoint(account=firm, user=rep, occurred_at=AT)
    found = team(manager)
    assert (of(found, rep).seconds, found.firm.seconds) == (None, None)


def test_all_columns_begin_with_the_first_night(firm, manager, rep):
    make.touchpoint(account=firm, user=rep, minutes=30, occurred_at=AT)
    early = dt.datetime(2025, 9, 1, tzinfo=dt.UTC)
    make.touchpoint(account=firm, user=rep, minutes=600, occurred_at=early)
    found = team(manager, **{"from": "2025-08-01"})
    assert found.period.since == EARLY + dt.timedelta(days=1)
    assert of(found, rep).minutes == 30


def test_one_night_and_none_are_said(as_manager, manager, rep):
    assert "Nothing is valued yet" in as_manager.get(URL).content.decode()
    make.run(as_of=DAY)
    found = team(manager)
    assert of(found, rep).gained is None
    assert "it takes two nights" in as_manager.get(URL).content.decode()
