"""Time travel of an account, and the week of the classes."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from clv.engine.change import PARTS
from clv.models import ChangeRollup, ValuationRun
from segments.choices import WorthClass
from segments.models import ClassTotal
from tests import make

SEPTEMBER, OCTOBER, TODAY = (
    dt.date(2026, 9, 30),
    dt.date(2026, 10, 31),
    dt.date(2026, 11, 20),
)
PANELS = ["clv:account_value", "clv:account_header", "segments:account_class"]


@pytest.fixture
def account(rep):
    """Worth 400, 500 and 900 in three nights; a key account since the second."""
    made = make.account(owner=rep)
    for day, realised in ((SEPTEMBER, "100"), (OCTOBER, "200"), (TODAY, "600")):
        run = make.run(as_of=day, current=day == TODAY)
        make.valuation(account=made, run=run, realised=realised, expected_margin="300")
    make.membership(
        account=made, since=SEPTEMBER, until=OCTOBER, reason="General: small."
    )
    make.membership(
        account=made,
        worth_class="current_key",
        since=OCTOBER,
        reason="Current key: large.",
    )
    return made


def panel(client, user, name, account, **query):
    client.force_login(user)
    return client.get(reverse(name, args=[account.pk]), query)


def test_a_night_shows_its_value_with_a_way_back(client, rep, account):
    text = panel(client, rep, "clv:account_value", account, as_of="2026-10-05").text
    assert "100.00 realised + 300.00 expected = 400.00" in text
    assert "As of 30 Sep 2026: what that night said" in text
    assert '<a href="?">Back to today</a>' in text


def test_today_has_no_banner(client, rep, account):
    text = panel(client, rep, "clv:account_value", account).text
    assert "600.00 realised + 300.00 expected = 900.00" in text
    assert "Back to today" not in text


def test_the_class_and_its_reason_are_those_of_the_night(client, rep, account):
    then = panel(client, rep, "segments:account_class", account, as_of="2026-09-30")
    assert "Small." in then.text
    assert "Large." not in then.text
    assert "as of 30 Sep 2026, since 30 Sep 2026" in then.text
    now = panel(client, rep, "segments:account_class", account)
    assert "Large." in now.text


def test_the_header_names_the_day(client, rep, account):
    text = panel(client, rep, "clv:account_header", account, as_of="2026-09-30").text
    assert "As of 30 Sep 2026:" in text


@pytest.mark.parametrize("name", PANELS)
def test_days_before_the_first_night_say_so(client, rep, account, name):
    text = panel(client, rep, name, account, as_of="2020-01-01").text
    said = ("No run that early", "not valued by 1 Jan 2020", "No class yet")
    assert any(words in text for words in said) or "c-chip" in text
    assert "900" not in strip_tags(text)  # an address may hold it


def test_the_account_page_hands_the_day_to_its_panels(client, rep, account):
    client.force_login(rep)
    url = reverse("crm:account_detail", args=[account.pk])
    text = client.get(url, {"as_of": "2026-09-30"}).text
    for name in (*PANELS, "segments:account_history"):
        assert f'{reverse(name, args=[account.pk])}?as_of=2026-09-30"' in text


def test_history_lists_the_nights_with_moves(client, rep, account):
    response = panel(client, rep, "segments:account_history", account)
    nights = response.context["nights"]
    assert [night.value.clv for night in nights] == [900, 500, 400]
    assert [night.change for night in nights] == [400, 100, None]
    assert [night.is_move for night in nights] == [False, True, False]
    assert nights[2].worth_class == WorthClass.GENERAL
    assert 'href="?as_of=2026-09-30"' in response.text
    assert nights[0].clv_low == Decimal("750.00")


def test_a_colleague_has_no_history(client, colleague, account):
    answer = panel(client, colleague, "segments:account_history", account)
    assert answer.status_code == 404


def test_an_account_without_nights(client, rep, db):
    new = make.account(owner=rep)
    assert "No night yet" in panel(client, rep, "segments:account_history", new).text


# -- The week -----------------------------------------------------------------------


def rollup(run, before, key, was, now, **parts):
    known = dict.fromkeys(("moved", *PARTS), Decimal(0)) | {
        name: Decimal(amount) for name, amount in parts.items()
    }
    return ChangeRollup.objects.create(
        run=run,
        before=before,
        worth_class=key,
        clv_before=Decimal(was),
        clv_after=Decimal(now),
        **known,
    )


def total(run, key, came=0, left=0):
    money = dict.fromkeys(
        (
            *("clv", "future_value", "customer_equity", "realised_profit"),
            *("margin_year", "cost_year"),
        ),
        Decimal(0),
    )
    return ClassTotal.objects.create(
        run=run, worth_class=key, accounts=1, customers=1, came=came, left=left, **money
    )


@pytest.fixture
def nights(db):
    """Eleven days, three nights; the key class lost orders, then members came."""
    days = [dt.date(2026, 11, day) for day in (9, 15, 20)]
    runs = [make.run(as_of=day, current=day == days[-1]) for day in days]
    first, second, third = runs
    for key in WorthClass.values:
        if key != "current_key":
            rollup(second, first, key, "1000", "1000")
            rollup(third, second, key, "1000", "1000")
    rollup(second, first, "current_key", "5000", "4000", orders="-1000")
    rollup(third, second, "current_key", "4000", "5500", moved="1700", retention="-200")
    total(third, "current_key", came=2)
    return runs


def week(client, user, **query):
    client.force_login(user)
    return client.get(reverse("segments:value_week"), query)


def test_the_week_names_the_classes_that_moved_and_why(client, manager, nights):
    response = week(client, manager)
    (moved,) = response.context["week"].moved
    assert moved.worth_class == WorthClass.CURRENT_KEY
    assert (moved.clv_before, moved.clv_after, moved.came) == (5000, 5500, 2)
    assert sum(bar.amount for bar in moved.bars) == moved.change == 500
    assert moved.why == "came and left +1\u202f700 and orders \u22121\u202f000"
    assert "9 Nov 2026 to 20 Nov 2026" in response.text
    assert "What changed since 9 Nov 2026" in response.text


def test_seven_days_are_called_a_week(client, manager, nights):
    ValuationRun.objects.filter(pk=nights[0].pk).update(as_of=dt.date(2026, 11, 13))
    assert "What changed this week" in week(client, manager).text


def test_a_week_with_a_night_that_left_no_split(client, manager, nights):
    ChangeRollup.objects.filter(run=nights[1]).delete()
    assert "cannot be added up" in week(client, manager).text


def test_the_first_night_has_no_week(client, manager, db):
    make.run()
    assert "No week yet" in week(client, manager).text


def test_a_rep_does_not_get_the_week(client, rep, nights):
    assert week(client, rep).status_code == 403
