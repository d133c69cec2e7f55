"""Profit by any dimension equals the orders and the ledger, to the cent."""

import datetime as dt
import json
from decimal import Decimal
from itertools import product as pairs

import pytest
from django.db.models import Sum
from django.urls import reverse

from clv.models import ValuationRun
from crm.models import Account, LedgerEntry, OrderLine, OrderReturn, Territory
from crm.services import allocation, allocation_rules, ledger
from segments.choices import LeverCause, ProfitBy, ProfitEvery
from segments.models import StoredFigures
from segments.queries.opportunities import opportunities
from segments.queries.profit import profit_of
from segments.queries.profit_night import facts_of, profit_blocks
from segments.queries.scope import Scope
from tests import make

JAN, FEB = dt.date(2026, 1, 15), dt.date(2026, 2, 15)
YEAR = {"from": "2026-01-01", "to": "2026-06-30"}
PERIOD = {"since": dt.date(2026, 1, 1), "until": dt.date(2026, 6, 30)}


def page(by="class", every="quarter"):
    return reverse("segments:profit", args=[by, every])


@pytest.fixture
def firm(db, rep):
    """Two customers of two classes, one of them swallowed another; one shared cost."""
    make.run(as_of=dt.date(2026, 6, 30))
    north = Territory.objects.create(name="North")
    rich = make.account(name="Rich", owner=rep, source="web", territory=north)
    poor = make.account(name="Poor", relationship_type="contract")
    gone = make.account(name="Gone", merged_into=rich)
    make.membership(account=rich, worth_class="current_key")
    make.membership(account=poor, worth_class="never_profitable")
    paper, toner = make.product(name="Paper"), make.product(name="Toner")
    for account, product, lines, on in (
        (rich, paper, [(10, "10.00", "6.00")], JAN),
        (gone, paper, [(1, "33.33", None)], FEB),
        (poor, toner, [(1, "20.00", "25.00")], FEB),
        (poor, toner, [(1, "900.00", "1.00")], dt.date(2025, 12, 31)),
    ):
        made = make.order(account=account, on=on, lines=lines)
        made.lines.update(product=product)
    make.order(account=poor, on=JAN, status="cancelled")
    line = OrderLine.objects.get(quantity=10, status="confirmed")
    OrderReturn.objects.create(
        line=line,
        account=rich,
        returned_on=FEB,
        quantity=1,
        refund="10.00",
        cost_recovered="6.00",
    )
    make.cost(account=rich, amount="5.55", kind="service", on=JAN)
    make.cost(account=gone, amount="1.00", kind="delivery", on=FEB)
    make.cost(account=poor, amount="30.00", kind="acquisition", on=FEB)
    for amount in ("9.99", "0.02"):
        ledger.post_entry(
            actor=None, account=None, kind="delivery", amount=amount, incurred_on=JAN
        )
    by = allocation_rules.create_rule(
        actor=None, name="Rent", kind="delivery", driver="orders", reason="So"
    )
    open_cost = LedgerEntry.objects.get(amount="9.99")
    allocation.apply_rule(
        actor=None,
        rule=by,
        period_start=JAN.replace(day=1),
        period_end=dt.date(2026, 1, 31),
        costs=[open_cost.pk],
    )
    return {"rich": rich, "poor": poor, "rep": rep}


def test_every_breakdown_sums_up_to_orders_and_ledger(firm, manager):
    days = (PERIOD["since"], PERIOD["until"])
    lines = OrderLine.objects.filter(status="confirmed", ordered_on__range=days)
    sold = lines.aggregate(r=Sum("revenue"), c=Sum("cost"))
    posted = LedgerEntry.objects.filter(allocated_from=None, incurred_on__range=days)
    costs = posted.aggregate(s=Sum("amount"))["s"]
    for by, every in pairs(ProfitBy, ProfitEvery):
        found = profit_of(Scope.read(YEAR, manager), by, every)
        total = found.total
        assert total.revenue == sold["r"] - Decimal("10.00")
        assert total.goods - total.assumed == sold["c"] - Decimal("6.00")
        assert total.to_win + total.to_serve == costs
        assert total.to_win == Decimal("30.00")
        assert found.unspread.to_serve == Decimal("0.02")
        assert sum(one.contribution for one in found.stretches) == total.contribution
        of_lines = sum(one.contribution for one in found.lines)
        assert of_lines + found.unspread.contribution == total.contribution


def test_what_was_merged_away_counts_where_it_went(firm, manager):
    found = profit_of(Scope.read(YEAR, manager), ProfitBy.CLASS, ProfitEvery.QUARTER)
    rich, poor = found.lines
    assert (rich.label, rich.accounts, rich.revenue) == (
        "Current key",
        1,
        Decimal("123.33"),
    )
    assert rich.costs == {"service": Decimal("5.55"), "delivery": Decimal("10.99")}
    assert (poor.label, poor.contribution) == ("Never profitable", Decimal("-35.00"))


