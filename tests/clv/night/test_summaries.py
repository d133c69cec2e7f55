"""Sums per account: exact to the cent, and the same however they were brought up."""

import datetime as dt
import random
from decimal import Decimal

import pytest
from django.db import connection, transaction

from clv.models import AccountSummary, SummaryState
from clv.queries.summaries import SUMS, summary_select
from clv.services import summaries
from crm.models import Account, Order, OrderLine, OrderReturn
from tests import make

DAY = dt.date(2026, 6, 30)
RATE = Decimal("0.3")
NO_OVERLAP = dt.timedelta(0)


def day(text):
    return dt.date.fromisoformat(text)


def refresh(as_of=DAY, **options):
    return summaries.refresh_summaries(as_of=as_of, margin_rate=RATE, **options)


def sums(account):
    return AccountSummary.objects.get(account=account)


def give_back(order, *, on, refund, recovered="0.00", line=0):
    line = order.lines.all()[line]
    return OrderReturn.objects.create(
        line=line,
        account=order.account,
        returned_on=on,
        quantity=Decimal(1),
        refund=Decimal(refund),
        cost_recovered=Decimal(recovered),
    )


@pytest.fixture
def account(db):
    return make.account()


def test_an_account_without_anything_has_zeros(account):
    refresh()

    row = sums(account)
    assert (row.first_on, row.last_on, row.paid_back_on) == (None, None, None)
    assert (row.order_days, row.order_count, row.revenue) == (0, 0, Decimal("0.00"))


def test_lines_make_margin_and_days_count_once(account):
    make.order(
        account=account, on=day("2025-01-10"), lines=[(3, "10.00", "6.10")]
    )  # 30.00, margin 11.70
    make.order(account=account, on=day("2026-03-01"), lines=[(1, "99.99", "50.50")])
    make.order(
        account=account,
        on=day("2026-03-01"),
        lines=[(2, "5.00", None), (1, "1.00", "3.00")],
    )  # 10.00 of unknown cost, and a loss of 2.00

    refresh()

    row = sums(account)
    assert (row.first_on, row.last_on) == (day("2025-01-10"), day("2026-03-01"))
    assert (row.order_days, row.order_count) == (2, 3)
    assert row.revenue == Decimal("140.99")
    assert row.margin_known == Decimal("59.19")  # 11.70 + 49.49 - 2.00
    assert row.revenue_cost_unknown == Decimal("10.00")
    assert row.revenue_year == Decimal("110.99")
    assert row.margin_known_year == Decimal("47.49")
    assert row.revenue_cost_unknown_year == Decimal("10.00")


def test_the_year_is_365_days_long(account):
    make.order(account=account, on=DAY - dt.timedelta(days=365))
    make.order(account=account, on=DAY - dt.timedelta(days=364))

    refresh()

    assert sums(account).revenue == Decimal("200.00")
    assert sums(account).revenue_year == Decimal("100.00")
    assert sums(account).next_change_on == DAY + dt.timedelta(days=1)


def test_cancelled_and_later_orders_do_not_count(account):
    make.order(account=account, on=day("2026-01-05"), status="cancelled")
    make.order(account=account, on=DAY + dt.timedelta(days=1))

    refresh()

    assert sums(account).order_count == 0
    assert sums(account).next_change_on == DAY + dt.timedelta(days=1)


def test_returns_take_revenue_and_give_back_what_can_be_sold_again(account):
    order = make.order(
        account=account,
        on=day("2025-02-01"),
        lines=[(10, "10.00", "6.00"), (1, "50.00", None)],
    )
    give_back(order, on=day("2026-02-02"), refund="20.00", recovered="12.00")
    give_back(order, on=day("2026-02-03"), refund="5.50", recovered="4.00", line=1)
    give_back(order, on=DAY + dt.timedelta(days=9), refund="80.00")

    refresh()

    row = sums(account)
    assert row.revenue == Decimal("124.50")
    assert row.margin_known == Decimal("32.00")  # 40 - 20 + 12
    assert row.revenue_cost_unknown == Decimal("44.50")
    assert row.revenue_year == Decimal("-25.50")
    assert row.margin_known_year == Decimal("-8.00")
    assert row.revenue_cost_unknown_year == Decimal("-5.50")
    assert row.order_days == 1


