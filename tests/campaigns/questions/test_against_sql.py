"""Each answer equals a plain SQL statement of its own."""

from decimal import Decimal

import pytest

from clv.models import ContractValuation, Valuation
from crm.models import Competitor, CompetitorPresence, OrderLine
from tests import make
from tests.campaigns.questions.conftest import buy, column, day, sql

YEAR = {"since": "2026-01-01", "until": "2026-11-22"}


def test_how_many_bought_a_product(firm, ask, names):
    found = ask("bought", product=firm["a"], **YEAR)
    told = sql(
        "SELECT count(DISTINCT account_id), count(DISTINCT order_id), sum(revenue)"
        " FROM crm_orderline WHERE product_id = %(p)s AND status = 'confirmed'"
        " AND ordered_on >= '2026-01-01' AND ordered_on <= '2026-11-22'",
        p=firm["a"].pk,
    )
    assert told == [(2, 3, Decimal("58.00"))]
    assert found.sentence == (
        "2 customers bought Alpha from 1 Jan 2026 to 22 Nov 2026, in 3 orders for 58."
    )
    assert column(found, "account") == ["Ann", "Bob"]
    assert names("bought", product=firm["a"], **YEAR) == {"Ann", "Bob"}
    assert sum(found.chart.series[0].values) == 3  # Ann in two months, Bob in one
    assert found.notes == ["Only 2 customers: too few to read much into it."]


def test_how_many_bought_it_more_than_once_in_orders_not_in_pieces(firm, ask, names):
    found = ask("bought-again", product=firm["a"], **YEAR)
    told = sql(
        "SELECT account_id FROM crm_orderline WHERE product_id = %(p)s"
        " AND ordered_on BETWEEN '2026-01-01' AND '2026-11-22'"
        " GROUP BY account_id HAVING count(DISTINCT order_id) > 1",
        p=firm["a"].pk,
    )
    assert column(found, "account_id") == [row[0] for row in told]
    assert "1 customer of 2 who bought Alpha" in found.sentence
    assert "a repeat rate of 50" in found.sentence
    assert list(found.chart.series[0].values)[:3] == [1, 1, 0]
    assert names("bought-again", product=firm["a"], **YEAR) == {"Ann"}


def test_a_cancelled_order_and_a_merged_account_count_as_they_should(firm, ask):
    twin = make.account(name="Ann again", merged_into=firm["ann"])
    buy(twin, firm["a"], day(7, 1))
    gone = buy(firm["cat"], firm["a"], day(7, 2))
    type(gone).objects.filter(pk=gone.pk).update(status="cancelled")
    found = ask("bought-again", product=firm["a"], **YEAR)
    assert column(found, "orders") == [3]
    assert "1 customer of 2" in found.sentence


def test_how_often_customers_are_contacted(firm, ask):
    found = ask("contact-frequency", by="rep", **YEAR)
    told = sql(
        "SELECT u.name, count(DISTINCT a.id), count(t.id) FROM crm_account a"
        " JOIN crm_user u ON u.id = a.owner_id LEFT JOIN crm_touchpoint t"
        " ON t.account_id = a.id WHERE a.stage = 'customer' GROUP BY u.name"
    )
    rows = list(found.rows.every())
    assert {(r["label"], r["customers"], r["contacts"]) for r in rows} == set(told)
    assert "2 had none" not in found.sentence
    assert "; 1 had none from 1 Jan 2026" in found.sentence
    quarters = 326 / (365.25 / 4)
    mine = next(r for r in rows if r["label"] == "Rita Rep")
    assert mine["each"] == pytest.approx(2 / 2 / quarters)
    by_channel = ask("contact-frequency", by="channel", channel="visit", **YEAR)
    assert column(by_channel, "contacts")[0] == 1


