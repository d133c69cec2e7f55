"""Answers for a part of the firm: by plain SQL, and as the dashboards have it."""

import datetime as dt

import pytest

from clv.models import Valuation
from common.templatetags.display import share
from crm.models import Account, Territory
from segments.choices import ProfitBy, ProfitEvery
from segments.models import Membership
from segments.queries.paybacks import paybacks_in
from segments.queries.profit import profit_of
from segments.queries.scope import Scope
from segments.queries.sources import sources_of
from tests import make
from tests.campaigns.questions.conftest import buy, column, day, sql

YEAR = {"since": "2026-01-01", "until": "2026-11-21"}
PERIOD = {"from": YEAR["since"], "to": YEAR["until"]}


@pytest.fixture
def parts(firm, rep):
    """Put Ann and Cat in one part by territory, industry and type; Ann has a twin."""
    north = Territory.objects.create(name="North")
    kept = Account.objects.filter(name__in=["Ann", "Cat"])
    kept.update(territory=north, industry="Food", relationship_type="partner")
    twin = make.account(name="Ann's twin", merged_into=firm["ann"], industry="Steel")
    buy(twin, firm["a"], day(8, 1), price="40.00", cost="10.00")
    make.cost(account=twin, amount="7.00", on=day(8, 2), kind="service")
    make.touchpoint(account=twin, user=rep)
    for name, first, paid in (
        ("ann", day(2, 1), day(3, 1)),
        ("bob", day(3, 1), None),
        ("cat", day(4, 1), None),
    ):
        Valuation.objects.filter(account=firm[name]).update(
            first_on=first, paid_back_on=paid
        )
    return {
        "territory": {"territory": north.pk},
        "industry": {"industry": "Food"},
        "relationship": {"relationship": "partner"},
    }


OF_PART = """(SELECT id FROM crm_account WHERE industry = 'Food' UNION
    SELECT id FROM crm_account WHERE merged_into_id IN
        (SELECT id FROM crm_account WHERE industry = 'Food'))"""
ALL_WAYS = pytest.mark.parametrize("way", ["territory", "industry", "relationship"])


def scope_of(part, user, **more):
    return Scope.read({name: str(key) for name, key in (part | more).items()}, user)