def test_returns_of_a_cancelled_order_do_not_count(account):
    order = make.order(account=account, status="cancelled")
    give_back(order, on=day("2026-02-02"), refund="20.00")

    refresh()

    assert sums(account).revenue == Decimal("0.00")


def test_costs_by_kind(account):
    serving = {
        "delivery": "1.00",
        "returns": "2.00",
        "credit": "4.00",
        "marketing": "0.10",
        "account_management": "0.20",
        "service": "0.40",
        "other": "0.80",
    }
    winning = {"acquisition": "100.00", "onboarding": "10.00"}
    for kind, amount in {**winning, **serving}.items():
        make.cost(account=account, kind=kind, amount=amount, on=day("2026-02-01"))
    make.cost(account=account, kind="service", amount="7.00", on=day("2024-02-01"))
    make.cost(account=account, kind="service", amount="-3.00", on=day("2026-02-02"))
    make.cost(account=account, amount="999.00", on=DAY + dt.timedelta(days=1))

    refresh()

    row = sums(account)
    assert row.cost_to_win == Decimal("110.00")
    kept = {kind: str(getattr(row, f"cost_{kind}")) for kind in serving}
    assert kept == serving | {"service": "4.40"}  # 0.40 + 7.00 - 3.00
    assert row.cost_year == Decimal("115.50")


@pytest.mark.parametrize(
    ("costs", "paid_back_on"),
    [
        ([], "2026-01-01"),  # never below zero: from the first day
        ([("60.00", "2025-12-01")], "2026-02-01"),  # +40 a month: -60, -20, +20
        ([("80.00", "2025-12-01")], "2026-02-01"),  # to the cent: -80, -40, 0
        ([("80.01", "2025-12-01")], "2026-03-01"),
        ([("120.01", "2025-12-01")], None),  # still a cent short
        ([("50.00", "2026-01-15")], "2026-02-01"),  # 40, -10, 30: fell back once
        ([("50.00", "2026-01-01")], "2026-02-01"),  # same day as the first order
        ([("200.00", "2026-06-01")], None),  # was above, is not now
    ],
)
def test_paid_back_is_the_day_from_which_it_never_falls_below_zero(
    account, costs, paid_back_on
):
    for month in (1, 2, 3):
        make.order(account=account, on=dt.date(2026, month, 1))
    for amount, on in costs:
        make.cost(account=account, amount=amount, on=day(on))

    refresh()

    assert sums(account).paid_back_on == (paid_back_on and day(paid_back_on))


def test_lines_of_unknown_cost_pay_back_at_the_assumed_rate(account):
    make.order(account=account, on=day("2026-01-01"), lines=[(1, "100.00", None)])
    make.cost(account=account, amount="30.01", on=day("2025-12-01"))

    refresh()
    assert sums(account).paid_back_on is None

    summaries.refresh_summaries(as_of=DAY, margin_rate=Decimal("0.3001"))
    assert sums(account).paid_back_on == day("2026-01-01")


def test_a_refresh_looks_only_at_what_changed(account):
    other = make.account()
    make.order(account=other, on=day("2024-01-01"))
    refresh(overlap=NO_OVERLAP)
    make.order(account=account, on=day("2026-01-01"))

    done = refresh(overlap=NO_OVERLAP)

    assert (done.accounts, done.changed, done.full) == (1, 1, False)
    assert sums(account).order_days == 1


def test_summaries_never_go_back(account):
    refresh()

    with pytest.raises(ValueError, match="already hold for 2026-06-30"):
        refresh(DAY - dt.timedelta(days=1))

    assert SummaryState.objects.get().as_of == DAY


@pytest.mark.parametrize("seed", range(6))
def test_incremental_equals_full(db, seed):
    chance = random.Random(seed)  # noqa: S311
    accounts = [make.account() for _ in range(8)]
    today = DAY
    for _ in range(12):
        today += dt.timedelta(days=chance.choice([0, 0, 1, 3, 40, 200]))
        for _ in range(chance.randrange(4)):
            _change_something(chance, accounts, today)
        refresh(today, overlap=NO_OVERLAP)
    kept = rows()

    refresh(today, full=True)

    assert rows() == kept


