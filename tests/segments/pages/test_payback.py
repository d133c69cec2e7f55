"""When customers pay back: counts to the account, courses to the cent, by cohort."""

import csv
import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse

from clv.models import PaybackMonth
from clv.queries.payback_months import Part, payback_months
from clv.queries.paybacks import paybacks_of, quarter_days
from clv.services.summaries import list_families
from crm.models import OrderReturn
from tests import make

AS_OF = dt.date(2026, 11, 20)
PAGE = "segments:payback"
ACCOUNTS = "segments:payback_accounts"


def customer(*, first, paid=None, run, source="web", owner=None, won_for="60.00"):
    """A valued customer; what it brought comes from the order and the cost."""
    account = make.account(source=source, owner=owner)
    if Decimal(won_for):
        make.cost(account=account, kind="acquisition", amount=won_for, on=first)
    make.order(account=account, on=first)  # 10 × (10.00 − 6.00): margin 40.00
    make.valuation(
        account=account,
        run=run,
        first_on=first,
        paid_back_on=paid,
        margin=Decimal(40),
        cost_to_win=Decimal(won_for),
        realised=str(Decimal(40) - Decimal(won_for)),
        break_even="paid_back" if paid else "not_expected",
    )
    return account


@pytest.fixture
def run(db):
    return make.run(as_of=AS_OF)


@pytest.fixture
def counted(run):
    """Count as the night does; call it when all rows are there."""

    def count():
        with transaction.atomic():
            rows = payback_months(run, list_families())
        PaybackMonth.objects.bulk_create(rows)
        return paybacks_of(run)

    return count


@pytest.fixture
def firm(run):
    """Six from the web in January 2026, one of a fair in 2025, a prospect.

    Of the six two paid back after 31 and 90 days, four have not in ten months.
    """
    january = dt.date(2026, 1, 10)
    for days in (31, 90):
        account = customer(
            first=january, paid=january + dt.timedelta(days=days), run=run
        )
        make.order(account=account, on=january + dt.timedelta(days=days))
    for _ in range(4):
        customer(first=january, run=run)
    first = dt.date(2025, 5, 5)
    customer(first=first, paid=first, run=run, source="trade_fair", won_for="0.00")
    make.valuation(account=make.account(stage="prospect"), run=run, first_on=None)
    return run


def test_counts_and_medians_by_hand(firm, counted):
    found = counted()
    web, fair = found.named("source", "web"), found.named("source", "trade_fair")
    assert [one.key for one in found.quarters] == ["2026-Q1", "2025-Q2"]
    assert [one.key for one in found.sources] == ["web", "trade_fair"]
    assert (found.firm.customers, found.firm.paid_back) == (7, 3)
    assert (web.customers, web.paid_back, web.not_yet) == (6, 2, 4)
    assert web.cost_to_win == Decimal("360.00")
    # A third has paid back, and nobody was lost from sight before the tenth month.
    assert web.waiting.share[[0, 1, 2, 3]].tolist() == pytest.approx(
        [1, 1, 5 / 6, 2 / 3]
    )
    assert web.months_until_half is None
    assert web.half_sentence == "not reached in 10 months"
    assert fair.months_until_half == 0
    assert found.sentence == (
        "43\u202f% of 7 have paid back what they cost by now."
        " Half of them have not within the time they were watched."
    )


def test_the_course_by_hand(firm, counted):
    """Each of six owes 20 after the first order; two orders of 40 in months 2 and 3."""
    web = counted().named("source", "web")
    assert [one.customers for one in web.course] == [6] * 11
    each = [one.profit for one in web.course]
    assert each[:5] == pytest.approx([0.0, -20.0, -20 + 40 / 6, -20 + 80 / 6, each[3]])
    assert web.months_until_mean is None
    assert web.mean_sentence == "not yet after 10 months"
    # One customer is no mean; the firm has seven until they are ten months old.
    assert counted_customers(web.kind, "trade_fair") == [1] * 19
    assert counted_customers("firm", "") == [7] * 11 + [1] * 8


def counted_customers(kind, key):
    rows = PaybackMonth.objects.filter(kind=kind, key=key).order_by("month")
    return list(rows.values_list("customers", flat=True))