@pytest.mark.parametrize(
    ("by", "labels"),
    [
        ("product", {"Paper", "Toner", "Costs of accounts, not of a product"}),
        ("rep", {"Rita Rep", "Nobody’s accounts"}),
        ("source", {"Website", "Source not known"}),
        ("territory", {"North", "No territory"}),
        ("relationship", {"Framework contract", "Type not known"}),
    ],
)
def test_lines_have_names(firm, manager, by, labels):
    found = profit_of(Scope.read(YEAR, manager), ProfitBy(by), ProfitEvery.YEAR)
    assert {one.label.removeprefix("SKU") for one in found.lines} == labels or all(
        any(name in one.label for one in found.lines) for name in labels
    )


def test_filters_narrow_it_and_leave_shared_costs_out(firm, manager):
    scope = Scope.read(YEAR | {"class": "never_profitable"}, manager)
    found = profit_of(scope, ProfitBy.CLASS, ProfitEvery.MONTH)
    assert [one.label for one in found.lines] == ["Never profitable"]
    assert found.unspread is None
    assert found.total.contribution == Decimal("-35.00")


def test_the_page_answers_first_and_opens_names(firm, client, manager):
    client.force_login(manager)
    shown = client.get(page(), YEAR)
    text = shown.content.decode()
    assert "best did Current key" in text
    assert "Shared costs, not spread yet" in text
    opened = client.get(shown.context["lines"][0].url).content.decode()
    assert "Rich" in opened
    assert "Poor" not in opened
    chosen = client.get(reverse("segments:profit_choose"), {"by": "rep", "to": "x"})
    assert chosen.url == f"{page('rep')}?to=x"
    assert client.get(chosen.url).context["found"] is None
    assert client.get(page("mood")).status_code == 404


def test_a_product_names_as_many_as_bought_it_or_sent_it_back(firm, client, manager):
    OrderReturn.objects.all().delete()
    gone = Account.objects.get(name="Gone")
    OrderReturn.objects.create(
        line=OrderLine.objects.get(account=gone),
        account=gone,
        returned_on=dt.date(2026, 3, 1),
        quantity=1,
        refund="33.33",
        cost_recovered="0.00",
    )
    client.force_login(manager)
    for period, bought in (
        (YEAR, {"Paper": ["Rich"], "Toner": ["Poor"]}),
        ({"from": "2026-02-01", "to": "2026-02-28"}, {"Paper": ["Rich"]}),
        ({"from": "2026-03-01", "to": "2026-03-31"}, {"Paper": ["Rich"]}),
    ):
        lines = client.get(page("product"), period).context["lines"]
        for product, names in bought.items():
            one = next(line for line in lines if product in line.label)
            opened = client.get(one.url).context["page"].rows
            assert [row.record.name for row in opened] == names
            assert one.accounts == len(names)


@pytest.mark.parametrize(
    ("by", "at", "said"),
    [
        ("product", "Paper", "with orders or returns from 1 Jan 2026 to 30 Jun 2026"),
        ("rep", "Rita Rep", "with sales or costs from 1 Jan 2026 to 30 Jun 2026"),
        ("territory", "North", "with sales or costs from 1 Jan 2026 to 30 Jun 2026"),
    ],
)
def test_names_say_the_record_and_not_its_number(firm, client, manager, by, at, said):
    client.force_login(manager)
    lines = client.get(page(by), YEAR).context["lines"]
    url = next(one.url for one in lines if at in one.label)
    named = client.get(url).content.decode().split(f"{said}, {by}: ")[1]
    assert at in named.partition("<")[0]


def test_stretches_and_kinds_open_who_they_are_of(firm, client, manager):
    late = make.account(name="Late")
    make.order(account=late, on=dt.date(2026, 6, 20), lines=[(1, "5.00", "1.00")])
    client.force_login(manager)
    shown = client.get(page(every="month"), YEAR)
    assert [one.label for one in shown.context["stretch_lines"]] == [
        "Jan 2026",
        "Feb 2026",
        "Jun 2026",
    ]

    def names(url):
        text = client.get(url).content.decode()
        return [name for name in ("Rich", "Poor", "Late", "Gone") if name in text]

    january, february, june = (one.url for one in shown.context["stretch_lines"])
    assert names(january) == ["Rich"]  # what was cancelled is nobody's
    assert names(february) == ["Rich", "Poor"]  # Gone's order is Rich's by now
    assert names(june) == ["Late"]
    course = shown.context["course"].linked_rows
    assert [url for url, _ in course] == [january, february, june]
    kinds = {one.name: one for one in shown.context["kinds"]}
    assert names(kinds["Acquisition"].url) == ["Poor"]
    assert names(kinds["Delivery"].url) == ["Rich"]


