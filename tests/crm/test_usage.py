"""Use: trends, what is low and why, targets, and what they say it is worth."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from common.clock import business_today, months_later
from crm.errors import CannotSaveUsageError
from crm.models import AuditEvent, Holding, StatedValue, Usage, UsageTarget
from crm.queries.usage import last_month, use
from crm.services import usage
from tests import make

TODAY = business_today()
MONTH = last_month(TODAY)
BEGAN = months_later(MONTH, -8)


@pytest.fixture
def account(rep):
    return make.account(owner=rep)


@pytest.fixture
def copier(db):
    return make.product(name="Copier")


def held(account, product, quantity=1):
    return Holding.objects.create(
        account=account, product=product, quantity=quantity, acquired_on=BEGAN
    )


def count(holding, *values, metric="pages"):
    """Store use of the last months, the newest last."""
    for back, value in enumerate(reversed(values)):
        Usage.objects.create(
            holding=holding,
            metric=metric,
            month=months_later(MONTH, -back),
            value=value,
        )


# -- What is shown -------------------------------------------------------------------


def test_low_use_says_below_what_it_lies(account, copier):
    low = held(account, copier, quantity=2)
    count(low, 100, 100, 100, 40)
    UsageTarget.objects.create(holding=low, metric="pages", value=90)
    for _ in range(5):
        count(held(make.account(), copier), 60, 60)
    (trend,) = use(account).trends
    assert trend.reasons == [
        "40\u202f% of their own usual, 100",
        "44\u202f% of what was agreed, 90",
        "33\u202f% of what 5 others use, 120",
    ]
    assert trend.chart.rows[-1] == [f"{MONTH:%b %Y}", "40", "90"]


def test_too_little_is_known_to_judge(account, copier):
    count(held(account, copier), 100, 100, 10)
    for _ in range(4):
        count(held(make.account(), copier), 900)
    (trend,) = use(account).trends
    assert (trend.is_low, trend.others) == (False, None)


def test_a_month_without_a_number_is_a_gap(account, copier):
    holding = held(account, copier)
    for back in (0, 2):
        Usage.objects.create(
            holding=holding, metric="pages", month=months_later(MONTH, -back), value=5
        )
    (trend,) = use(account).trends
    assert [row[1] for row in trend.chart.rows] == ["5", "–", "5"]


def test_what_is_on_hand_and_not_counted_is_named(account, copier):
    holding = held(account, copier)
    assert use(account).uncounted == [holding]


# -- Entering -------------------------------------------------------------------------


def test_the_same_month_again_is_a_correction(rep, account, copier):
    holding = held(account, copier)
    for value in (10, 12):
        usage.record_usage(
            actor=rep,
            holding=holding,
            metric=" pages  printed ",
            month=MONTH.replace(day=9),
            value=Decimal(value),
        )
    row = Usage.objects.get()
    assert (row.metric, row.month, row.value) == ("pages printed", MONTH, 12)
    assert AuditEvent.objects.first().detail["before"] == "10.000"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"value": Decimal(-1)}, "value"),
        ({"metric": "  "}, "metric"),
        ({"metric": "x" * 61}, "metric"),
        ({"month": months_later(MONTH, 2)}, "month"),
        ({"month": months_later(BEGAN, -1)}, "month"),
    ],
)
def test_impossible_use_is_refused_and_not_stored(rep, account, copier, fields, field):
    known = {"metric": "pages", "month": MONTH, "value": Decimal(1)}
    with pytest.raises(CannotSaveUsageError) as caught:
        usage.record_usage(actor=rep, holding=held(account, copier), **known | fields)
    assert caught.value.field == field
    assert not Usage.objects.exists()
    assert not AuditEvent.objects.exists()


def test_targets_are_set_changed_and_taken_away(rep, account, copier):
    holding = held(account, copier)
    for value in (Decimal(5), Decimal(7)):
        usage.set_target(actor=rep, holding=holding, metric="pages", value=value)
    assert UsageTarget.objects.get().value == 7
    with pytest.raises(CannotSaveUsageError):
        usage.set_target(actor=rep, holding=holding, metric="pages", value=Decimal(0))
    usage.set_target(actor=rep, holding=holding, metric="pages", value=None)
    assert not UsageTarget.objects.exists()


@pytest.mark.parametrize("case", ["words", "stated_on", "amount", "contact"])
def test_impossible_words_are_refused(rep, account, case):
    fields = {
        "words": {"words": " "},
        "stated_on": {"stated_on": TODAY + dt.timedelta(days=1)},
        "amount": {"amount": Decimal(-1)},
        "contact": {"contact": make.contact()},
    }[case]
    known = {"words": "Good", "stated_on": TODAY}
    with pytest.raises(CannotSaveUsageError) as caught:
        usage.state_value(actor=rep, account=account, **known | fields)
    assert caught.value.field == case
    assert not StatedValue.objects.exists()


# -- Pages ---------------------------------------------------------------------------


def test_use_and_words_are_entered_by_form_and_shown(client, rep, account, copier):
    client.force_login(rep)
    holding = held(account, copier)
    person = make.contact(account=account, name="Bea Buyer")
    path = reverse("crm:usage_create", args=[account.pk])
    assert client.get(path).status_code == 200
    values = {"holding": holding.pk, "metric": "pages", "month": f"{MONTH:%Y-%m}"}
    assert client.post(path, values | {"value": "-3"}).status_code == 422
    assert client.post(path, values | {"value": "250"}).status_code == 302
    path = reverse("crm:stated_value_create", args=[account.pk])
    said = {
        "words": "Saves a day",
        "amount": "900",
        "stated_on": TODAY,
        "contact": person.pk,
        "source": "talk",
    }
    assert client.post(path, said).status_code == 302
    path = reverse("crm:usage_target", args=[holding.pk])
    client.post(path, {"metric": "pages", "value": "600"})
    tab = client.get(reverse("crm:account_detail", args=[account.pk]) + "?tab=use")
    page = tab.content.decode()
    for words in ("Saves a day", "900.00", "Bea Buyer", "Low use", "what was agreed"):
        assert words in page
    stated = StatedValue.objects.get()
    client.post(reverse("crm:stated_value_remove", args=[stated.pk]))
    assert not StatedValue.objects.exists()
    removed = AuditEvent.objects.get(action="stated_value.removed")
    assert removed.detail["words"] == "Saves a day"


def test_a_colleagues_holding_cannot_be_counted(client, rep, account, copier):
    foreign = held(make.account(), copier)
    client.force_login(rep)
    values = {"holding": foreign.pk, "metric": "x", "month": f"{MONTH:%Y-%m}"}
    path = reverse("crm:usage_create", args=[account.pk])
    assert client.post(path, values | {"value": "1"}).status_code == 422
    assert not Usage.objects.exists()
