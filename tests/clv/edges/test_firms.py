"""Firms without variety: nothing to learn from, and still sound numbers for all."""

import datetime as dt
from collections import Counter

import numpy as np
import pytest
from django.db import connection

from clv.models import Valuation
from crm.models import Account
from segments.models import ClassPolicy, Membership

AS_OF = dt.date(2026, 6, 30)
COUNT = 60


def firm(days_back):
    """Accounts that all bought for 100.00, margin 40.00, on the same days."""
    accounts = Account.objects.bulk_create(
        Account(name=f"Firm {n}", stage="customer") for n in range(COUNT)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO crm_order (account_id, ordered_on, status, source, external_id)
            SELECT a, %s::date - d, 'confirmed', 'same', a || '-' || d
            FROM unnest(%s::bigint[]) a, unnest(%s::int[]) d
            """,
            [AS_OF, [account.pk for account in accounts], days_back],
        )
        cursor.execute(
            """
            INSERT INTO crm_orderline (order_id, account_id, ordered_on, status,
                quantity, unit_price, discount, unit_cost)
            SELECT id, account_id, ordered_on, status, 1, 100, 0, 60 FROM crm_order
            """
        )
        cursor.execute(
            """
            INSERT INTO crm_ledgerentry
                (account_id, kind, amount, incurred_on, document, note, source)
            SELECT a, 'delivery', 5.00 * %s, %s, '', '', 'same'
            FROM unnest(%s::bigint[]) a
            """,
            [len(days_back), AS_OF, [account.pk for account in accounts]],
        )


FIRMS = {
    "all identical": [0, 30, 60, 90, 120],
    "all churned": [900, 915, 930, 945, 960, 975, 990],
    "all one-time": [200],
    "all of today": [0],
}


# Orders to come, margin and cost of an account, and its chance to be alive; a cent of
# slack for processors that round otherwise.
WORTH = {
    "all identical": (33.112122, 1156.34, 144.54, 0.9917),
    "all churned": (0.0, 0.0, 0.0, 0.0),
    "all one-time": (0.128552, 4.50, 0.56, 1.0),
    "all of today": (5.050452, 181.87, 22.73, 1.0),
}


@pytest.mark.parametrize("name", FIRMS)
def test_a_firm_without_variety_gets_the_same_sound_numbers(run_night, name):
    orders = len(FIRMS[name])
    firm(FIRMS[name])

    run = run_night(AS_OF)

    values = list(Valuation.objects.of_run(run))
    assert len(values) == run.accounts_valued == COUNT
    assert {v.realised_profit for v in values} == {orders * 35}
    same = {
        (v.future_value, v.expected_margin, v.expected_cost, v.probability_alive)
        for v in values
    }
    assert len(same) == 1
    ((future, margin, cost, alive),) = same
    assert margin - cost == future
    come, *worth = WORTH[name]
    found = (values[0].expected_orders, float(margin), float(cost), alive)
    assert found[0] == pytest.approx(come, rel=1e-4)
    assert list(found[1:]) == pytest.approx(worth, abs=0.011)
    # Every order costs 5.00 to deliver and brings 40.00.
    assert float(cost) == pytest.approx(float(margin) / 8, abs=0.02)
    assert np.isfinite([float(v.future_low) for v in values]).all()
    assert all(0 <= v.future_low <= v.future_high < 40 * 366 * 3 for v in values)
    assert {v.break_even for v in values} == {"paid_back"}
    assert Counter(Membership.objects.open().values_list("worth_class", flat=True)) == {
        class_by_rule(values[0]): COUNT
    }


def class_by_rule(value):
    """Thresholds are learnt from the firm and rounded: all reach them or none does."""
    policy = ClassPolicy.objects.get()
    if value.future_value < policy.expected_threshold:
        return "general"
    profit_year = value.margin_year - value.cost_year
    is_key = profit_year >= policy.realised_threshold
    return "current_key" if is_key else "potential_key"