def test_a_kind_opens_its_ledger_rows_narrowed_like_the_page(firm, client, manager):
    client.force_login(manager)

    def delivery(**more):
        shown = client.get(page(), YEAR | more)
        kind = next(one for one in shown.context["kinds"] if one.name == "Delivery")
        return kind.amount, client.get(kind.ledger_url)

    amount, opened = delivery()
    assert amount == opened.context["sums"].posted == Decimal("11.01")
    amount, opened = delivery(**{"class": "current_key"})
    assert amount == opened.context["sums"].borne == Decimal("10.99")
    text = opened.content.decode()
    assert "These accounts bear 10.99 EUR" in text
    assert 'name="among" value="of-page"' in text
    assert 'name="class" value="current_key"' in text


def test_the_ledger_refuses_a_set_that_is_not_there(firm, client, manager):
    client.force_login(manager)
    opened = client.get(reverse("crm:ledger_list"), {"among": "nothing"})
    assert opened.context["wanted"] is None
    assert "no set of accounts called “nothing”" in opened.content.decode()
    export = reverse("crm:ledger_export", query={"among": "nothing"})
    assert client.post(export).status_code == 400


def test_the_csv_has_every_line(firm, client, manager):
    client.force_login(manager)
    address = reverse("segments:profit_export", args=["class", "quarter"])
    lines = b"".join(client.get(address, YEAR).streaming_content).decode().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [
        "Current key",
        "Never profitable",
        '"Shared costs',
        "Total",
        "Q1 2026",
    ]


def test_an_empty_firm_says_what_to_do(client, manager):
    client.force_login(manager)
    assert "Nothing sold, nothing spent" in client.get(page()).content.decode()
    empty = client.get(reverse("segments:opportunity_list")).content.decode()
    assert "Nothing stands out" in empty


def test_queries_do_not_grow_with_lines(firm, client, manager, assert_flat_queries):
    client.force_login(manager)

    def grow():
        for _ in range(3):
            product = make.product()
            made = make.order(account=make.account(), on=FEB)
            made.lines.update(product=product)

    grow()
    assert_flat_queries(lambda: client.get(page("product"), YEAR), grow)


# -- Opportunities ---------------------------------------------------------------------


def levers(manager, cause, **more):
    found = opportunities(Scope.read(YEAR | more, manager))
    rows = [*found.levers, *found.unknown]
    return [one for one in rows if one.cause == cause]


def sell(goods, n, *, on=FEB, price="100.00", cost="60.00", discount="0"):
    accounts = []
    for _ in range(n):
        account = make.account()
        made = make.order(account=account, on=on, lines=[(1, price, cost)])
        made.lines.update(product=goods, discount=Decimal(discount))
        accounts.append(account)
    return accounts


def test_discount_above_the_usual_one_is_counted(manager, client):
    product = make.product(name="Paper")
    sell(product, 9, discount="10")
    (generous,) = sell(product, 1, discount="35")
    (one,) = levers(manager, LeverCause.DISCOUNT)
    assert (one.label, one.money, one.accounts) == ("Paper", Decimal("25.00"), 1)
    client.force_login(manager)
    assert generous.name in client.get(one.url).content.decode()


def test_a_cost_that_rose_counts_less_what_the_price_rose(manager):
    product = make.product(name="Toner")
    sell(product, 10, on=dt.date(2025, 10, 1), price="100.00", cost="60.00")
    sell(product, 10, price="102.00", cost="70.00")
    (one,) = levers(manager, LeverCause.COST_RISE)
    assert (one.label, one.money) == ("Toner", Decimal("80.00"))


def test_an_unknown_cost_is_said_and_not_invented(manager, client):
    sell(make.product(name="Ink"), 2, cost=None)
    (one,) = levers(manager, LeverCause.UNKNOWN)
    assert (one.money, one.base, one.accounts) == (None, Decimal(200), 2)
    client.force_login(manager)
    text = client.get(reverse("segments:opportunity_list"), YEAR).content.decode()
    assert "has no unit cost" in text


def test_service_above_the_median_of_the_class_is_counted(manager):
    accounts = sell(make.product(), 11)
    for account in accounts:
        make.membership(account=account, worth_class="general")
        make.cost(account=account, amount="5.00", kind="service", on=FEB)
    make.cost(account=accounts[0], amount="40.00", kind="service", on=FEB)
    make.cost(account=accounts[0], amount="70.00", kind="acquisition", on=FEB)
    (one,) = levers(manager, LeverCause.SERVE)
    assert (one.label, one.money, one.accounts) == ("General", Decimal("40.00"), 1)
    assert levers(manager, LeverCause.DELIVERY) == []