def test_who_is_most_profitable_by_each_measure(firm, ask):
    by_value = ask("most-profitable", measure="clv", n=2, **YEAR)
    told = sql(
        "SELECT account_id FROM clv_valuation WHERE run_id = %(r)s"
        " ORDER BY clv DESC LIMIT 2",
        r=firm["run"].pk,
    )
    assert column(by_value, "account_id") == [row[0] for row in told]
    in_period = ask("most-profitable", measure="period_profit", n=9, **YEAR)
    told = sql(
        """
        SELECT a.name, coalesce((SELECT sum(l.revenue - coalesce(l.cost,
                round(0.7 * l.revenue, 2))) FROM crm_orderline l
                WHERE l.account_id = a.id AND l.ordered_on >= '2026-01-01'), 0)
            - coalesce((SELECT sum(refund - cost_recovered) FROM crm_orderreturn r
                WHERE r.account_id = a.id), 0)
            - coalesce((SELECT sum(amount) FROM crm_ledgerentry e
                WHERE e.account_id = a.id), 0) AS profit
        FROM crm_account a WHERE a.name IN ('Ann', 'Bob', 'Cat') ORDER BY 2 DESC
        """
    )
    rows = [(r["account"], r["period_profit"]) for r in in_period.rows.every()]
    assert [(name, pytest.approx(profit)) for name, profit in rows] == told


def test_who_buys_what(firm, ask, names):
    found = ask("who-buys-what", by="class", **YEAR)
    told = sql(
        "SELECT m.worth_class || ':' || l.product_id, count(DISTINCT l.account_id)"
        " FROM crm_orderline l JOIN segments_membership m"
        " ON m.account_id = l.account_id AND m.until IS NULL"
        " WHERE l.ordered_on >= '2026-01-01' GROUP BY 1"
    )
    rows = list(found.rows.every())
    assert {(r["part"], r["customers"]) for r in rows} == set(told)
    alpha = firm["a"].pk
    key = next(r for r in rows if r["part"] == f"current_key:{alpha}")
    assert key["share"] == 1.0
    assert key["lift"] == pytest.approx(1 / (2 / 3))
    part = {"part": f"current_key:{alpha}", "of": "customers"}
    assert names("who-buys-what", by="class", **part, **YEAR) == {"Ann"}
    assert [name for name, _ in found.matrix.rows] == [
        *("Current key", "General", "Never profitable")
    ]


def test_what_else_they_buy(firm, ask):
    found = ask("bought-with", product=firm["a"], **YEAR)
    row = next(iter(found.rows.every()))
    told = sql(
        "SELECT p.name, count(DISTINCT l.account_id) FROM crm_orderline l"
        " JOIN crm_product p ON p.id = l.product_id WHERE p.id <> %(a)s"
        " AND l.ordered_on BETWEEN '2026-01-01' AND '2026-11-22' AND l.account_id IN ("
        "  SELECT account_id FROM crm_orderline WHERE product_id = %(a)s"
        "  AND ordered_on BETWEEN '2026-01-01' AND '2026-11-22') GROUP BY 1",
        a=firm["a"].pk,
    )
    assert [(r["label"], r["customers"]) for r in found.rows.every()] == told
    assert (row["label"], row["customers"], row["share"]) == ("Beta", 1, 0.5)
    assert row["lift"] == pytest.approx(0.5 / (2 / 3))


def test_who_has_one_without_the_other(firm, ask):
    found = ask("one-without-other", product=firm["a"], other=firm["b"])
    told = sql(
        "SELECT a.name FROM crm_account a WHERE EXISTS (SELECT 1 FROM crm_orderline l"
        " WHERE l.account_id = a.id AND l.product_id = %(a)s) AND NOT EXISTS (SELECT 1"
        " FROM crm_orderline l WHERE l.account_id = a.id AND l.product_id = %(b)s)",
        a=firm["a"].pk,
        b=firm["b"].pk,
    )
    assert {(name,) for name in column(found, "account")} == set(told)
    same = ask("one-without-other", product=firm["a"], other=firm["a"])
    assert same.sentence == "These are the same product. Choose two."