def test_returns_assumed_margins_and_costs_count_on_their_day(run, counted):
    """By months of 30.4 days: -100 before, 50 and a return, 30 % of 100, -5, -1."""
    first = dt.date(2026, 3, 1)
    account = make.account(source="web")
    make.valuation(account=account, run=run, first_on=first)
    for kind, amount, days in (
        ("acquisition", "100.00", -20),
        ("delivery", "5.00", 70),
        ("service", "1.00", 262),  # in the month that is not over: does not count
    ):
        day = first + dt.timedelta(days=days)
        make.cost(account=account, kind=kind, amount=amount, on=day)
    order = make.order(account=account, on=first, lines=[(10, "11.00", "6.00")])
    later = first + dt.timedelta(days=31)
    make.order(account=account, on=later, lines=[(10, "10.00", None)])
    OrderReturn.objects.create(
        line=order.lines.get(),
        account=account,
        returned_on=first + dt.timedelta(days=3),
        quantity=1,
        refund=Decimal("11.00"),
        cost_recovered=Decimal("2.00"),
    )
    make.order(account=account, on=later, status="cancelled")

    counted()

    rows = PaybackMonth.objects.filter(kind="firm").order_by("month")
    profit = [str(row.profit) for row in rows]
    assert profit[:5] == ["-100.00", "41.00", "30.00", "-5.00", "0.00"]
    assert len(profit) == 9  # 264 days
    assert sum(map(Decimal, profit)) == Decimal("-34.00")


def test_what_a_merged_account_brought_counts_for_the_survivor(run, counted):
    first = dt.date(2026, 3, 1)
    survivor = customer(first=first, run=run)
    middle = make.account(merged_into=survivor)
    duplicate = make.account(merged_into=middle, source="partner")
    make.order(account=duplicate, on=first)

    found = counted()

    assert found.firm.customers == 1
    assert [one.key for one in found.sources] == ["web"]
    month = PaybackMonth.objects.get(kind="source", key="web", month=1)
    assert month.profit == Decimal("20.00")


def test_a_part_of_all_accounts_has_the_months_of_the_firm(run):
    """Returns, costs and what was merged away in turn count there as well."""
    first = dt.date(2026, 3, 1)
    survivor = customer(first=first, run=run)
    middle = make.account(merged_into=survivor)
    duplicate = make.account(merged_into=middle)
    order = make.order(account=duplicate, on=first, lines=[(10, "10.00", None)])
    OrderReturn.objects.create(
        line=order.lines.get(),
        account=duplicate,
        returned_on=first + dt.timedelta(days=40),
        quantity=1,
        refund=Decimal("10.00"),
    )
    make.cost(account=middle, kind="service", amount="5.00", on=first)
    with transaction.atomic():
        firm = payback_months(run, list_families())
    everybody = Part("AND v.account_id IN (SELECT id FROM crm_account)")

    part = payback_months(run, part=everybody)

    def told(rows):
        return [(one.kind, one.key, one.month, one.profit) for one in rows]

    assert sorted(told(part)) == sorted(told(firm))
    by_month = {one.month: str(one.profit) for one in part if one.kind == "firm"}
    assert by_month[1] == "5.00"  # 40, less 60 and 5, and 30 % of 100
    assert by_month[2] == "-3.00"


def test_the_page_names_cohorts_and_links_to_their_accounts(
    client, manager, firm, counted, read_only
):
    counted()
    client.force_login(manager)
    with read_only():
        page = client.get(reverse(PAGE)).content.decode()
    assert "43\u202f% of 7 have paid back" in page
    assert "not reached in 10 months" in page
    assert f"{reverse(ACCOUNTS)}?quarter=2026-Q1&amp;state=not-yet" in page
    course = client.get(
        reverse(PAGE, query={"source": "web"}), headers={"HX-Request": "true"}
    ).content.decode()
    assert "<html" not in course
    assert "Not yet: 10 months after the first order a customer has brought" in course
    assert client.get(reverse(PAGE, query={"source": "nowhere"})).status_code == 404
    block = client.get(reverse("segments:value_block", args=["paybacks"]))
    assert f'href="{reverse(PAGE)}' in block.content.decode()


@pytest.mark.parametrize(
    ("query", "accounts"),
    [
        ({}, 7),
        ({"quarter": "2026-Q1"}, 6),
        ({"quarter": "2026-Q1", "state": "not-yet"}, 4),
        ({"quarter": "2026-Q1", "state": "paid-back"}, 2),
        ({"source": "trade_fair"}, 1),
        ({"source": "unknown"}, 0),
        ({"quarter": "2026-Q5"}, 0),
    ],
)
def test_a_number_opens_its_accounts(client, manager, firm, query, accounts):
    client.force_login(manager)
    page = client.get(reverse(ACCOUNTS, query=query))
    assert len(page.context["page"].rows) == accounts


