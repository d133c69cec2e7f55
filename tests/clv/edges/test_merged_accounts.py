"""What belongs to a merged account counts for the one that it was merged into.

The account that was merged away has no value and no class of its own. A merge carries
no day: past days are worked out anew as if the two had always been one.
"""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from clv.models import Valuation
from clv.queries.profit import profit_and_loss
from crm.models import Account
from segments.models import Membership
from tests import make

AS_OF = dt.date(2026, 6, 30)


@pytest.fixture
def pair(rep):
    """A survivor and a duplicate, each with one order and one delivery."""
    survivor, duplicate = make.account(owner=rep), make.account(owner=rep)
    for number, account in enumerate([survivor, duplicate]):
        make.order(account=account, on=dt.date(2026, 1 + number, 1))  # margin 40.00
        make.cost(account=account, kind="delivery", amount="7.77", on=AS_OF)
    return survivor, duplicate


def test_the_night_sums_both_and_values_the_survivor(pair, run_night):
    survivor, duplicate = pair
    apart = run_night(AS_OF - dt.timedelta(days=1))
    assert apart.accounts_valued == 2
    Account.objects.filter(pk=duplicate.pk).update(merged_into=survivor)

    run = run_night(AS_OF)

    assert run.accounts_present == run.accounts_valued == 1
    value = Valuation.objects.of_run(run).get()
    assert value.account_id == survivor.pk
    assert (value.first_on, value.last_on) == (dt.date(2026, 1, 1), dt.date(2026, 2, 1))
    assert (value.order_days, value.revenue) == (2, Decimal("200.00"))
    assert value.cost_delivery == Decimal("15.54")
    assert value.realised_profit == Decimal("64.46")
    members = Membership.objects.open().values_list("account", flat=True)
    assert list(members) == [survivor.pk]


def test_a_past_day_is_worked_out_as_if_they_had_always_been_one(pair, run_night):
    survivor, duplicate = pair
    Account.objects.filter(pk=duplicate.pk).update(merged_into=survivor)
    run_night(AS_OF)

    past = run_night(AS_OF - dt.timedelta(days=30))

    value = Valuation.objects.of_run(past).get()
    assert (value.order_days, value.revenue) == (2, Decimal("200.00"))
    assert value.cost_delivery == 0


def test_the_statement_of_the_survivor_has_the_rows_of_both(client, rep, pair):
    survivor, duplicate = pair
    Account.objects.filter(pk=duplicate.pk).update(merged_into=survivor)

    statement = profit_and_loss(account=survivor, as_of=AS_OF, margin_rate=Decimal(0))

    assert statement.realised_profit == Decimal("64.46")
    client.force_login(rep)
    url = reverse("clv:account_profit_and_loss", args=[survivor.pk])
    rows = client.get(f"{url}?figure=delivery").context["page"]
    assert {row.account_id for row in rows} == {survivor.pk, duplicate.pk}
    gone = reverse("clv:account_profit_and_loss", args=[duplicate.pk])
    assert client.get(gone).status_code == 404