def rows():
    return list(AccountSummary.objects.order_by("pk").values_list("pk", *SUMS))


def _change_something(chance, accounts, today):
    account = chance.choice(accounts)
    on = today + dt.timedelta(days=chance.randrange(-500, 20))
    price, cost = f"{chance.randrange(1, 9999) / 100}", chance.choice([None, "3.33"])
    act = chance.choice(["order", "order", "cost", "return", "cancel", "account"])
    if act == "order":
        lines = [(chance.randrange(1, 5), price, cost), (1, "2.00", "9.00")]
        make.order(account=account, on=on, lines=lines)
    elif act == "cost":
        kind = chance.choice(["acquisition", "delivery", "service"])
        make.cost(account=account, amount=price, on=on, kind=kind)
    elif act == "account":
        accounts.append(make.account())
    else:
        _undo_something(chance, account, on, act)


def _undo_something(chance, account, on, act):
    order = account.orders.order_by("?").first() if account.orders.exists() else None
    if order is None:
        return
    if act == "return":
        give_back(order, on=max(on, order.ordered_on), refund="1.50", recovered="1.00")
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE crm_order SET status = 'cancelled', updated_at = clock_timestamp()"
            " WHERE id = %s",
            [order.pk],
        )


def test_what_was_merged_counts_for_the_survivor(db):
    survivor, other = make.account(), make.account()
    duplicate = make.account(merged_into=survivor)
    older = make.account(merged_into=duplicate)
    for n, owner in enumerate([survivor, duplicate, older, other]):
        order = make.order(account=owner, on=day("2026-01-10"))
        make.order(account=owner, on=day(f"2026-02-0{n + 1}"))
        make.cost(account=owner, kind="delivery", amount="3.33", on=day("2026-02-01"))
        give_back(order, on=day("2026-03-01"), refund="10.00", recovered="6.00")

    refresh()

    row = sums(survivor)
    assert (row.order_days, row.order_count) == (4, 6)  # the same day counts once
    assert (row.revenue, row.margin_known) == (Decimal("570.00"), Decimal("228.00"))
    assert row.cost_delivery == Decimal("9.99")
    assert sums(other).order_days == 2


def test_a_merge_counts_from_the_next_refresh_on(db):
    survivor, duplicate = make.account(), make.account()
    make.order(account=duplicate, on=day("2026-01-10"))
    refresh(overlap=NO_OVERLAP)
    assert sums(survivor).order_days == 0

    Account.objects.filter(pk=duplicate.pk).update(merged_into=survivor)
    assert refresh(overlap=NO_OVERLAP).changed == 1

    assert sums(survivor).revenue == Decimal("100.00")
    assert refresh(overlap=NO_OVERLAP).changed == 0


@pytest.mark.django_db(transaction=True)
def test_lines_are_read_from_their_covering_index():
    accounts = Account.objects.bulk_create(Account(name=f"A{n}") for n in range(500))
    orders = Order.objects.bulk_create(
        Order(account=account, ordered_on=day("2026-01-01"), external_id=f"{n}")
        for n, account in enumerate(accounts * 5)
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            account_id=order.account_id,
            ordered_on=order.ordered_on,
            status=order.status,
            quantity=1,
            unit_price=10,
        )
        for order in orders
    )
    with connection.cursor() as cursor:
        # Reading the index alone pays where the table is known to be tidy.
        for table in ("crm_orderline", "crm_order", "crm_account"):
            cursor.execute(f"VACUUM ANALYZE {table}")
        params = summaries.parameters(DAY, RATE)
        with transaction.atomic():
            # So small a table is read whole if it may be; its index alone can be chosen
            # only if it holds all that is asked for.
            for other in ("seqscan", "bitmapscan"):
                cursor.execute(f"SET LOCAL enable_{other} = off")
            cursor.execute(f"EXPLAIN {summary_select()}", params)
            plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Only Scan using line_worth_by_account" in plan
    assert "order_id" not in plan  # nothing is sorted to count the orders of a day