def test_retention_counts_who_came_back(firm, ask):
    found = ask("retention", day="2026-11-22", by="type")
    told = sql(
        "SELECT count(*), count(*) FILTER (WHERE later) FROM (SELECT account_id,"
        " bool_or(ordered_on > '2025-11-22') AS later FROM crm_orderline"
        " WHERE ordered_on > '2024-11-22' AND ordered_on <= '2026-11-22'"
        " GROUP BY 1 HAVING bool_or(ordered_on <= '2025-11-22')) f"
    )
    assert told == [(1, 1)]
    row = next(iter(found.rows.every()))
    assert (row["customers"], row["kept"], row["share"]) == (1, 1, 1.0)
    assert row["low"] == pytest.approx(1 / (1 + 1.959964**2))  # Wilson, one of one


def test_costs_discounts_and_returns(firm, ask, names):
    below = ask("spend-below-line", **YEAR)
    told = sql(
        "SELECT sum(e.amount) FROM crm_ledgerentry e JOIN segments_membership m"
        " USING (account_id) WHERE m.worth_class = 'never_profitable'"
    )
    assert column(below, "amount") == [told[0][0]] == [Decimal("9.00")]
    assert names("spend-below-line", part="delivery", of="customers", **YEAR) == {"Cat"}
    off = ask("discounts", by="product", **YEAR)
    told = sql("SELECT sum(discount) FROM crm_orderline WHERE discount > 0")
    assert column(off, "discount") == [told[0][0]] == [Decimal("2.00")]
    assert column(off, "rate") == [pytest.approx(2 / 30)]
    back = ask("returns", **YEAR)
    told = sql("SELECT count(*), sum(refund - cost_recovered) FROM crm_orderreturn")
    assert [(r["returns"], r["lost"]) for r in back.rows.every()] == told
    served = ask("cost-to-serve", by="class", **YEAR)
    told = sql(
        "SELECT m.worth_class, sum(e.amount) FROM crm_ledgerentry e"
        " JOIN segments_membership m USING (account_id)"
        " WHERE e.kind NOT IN ('acquisition', 'onboarding') GROUP BY 1"
    )
    rows = [(r["part"], r["amount"]) for r in served.rows.every() if r["amount"]]
    assert sorted(rows) == sorted(told)
    assert sum(column(served, "amount")) == Decimal("14.00")


def test_who_brings_customers_and_how_soon_they_come_back(firm, ask):
    first = ask("first-products", **YEAR)
    told = sql(
        "SELECT count(*) FROM (SELECT account_id FROM crm_orderline GROUP BY 1"
        " HAVING min(ordered_on) >= '2026-01-01') f"
    )
    assert sum(column(first, "customers")) == told[0][0] == 2
    second = ask("second-order", by="source", since="2025-01-01", until="2026-11-22")
    told = sql(
        "SELECT min(ordered_on) FILTER (WHERE n = 2) - min(ordered_on) FROM (SELECT"
        " ordered_on, dense_rank() OVER (ORDER BY ordered_on) AS n FROM crm_orderline"
        " WHERE account_id = %(ann)s) f",
        ann=firm["ann"].pk,
    )
    web = next(r for r in second.rows.every() if r["part"] == "web")
    assert (web["customers"], web["again"]) == (2, 1)
    assert web["median"] == told[0][0] == 245


def test_where_value_sits_and_who_moved(firm, ask):
    top = ask("value-in-top", n=1)
    told = sql(
        "SELECT max(clv) / sum(greatest(clv, 0)) FROM clv_valuation WHERE run_id "
        "= %(r)s",
        r=firm["run"].pk,
    )
    assert column(top, "so_far") == [pytest.approx(float(told[0][0]))]
    make.membership(
        account=firm["dan"], worth_class="general", until=day(10, 1), since=day(1, 1)
    )
    make.membership(account=firm["dan"], worth_class="current_key", since=day(10, 1))
    moved = ask("moved-class", **YEAR)
    told = sql(
        "SELECT a.name, m.since FROM segments_membership m JOIN crm_account a"
        " ON a.id = m.account_id WHERE m.worth_class = 'current_key' AND (SELECT"
        " b.worth_class FROM segments_membership b WHERE b.account_id = a.id"
        " AND b.since < m.since ORDER BY b.since DESC LIMIT 1) = 'general'"
    )
    assert [(r["account"], r["moved_on"]) for r in moved.rows.every()] == told
    assert told == [("Dan", day(10, 1))]