def test_returns_above_the_rate_of_the_firm_are_counted(manager):
    good, bad = make.product(name="Good"), make.product(name="Bad")
    sell(good, 10)
    for account in sell(bad, 10)[:2]:
        line = OrderLine.objects.get(account=account)
        OrderReturn.objects.create(
            line=line, account=account, returned_on=FEB, quantity=1, refund="100.00"
        )
    (one,) = levers(manager, LeverCause.RETURNS)
    # 200 came back of 2 000 sold in all; of the 1 000 of this product 100 were usual
    assert (one.label, one.money, one.accounts) == ("Bad", Decimal("100.00"), 2)


def test_few_lines_say_nothing_of_what_is_usual(manager):
    product = make.product()
    sell(product, 8, discount="10")
    sell(product, 1, discount="90")
    assert opportunities(Scope.read(YEAR, manager)).levers == []


# -- What the night keeps --------------------------------------------------------------


@pytest.mark.parametrize("by", list(ProfitBy))
@pytest.mark.parametrize("every", list(ProfitEvery))
def test_what_the_night_keeps_is_what_the_rows_say(manager, rep, by, every):
    run = _year_of_trade(rep)
    scope = Scope.read({}, manager)
    live = profit_of(scope, by, every)
    for block in profit_blocks(run):
        block.rows = json.loads(json.dumps(block.rows))
        block.save()
    kept = facts_of(Scope.read({}, manager), by, every.value)
    assert kept is not None
    again = profit_of(Scope.read({}, manager), by, every)
    assert (again.lines, again.stretches) == (live.lines, live.stretches)
    assert (again.unspread, again.total) == (live.unspread, live.total)
    assert live.total.revenue == Decimal("1700.00")


def test_what_is_entered_after_the_night_counts_at_once(manager, rep):
    run = _year_of_trade(rep)
    by = ProfitBy.CLASS
    StoredFigures.objects.bulk_create(profit_blocks(run))
    make.cost(amount="44.00", on=dt.date(2026, 9, 9))
    scope = Scope.read({}, manager)
    assert facts_of(scope, by, "month") is None
    spent = sum(profit_of(scope, by, ProfitEvery.MONTH).total.costs.values())
    assert spent == Decimal("94.00")


@pytest.mark.parametrize("by", list(ProfitBy))
def test_the_night_keeps_each_part_of_the_firm_as_its_rows_say(firm, manager, by):
    """What was merged counts for its survivor; what came back counts as well."""
    Territory.objects.create(name="South")
    firm["rich"].industry, firm["poor"].owner = "Food", firm["rep"]
    firm["rich"].save(), firm["poor"].save()
    rich = firm["rich"]
    parts = [
        {},
        {"class": "current_key"},
        {"class": "never_profitable"},
        {"owner": str(rich.owner_id)},
        {"territory": str(rich.territory_id)},
        {"industry": "Food"},
    ]
    live = [profit_of(Scope.read(one, manager), by, ProfitEvery.MONTH) for one in parts]
    StoredFigures.objects.bulk_create(profit_blocks(ValuationRun.objects.current()))
    for given, was in zip(parts, live, strict=True):
        scope = Scope.read(given, manager)
        assert facts_of(scope, by, "month") is not None, given
        now = profit_of(scope, by, ProfitEvery.MONTH)
        assert now == was, given
        assert now.total.revenue > 0
    for given in ({"class": "general"}, {"class": "current_key", "industry": "Food"}):
        assert facts_of(Scope.read(given, manager), by, "month") is None
    assert facts_of(Scope.read({}, firm["rep"]), by, "month") is None


@pytest.mark.parametrize(
    "narrowed",
    [{"from": "2026-01-01"}, {"class": "potential_key"}, {"as_of": "2026-11-21"}],
)
def test_other_periods_and_parts_of_the_firm_are_summed_anew(manager, rep, narrowed):
    run = _year_of_trade(rep)
    by = ProfitBy.CLASS
    StoredFigures.objects.bulk_create(profit_blocks(run))
    assert facts_of(Scope.read(narrowed, manager), by, "month") is None


def _year_of_trade(rep):
    """Orders in two quarters, one without a known cost; a cost, and a shared one."""
    run = make.run(as_of=dt.date(2026, 11, 20))
    account = make.account(owner=rep)
    make.membership(account=account, run=run)
    make.order(account=account, on=dt.date(2026, 2, 3))
    make.order(account=account, on=dt.date(2026, 8, 3), lines=[(100, "15.00", None)])
    make.order(account=account, on=dt.date(2026, 9, 3))
    make.cost(account=account, amount="30.00", on=dt.date(2026, 5, 5))
    LedgerEntry.objects.create(
        kind="other", amount=Decimal("20.00"), incurred_on=dt.date(2026, 6, 6)
    )
    return run