@ALL_WAYS
def test_what_customers_cost_is_what_profit_says_they_cost(parts, ask, manager, way):
    part = parts[way]
    spent = ask("spend-below-line", worth_class="", **YEAR, **part)
    told = sql(
        "SELECT kind, sum(amount) FROM crm_ledgerentry WHERE account_id IN "
        f"{OF_PART} AND incurred_on BETWEEN '2026-01-01' AND '2026-11-21'"
        " GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    assert [(r["part"], r["amount"]) for r in spent.rows.every()] == told
    scope = scope_of(part, manager, **PERIOD)
    total = profit_of(scope, ProfitBy.CLASS, ProfitEvery.YEAR).total
    assert sum(amount for _, amount in told) == total.to_serve + total.to_win == 21
    assert (
        spent.sentence == f"21 on 2 customers: {share(1)} of all that customers cost."
    )


def test_a_class_of_a_part_is_set_beside_all_classes_of_the_part(parts, ask):
    of_class = {"worth_class": "never_profitable"}
    spent = ask("spend-below-line", **of_class, **YEAR, **parts["industry"])
    assert (
        spent.sentence
        == f"9 on 1 customer: {share(9 / 21)} of all that customers cost."
    )
    assert "Narrowed to Industry Food." in spent.notes


@ALL_WAYS
def test_value_of_a_part_is_that_of_the_value_page(parts, ask, names, manager, way):
    part = parts[way]
    top = ask("value-in-top", n=20, **part)
    told = sql(
        "SELECT a.name, v.clv FROM clv_valuation v JOIN crm_account a"
        " ON a.id = v.account_id WHERE a.industry = 'Food' ORDER BY v.clv DESC"
    )
    assert [(r["account"], r["clv"]) for r in top.rows.every()] == told
    of_scope = scope_of(part, manager).values().order_by("-clv")
    assert column(top, "clv") == [one.clv for one in of_scope]
    assert names("value-in-top", n=20, **part) == {"Ann", "Cat"}


@ALL_WAYS
def test_payback_of_a_part_is_that_of_its_page(parts, ask, manager, way):
    back = ask("payback-by-rep", **YEAR, **parts[way])
    told = sql(
        "SELECT u.name, count(*), count(v.paid_back_on) FROM clv_valuation v"
        " JOIN crm_account a ON a.id = v.account_id JOIN crm_user u"
        " ON u.id = a.owner_id WHERE a.industry = 'Food' GROUP BY 1 ORDER BY 3 DESC"
    )
    rows = [(r["label"], r["customers"], r["paid"]) for r in back.rows.every()]
    assert rows == told == [("Rita Rep", 1, 1), ("Carl Colleague", 1, 0)]
    firm = paybacks_in(scope_of(parts[way], manager)).firm
    assert (firm.customers, firm.paid_back) == (2, 1)


@ALL_WAYS
def test_sources_of_a_part_are_those_of_their_page(parts, ask, manager, way):
    found = ask("sources-worth", **YEAR, **parts[way])
    told = sql(
        "SELECT a.source, count(*), avg(v.clv), avg(v.cost_to_win) FROM clv_valuation v"
        " JOIN crm_account a ON a.id = v.account_id WHERE a.industry = 'Food'"
        " GROUP BY 1"
    )
    rows = [(r["part"], r["customers"], r["clv"]) for r in found.rows.every()]
    assert rows == [row[:3] for row in told]
    lines = sources_of(scope_of(parts[way], manager)).lines
    assert [(one.key, one.customers, one.clv_each) for one in lines] == rows


@ALL_WAYS
def test_contacts_of_a_part_count_those_of_merged_accounts(parts, ask, way):
    found = ask(
        "contact-frequency", by="rep", **YEAR | {"until": "2026-11-22"}, **parts[way]
    )
    told = sql(
        "SELECT u.name, count(t.id) FROM crm_touchpoint t JOIN crm_account a"
        " ON a.id = t.account_id JOIN crm_account s"
        " ON s.id = coalesce(a.merged_into_id, a.id)"
        f" JOIN crm_user u ON u.id = s.owner_id WHERE t.account_id IN {OF_PART}"
        " GROUP BY 1 ORDER BY 1"
    )
    rows = sorted((r["label"], r["contacts"]) for r in found.rows.every())
    assert rows == told == [("Carl Colleague", 1), ("Rita Rep", 3)]


def test_the_product_of_the_bar_keeps_who_bought_it_by_a_merged_account(firm, ask):
    heir = make.account(name="Heir")
    twin = make.account(name="Twin", merged_into=heir)
    buy(twin, firm["a"], day(8, 1))
    found = ask("retention", day="2026-11-22", by="type", product=firm["a"])
    told = sql(
        "SELECT count(DISTINCT account_id) FROM crm_orderline WHERE account_id IN"
        " (SELECT account_id FROM crm_orderline WHERE product_id = %(p)s)"
        " AND ordered_on BETWEEN '2024-11-23' AND '2025-11-22'",
        p=firm["a"].pk,
    )
    assert sum(column(found, "customers")) == told[0][0] == 1
    spent = ask("discounts", by="customer", **YEAR, product=firm["b"])
    assert column(spent, "label") == ["Ann"]


def test_a_class_is_that_of_the_day_that_is_asked_about(firm, ask):
    make.run(as_of=dt.date(2026, 6, 30), current=False)
    Membership.objects.filter(account=firm["bob"]).update(since=dt.date(2026, 8, 1))
    past = {"as_of": "2026-06-30", "since": "2026-01-01"}
    now = ask("cost-to-serve", by="class", **YEAR, **{"class": "general"})
    then = ask("cost-to-serve", by="class", **past, **{"class": "general"})
    assert (now.rows.count(), then.rows.count()) == (1, 0)


def test_an_earlier_day_knows_nothing_of_later_talks_and_orders(firm, ask):
    make.run(as_of=dt.date(2026, 6, 30), current=False)
    buy(firm["bob"], firm["b"], day(9, 1))
    asked = {"product": firm["a"], "other": firm["b"]}
    now, then = (
        ask("one-without-other", **asked, **more)
        for more in ({}, {"as_of": "2026-06-30"})
    )
    assert "Bob" not in column(now, "account")
    assert "Bob" in column(then, "account")
    later = dt.datetime(2026, 11, 1, 9, 0, tzinfo=dt.UTC)
    for name in ("ann", "cat"):
        make.touchpoint(account=firm[name], occurred_at=later)
    assert column(ask("not-spoken-to", worth_class=""), "account") == ["Bob"]
    silent = ask("not-spoken-to", worth_class="", as_of="2026-06-30")
    assert {(r["account"], r["last_on"]) for r in silent.rows.every()} == {
        ("Ann", dt.date(2026, 1, 15)),
        ("Bob", None),
        ("Cat", None),
    }


def test_patterns_say_what_they_were_narrowed_to(firm, ask):
    Account.objects.update(industry="Food")
    found = ask("before-loss", industry="Food")
    said = "Narrowed to Industry Food."
    assert said in found.notes
    assert said not in ask("before-loss").notes