def test_whose_value_fell_and_the_causes_sum_to_it(firm, ask):
    before = make.run(as_of=day(10, 1), current=False)
    make.valuation(account=firm["ann"], run=before, expected_margin="2000.00")
    make.valuation(account=firm["bob"], run=before, expected_margin="50.00")
    fell = ask("value-moved", way="fell", days=30)
    told = sql(
        "SELECT n.clv - w.clv FROM clv_valuation n JOIN clv_valuation w"
        " USING (account_id) WHERE n.run_id = %(n)s AND w.run_id = %(w)s"
        " AND n.clv < w.clv ORDER BY 1",
        n=firm["run"].pk,
        w=before.pk,
    )
    rows = list(fell.rows.every())
    assert [(row["change"],) for row in rows] == told
    for row in rows:
        assert row["profit"] + row["margin"] + row["cost"] == row["change"]
    assert rows[0]["why"] == "what they are expected to buy"


def test_whom_we_forget_and_what_key_accounts_lack(firm, ask, rep):
    silent = ask("not-spoken-to", worth_class="", days=30)
    told = sql(
        "SELECT a.name FROM crm_account a WHERE a.stage = 'customer' AND NOT EXISTS"
        " (SELECT 1 FROM crm_touchpoint t WHERE t.account_id = a.id AND t.channel IN"
        " ('phone', 'visit') AND t.occurred_at > '2026-10-23')"
    )
    assert {(name,) for name in column(silent, "account")} == set(told)
    make.contact(account=firm["ann"], decision_role="decider")
    assert column(ask("key-accounts-lacking", lacking="buyer"), "account") == []
    lacking = ask("key-accounts-lacking", lacking="plan")
    told = sql(
        "SELECT a.name FROM crm_account a JOIN segments_membership m"
        " ON m.account_id = a.id AND m.until IS NULL WHERE m.worth_class LIKE '%%_key'"
        " AND NOT EXISTS (SELECT FROM campaigns_plannedtouch t"
        " WHERE t.account_id = a.id)"
    )
    assert [(name,) for name in column(lacking, "account")] == told == [("Ann",)]
    assert column(lacking, "lacks") == ["plan"]


def test_who_is_lost_why_to_whom_and_how_satisfied(firm, ask):
    lost = ask("why-lost", **YEAR)
    told = sql(
        "SELECT loss_reason, count(*), avg((lost_on - acquired_on) / 365.25)::float"
        " FROM crm_account WHERE extract(year FROM lost_on) = 2026 GROUP BY 1"
    )
    rows = list(lost.rows.every())
    assert [(r["part"], r["customers"], r["years"]) for r in rows] == told
    assert [row["label"] for row in rows] == ["Price"]
    CompetitorPresence.objects.create(
        account=firm["dan"], competitor=Competitor.objects.get(), since=day(7, 1)
    )
    rivals = ask("competitors", **YEAR)
    told = sql(
        "SELECT c.name, count(*), count(a.lost_on) FROM crm_competitorpresence p"
        " JOIN crm_competitor c ON c.id = p.competitor_id"
        " JOIN crm_account a ON a.id = p.account_id"
        " WHERE extract(year FROM p.since) = 2026 GROUP BY 1"
    )
    rows = [(r["label"], r["came"], r["lost"]) for r in rivals.rows.every()]
    assert rows == told == [("Rival", 2, 1)]
    rated = ask("satisfaction", worth_class="", **YEAR)
    told = sql(
        "SELECT account_id, avg(rating_people)::float FROM crm_touchpoint"
        " WHERE rating_people IS NOT NULL GROUP BY 1 ORDER BY 2"
    )
    rows = [(r["account_id"], r["mean"]) for r in rated.rows.every()]
    assert rows == told
    assert "rated 3.0 of 5 on average" in rated.sentence


