"""The duplicate-effort radar: the banner, and the report of work done twice."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.queries.radar import lately, overlap_totals, overlaps
from tests import make

REPORT = "/overlap/"


def ago(**span):
    return timezone.now() - dt.timedelta(**span)


def touch(account, user, at, **fields):
    fields = {"minutes": 10} | fields
    return make.touchpoint(account=account, user=user, occurred_at=at, **fields)


@pytest.fixture
def account(rep):
    day = timezone.now().date()
    return make.account(owner=rep, name="Kontor Nord", last_contact_on=day)


def said(account, user):
    return [str(one) for one in lately(account, user=user)]


def test_what_others_did_within_the_window_is_told(account, rep, manager, marketer):
    touch(account, manager, ago(hours=2, minutes=5), note="pricing ok")
    plan = {"channel": "email", "source": "plan", "note": "Spring offer"}
    touch(account, marketer, ago(days=3), **plan)
    touch(account, manager, ago(days=8), note="long ago")
    touch(account, manager, ago(hours=1), channel="note", note="only a note")
    touch(account, manager, ago(hours=1), outcome="no_answer")
    touch(account, manager, ago(hours=1), voided_at=ago(minutes=5))
    touch(account, rep, ago(minutes=30), note="my own")
    assert said(account, rep) == [
        "Mia Manager called 2 h ago: pricing ok",
        "Max Marketer wrote an e-mail 3 days ago (planned touch): Spring offer",
    ]
    mine = "Rita Rep called 30 min ago: my own"
    assert said(account, marketer)[0] == mine


def test_the_account_page_and_the_quick_log_warn(client, account, rep, manager):
    client.force_login(rep)
    page = reverse("crm:account_detail", args=[account.pk])
    log = f"{reverse('crm:quick_log_form')}?account={account.pk}"
    assert not [one for one in (page, log) if "p-lately" in client.get(one).text]
    touch(account, manager, ago(hours=2, minutes=5), note="pricing <ok>")
    words = "Mia Manager called 2 h ago: pricing &lt;ok&gt;"
    assert [words in client.get(one).text for one in (page, log)] == [True, True]


def test_planted_overlaps_are_found_and_none_else(account, rep, manager, colleague):
    first = touch(account, manager, ago(days=5))
    second = touch(account, rep, ago(days=4), minutes=20)
    third = touch(account, colleague, ago(days=4), minutes=None)
    touch(account, colleague, ago(days=20))  # nobody else within the window
    touch(account, rep, ago(days=45))
    touch(account, manager, ago(days=44))  # before the period
    day = timezone.now().date()
    alone = make.account(last_contact_on=day)
    touch(alone, rep, ago(days=2))
    touch(alone, rep, ago(days=1))
    far = make.account(last_contact_on=day)
    touch(far, rep, ago(days=9))
    touch(far, manager, ago(days=1))

    (found,) = overlaps(manager)

    assert (found.account, found.minutes, found.unknown_count) == (account, 20, 1)
    assert found.contacts == [third, second, first]
    assert found.people == "Mia Manager, Rita Rep, Carl Colleague"
    totals = overlap_totals(manager)
    assert (totals.account_count, totals.again_count, totals.minutes) == (1, 2, 20)


def test_merged_accounts_are_one_customer(account, rep, manager):
    day = timezone.now().date()
    twin = make.account(owner=rep, merged_into=account, last_contact_on=day)
    touch(twin, manager, ago(days=2), note="the twin")
    touch(account, rep, ago(days=1), minutes=15)
    assert said(account, rep) == ["Mia Manager called 2 days ago: the twin"]
    (found,) = overlaps(manager)
    assert (found.account, found.minutes) == (account, 15)


def test_the_report_and_its_csv(client, account, rep, manager, assert_flat_queries):
    client.force_login(manager)
    assert "Nobody doubled" in client.get(REPORT).text

    def grow():
        for number in range(3):
            other = make.account(
                name=f"=Firm {number}", last_contact_on=timezone.now().date()
            )
            touch(other, manager, ago(days=2))
            touch(other, rep, ago(days=1), minutes=15)

    grow()
    assert_flat_queries(lambda: client.get(REPORT), grow)
    assert "=Firm 2" in client.get(REPORT).text

    answer = client.post(f"{REPORT}export.csv")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert len(rows) == 1 + 12
    assert (rows[1][0][:2], rows[1][1], rows[1][5]) == ("'=", "Rita Rep", "15")


def test_reps_do_not_see_the_report(client, rep):
    client.force_login(rep)
    assert client.get(REPORT).status_code == 403
