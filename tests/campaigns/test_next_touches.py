"""The next touch that lists sort by: at once for few accounts, by a worker for many."""

import datetime as dt
from contextlib import closing

import pytest
from django.db import connection

from campaigns.models import PlannedTouch, Standing
from campaigns.services import standings
from clv.models import DueSlot
from common.clock import business_today
from config import schedule
from tests import make

DAY = business_today() + dt.timedelta(days=3)


@pytest.fixture
def accounts(marketer):
    """Three accounts in the lists; of two a touch came to be due since."""
    run = make.run(as_of=business_today())
    made = [make.account(name=name) for name in ("Alder", "Birch", "Cedar")]
    for account in made:
        make.valuation(account=account, run=run)
    standings.write_standings(run)
    template = make.campaign_touch(campaign=make.campaign(owner=marketer))
    for account in made[:2]:
        PlannedTouch.objects.create(
            account=account,
            template=template,
            lineage=template.lineage,
            period="campaign",
            due_on=DAY,
            owner_role="marketer",
        )
    return [account.pk for account in made]


def days():
    rows = Standing.objects.order_by("account__name")
    return list(rows.values_list("next_touch_on", flat=True))


def test_few_are_brought_up_at_once(accounts):
    standings.refresh_next_touches(accounts)
    assert days() == [DAY, DAY, None]
    assert not DueSlot.objects.exists()


@pytest.mark.parametrize("is_all", [True, False])
def test_many_are_left_to_a_worker_who_does_them_once(accounts, monkeypatch, is_all):
    monkeypatch.setattr(standings, "AT_ONCE", 1)
    for _ in range(2):
        standings.refresh_next_touches(None if is_all else accounts)
    assert days() == [None, None, None]
    assert DueSlot.objects.count() == 1
    assert standings.catch_up() == 2
    assert days() == [DAY, DAY, None]
    assert not DueSlot.objects.exists()
    assert standings.catch_up() == 0


def test_what_is_asked_for_meanwhile_is_done_the_next_time(accounts, monkeypatch):
    monkeypatch.setattr(standings, "AT_ONCE", 1)
    standings.refresh_next_touches(accounts)
    whole = standings.ends_of

    def while_others_work(table):
        standings.refresh_next_touches(accounts)
        return whole(table)

    with monkeypatch.context() as patch:
        patch.setattr(standings, "ends_of", while_others_work)
        assert standings.catch_up() == 2
    assert DueSlot.objects.count() == 1
    assert standings.catch_up() == 0
    assert not DueSlot.objects.exists()


def test_two_workers_do_not_do_the_same(accounts, monkeypatch):
    monkeypatch.setattr(standings, "AT_ONCE", 1)
    standings.refresh_next_touches(accounts)
    other = connection.copy()
    with closing(other), other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [standings.CATCH_UP_LOCK])
        assert standings.catch_up() == 0
        assert days() == [None, None, None]
    assert standings.catch_up() == 2


def test_the_worker_is_told_every_few_seconds():
    entry = schedule.BEAT["catch-up"]
    assert entry["task"] == schedule.catch_up.name
    assert entry["schedule"] <= 10