def test_late_orders_sources_paybacks_and_contracts(firm, ask):
    # 310 days since the last order, and one every 183 days until then.
    late = ask("late-orders", late=50)
    told = sql(
        "SELECT a.name, date '2026-11-21' - v.last_on FROM clv_valuation v"
        " JOIN crm_account a ON a.id = v.account_id WHERE v.run_id = %(r)s AND"
        " date '2026-11-21' - v.last_on > 1.5 * (v.last_on - v.first_on) / 4"
        " ORDER BY v.expected_margin_year DESC, a.id",
        r=firm["run"].pk,
    )
    rows = [(r["account"], r["since_days"]) for r in late.rows.every()]
    assert rows == told
    assert column(late, "since_days") == [310, 310, 310]
    assert column(ask("late-orders", late=100), "account") == []
    sources = ask("sources-worth", since="2024-01-01", until="2026-11-22")
    told = sql(
        "SELECT a.source, count(*), avg(v.clv) FROM clv_valuation v JOIN crm_account a"
        " ON a.id = v.account_id GROUP BY 1 ORDER BY 3 DESC"
    )
    rows = [(r["part"], r["customers"], r["clv"]) for r in sources.rows.every()]
    assert rows == told
    assert ask("contracts-ending").sentence == "No contract ends in the next 90 days."
    none = ask("payback-by-rep", since="2026-01-01")  # all had ordered before
    assert "No customer ordered" in none.sentence


def test_which_contracts_end_and_whose_customers_pay_back(firm, ask):
    term = make.product(name="Service", term_months=12)
    terms = {"fee_margin": 40, "fee_days": 1, "other_margin": 0, "other_days": 0}
    for name, ends in (("ann", day(12, 1)), ("bob", day(6, 1, 2027))):
        ContractValuation.objects.create(
            run=firm["run"],
            account=firm[name],
            product=term,
            started_on=day(12, 1, 2025),
            ends_on=ends,
            term_days=365,
            has_ended=False,
            **terms,
        )
    for name, first, paid in (
        ("ann", day(2, 1), day(3, 1)),
        ("bob", day(3, 1), None),
        ("cat", day(4, 1), day(4, 11)),
    ):
        Valuation.objects.filter(account=firm[name]).update(
            first_on=first, paid_back_on=paid
        )
    ending = ask("contracts-ending", days=90)
    told = sql(
        "SELECT a.name, v.clv FROM clv_contractvaluation k JOIN crm_account a"
        " ON a.id = k.account_id JOIN clv_valuation v ON v.account_id = a.id"
        " WHERE k.ends_on BETWEEN '2026-11-22' AND date '2026-11-22' + 90"
    )
    assert [(r["account"], r["clv"]) for r in ending.rows.every()] == told
    assert [name for name, _ in told] == ["Ann"]
    back = ask("payback-by-rep", since="2026-01-01", until="2026-11-22")
    told = sql(
        "SELECT u.name, count(*), count(s.paid_back_on) FROM clv_valuation s"
        " JOIN crm_account a ON a.id = s.account_id JOIN crm_user u"
        " ON u.id = a.owner_id GROUP BY 1 ORDER BY min(s.paid_back_on - s.first_on)"
    )
    rows = [(r["label"], r["customers"], r["paid"]) for r in back.rows.every()]
    assert rows == told == [("Carl Colleague", 1, 1), ("Rita Rep", 2, 1)]
    assert column(back, "median") == [10, 28]


def test_a_rep_is_told_of_their_own_alone_and_that_it_is_so(firm, ask, rep, colleague):
    theirs = ask("bought", user=colleague, product=firm["a"], **YEAR)
    assert theirs.sentence == "Nobody has ever bought Alpha."
    assert "your own accounts" in theirs.notes[-1]
    mine = ask("bought", user=rep, product=firm["b"], **YEAR)
    assert column(mine, "account") == ["Ann"]


def test_nothing_is_told_of_a_time_or_product_without_orders(firm, ask):
    never = make.product(name="Gamma")
    assert ask("bought", product=never).sentence == "Nobody has ever bought Gamma."
    early = ask("bought", product=firm["a"], since="2020-01-01", until="2020-12-31")
    assert early.sentence == ("Nobody bought Alpha from 1 Jan 2020 to 31 Dec 2020.")
    assert OrderLine.objects.filter(product=never).count() == 0
