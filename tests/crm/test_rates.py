"""What an hour costs since when: prices of contacts, page, API."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from common.clock import business_today
from crm.errors import CannotSetRateError
from crm.models import HourlyRate, LedgerEntry
from crm.queries.rates import hourly_cost_on, rate_history
from crm.services import corrections, rates, touchpoints
from tests import make

DAY = dt.timedelta(days=1)


@pytest.fixture
def today():
    return business_today()


def log(rep, account, *, days_ago, minutes=60):
    return touchpoints.log_touchpoint(
        actor=rep,
        account=account,
        channel="phone",
        occurred_at=timezone.now() - dt.timedelta(days=days_ago),
        minutes=minutes,
    )


def amounts(account):
    rows = LedgerEntry.objects.filter(account=account).order_by("pk")
    return [str(row.amount) for row in rows]


def test_a_contact_costs_the_rate_of_its_day(rep, manager, today):
    account = make.account(owner=rep)
    first = log(rep, account, days_ago=0)
    rates.set_rate(
        actor=manager, user=rep, amount=Decimal("90.00"), valid_from=today - 10 * DAY
    )
    assert amounts(account) == ["60.00"]  # what is posted stays
    log(rep, account, days_ago=10)
    log(rep, account, days_ago=11)
    assert amounts(account) == ["60.00", "90.00", "60.00"]
    corrections.correct_touchpoint(actor=rep, touchpoint=first, minutes=30)
    assert amounts(account)[-2:] == ["-60.00", "45.00"]


def test_the_history_goes_down_to_what_counted_first(rep, manager, today):
    for days, amount in ((-30, "70"), (0, "80"), (30, "95")):
        rates.set_rate(
            actor=manager,
            user=rep,
            amount=Decimal(amount),
            valid_from=today + days * DAY,
        )
    rates.set_rate(actor=manager, user=rep, amount=Decimal(82), valid_from=today)
    lines = [(str(x.amount), x.is_current) for x in rate_history(rep, today)]
    assert lines == [
        ("95.00", False),
        ("82.00", True),
        ("70.00", False),
        ("60.00", False),
    ]
    assert [hourly_cost_on(rep, today + n * DAY) for n in (-31, -1, 0, 30)] == [
        Decimal(x) for x in ("60", "70", "82", "95")
    ]


@pytest.mark.parametrize(
    ("amount", "days", "field"),
    [("-1", 0, "amount"), ("1.234", 0, "amount"), ("50", 800, "valid_from")],
)
def test_impossible_rates_store_nothing(rep, manager, today, amount, days, field):
    with pytest.raises(CannotSetRateError) as refused:
        rates.set_rate(
            actor=manager,
            user=rep,
            amount=Decimal(amount),
            valid_from=today + days * DAY,
        )
    assert refused.value.field == field
    assert not HourlyRate.objects.exists()


def test_only_a_rate_to_come_is_taken_back(rep, manager, today):
    begun, ahead = (
        rates.set_rate(actor=manager, user=rep, amount=Decimal(70), valid_from=day)
        for day in (today, today + DAY)
    )
    rates.withdraw_rate(actor=manager, rate=ahead)
    with pytest.raises(CannotSetRateError):
        rates.withdraw_rate(actor=manager, rate=begun)
    assert list(HourlyRate.objects.all()) == [begun]


def test_a_manager_sets_it_on_the_person_s_page(client, rep, manager, today):
    client.force_login(manager)
    path = reverse("crm:rate_history", args=[rep.pk])
    wrong = client.post(path, {"amount": "", "valid_from": "2026-01-01"})
    assert (wrong.status_code, HourlyRate.objects.count()) == (422, 0)
    given = {"amount": "75.50", "valid_from": (today + DAY).isoformat()}
    assert client.post(path, given).status_code == 302
    assert "75.50" in client.get(path).content.decode()
    assert "75.50 from" in client.get(reverse("crm:rate_list")).content.decode()
    rate = HourlyRate.objects.get()
    client.post(reverse("crm:rate_withdraw", args=[rate.pk]))
    assert not HourlyRate.objects.exists()


def test_the_form_of_a_person_keeps_what_it_was(client, rep, administrator, today):
    client.force_login(administrator)
    form = {
        "name": rep.name,
        "email": rep.email,
        "roles": ["rep"],
        "hourly_cost": "72.00",
        "territory": "",
    }
    client.post(reverse("crm:user_edit", args=[rep.pk]), form)
    rep.refresh_from_db()
    assert hourly_cost_on(rep, today) == Decimal("72.00")
    assert hourly_cost_on(rep, today - DAY) == rep.hourly_cost == Decimal("60.00")
    client.post(reverse("crm:user_edit", args=[rep.pk]), form)
    assert HourlyRate.objects.count() == 1


def test_rates_over_the_api(client, rep, manager, today):
    client.force_login(manager)
    path = reverse("api:hourly-rate-list")
    body = {"user": rep.email, "valid_from": today.isoformat(), "amount": "88.00"}
    made = client.post(path, body, content_type="application/json")
    assert (made.status_code, made.json()["amount"]) == (201, "88.00")
    refused = client.delete(f"{path}{made.json()['id']}/")
    assert refused.status_code == 400
    client.force_login(rep)
    assert client.get(path).status_code == 403