def test_a_part_of_the_firm_is_counted_from_its_own_rows(client, manager, rep, run):
    """Five of a rep owe 20 and earn 40 each after a month; another's is not among."""
    first = dt.date(2026, 3, 1)
    mine = [customer(first=first, run=run, owner=rep) for _ in range(5)]
    other = customer(first=first, run=run, paid=first, source="partner")
    duplicate = make.account(merged_into=mine[0])
    for one in [duplicate, *mine[1:], other]:
        make.order(account=one, on=first + dt.timedelta(days=35))
    client.force_login(manager)
    asked = {"owner": rep.pk}
    found = client.get(reverse(PAGE), asked).context["paybacks"]
    assert (found.firm.customers, found.firm.paid_back) == (5, 0)
    assert [one.key for one in found.sources] == ["web"]
    each = [one.profit for one in found.firm.course]
    assert each[:4] == pytest.approx([0.0, -20.0, 20.0, 20.0])
    page = client.get(reverse(PAGE), asked).content.decode()
    assert f"?quarter=2026-Q1&amp;state=not-yet&amp;owner={rep.pk}" in page
    names = client.get(reverse(ACCOUNTS), asked | {"quarter": "2026-Q1"})
    assert [one.account for one in names.context["page"].rows] == mine
    listed = client.get(names.context["list_url"]).content.decode()
    assert mine[0].name in listed
    assert other.name not in listed
    file = client.get(reverse("segments:payback_export"), asked)
    rows = list(csv.reader(file.getvalue().decode("utf-8-sig").splitlines()))
    assert [row[2:6] for row in rows[1:]] == [["5", "300.00", "0", "5"]] * 3
    block = client.get(reverse("segments:value_block", args=["paybacks"]), asked)
    assert block.context["paybacks"].firm.customers == 5
    assert client.get(reverse(PAGE), {"from": "2026-01-01"}).status_code == 422
    assert client.get(reverse(ACCOUNTS), {"owner": "x"}).status_code == 404


def test_the_list_of_accounts_asks_no_more_for_more_rows(
    client, manager, firm, assert_flat_queries
):
    client.force_login(manager)
    owner = make.user()

    def grow():
        for _ in range(3):
            customer(first=dt.date(2026, 2, 1), run=firm, owner=owner)

    assert_flat_queries(lambda: client.get(reverse(ACCOUNTS)), grow)
    assert_flat_queries(lambda: client.get(reverse(PAGE)), grow)


def test_before_nights_and_orders_it_says_so(client, manager):
    client.force_login(manager)
    assert "Nothing is valued yet" in client.get(reverse(PAGE)).content.decode()
    assert client.get(reverse("segments:payback_export")).status_code == 404
    assert client.get(reverse(ACCOUNTS)).status_code == 404
    run = make.run(as_of=AS_OF)
    assert "Nobody has ordered yet" in client.get(reverse(PAGE)).content.decode()
    customer(first=dt.date(2026, 1, 1), run=run)
    page = client.get(reverse(PAGE)).content.decode()
    assert "The coming night counts" in page


def test_the_export_has_every_cohort(client, marketer, firm, counted):
    counted()
    client.force_login(marketer)
    answer = client.get(reverse("segments:payback_export"))
    rows = list(csv.reader(answer.getvalue().decode("utf-8-sig").splitlines()))
    assert rows[1] == [
        *("All customers", "All customers", "7", "360.00", "3", "4", "0.4286", "", "3"),
        *(AS_OF.isoformat(), "all accounts"),
    ]
    assert [row[1] for row in rows[2:]] == [
        "2026-Q1",
        "2025-Q2",
        "Website",
        "Trade fair",
    ]


def test_a_rep_does_not_see_the_firm(client, rep):
    client.force_login(rep)
    for name in (PAGE, ACCOUNTS, "segments:payback_export"):
        assert client.get(reverse(name)).status_code == 403


def test_quarters_have_their_days():
    assert quarter_days("2025-Q4") == (dt.date(2025, 10, 1), dt.date(2026, 1, 1))
    assert quarter_days("2025-Q1") == (dt.date(2025, 1, 1), dt.date(2025, 4, 1))
    for wrong in ("-", "2025", "25-Q1", "2025-Q0", "2025-Q11", "x025-Q1"):
        with pytest.raises(ValueError, match=f"^{wrong}$"):
            quarter_days(wrong)


def test_the_api_tells_the_same(client, manager, rep, firm, counted):
    counted()
    address = "/api/v1/paybacks/"
    client.force_login(rep)
    assert client.get(address).status_code == 403
    client.force_login(manager)
    rows = client.get(address).json()
    assert [row["name"] for row in rows[:2]] == ["All customers", "2026-Q1"]
    assert (rows[1]["paid_back"], rows[1]["months_until_half"]) == (2, None)
    assert rows[1]["course"][1] == {"month": 1, "profit": -20.0, "customers": 6}
    assert client.get(f"{address}?as_of=2026-01-01").json()["code"] == "no_values_yet"
    assert client.get(f"{address}?since=2026-01-01").status_code == 400
