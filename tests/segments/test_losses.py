"""Losing customers, spending below the line, tenure and sources: figures and names."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from crm.models import LedgerEntry, OrderReturn
from crm.services import ledger
from segments.queries import losses
from segments.queries.scope import Scope
from segments.queries.sources import sources_of
from segments.queries.tenure import tenure_of
from tests import make

AS_OF = dt.date(2026, 11, 20)
SUMMER = dt.date(2026, 7, 1)


@pytest.fixture
def scope(manager):
    make.run(as_of=AS_OF)
    return Scope.read({}, manager)


def valued(account, *, margin="100", cost="0", **fields):
    return make.valuation(
        account=account,
        margin_year=Decimal(margin),
        cost_year=Decimal(cost),
        revenue_year=Decimal(200),
        **fields,
    )


# -- Losses ----------------------------------------------------------------------------


def test_the_dearest_losers_come_first_with_their_main_cause(scope):
    service, goods, fine = (make.account(name=n) for n in ("Service", "Goods", "Fine"))
    gone = make.account(merged_into=service)
    valued(service, margin="50", cost="150")
    valued(goods, margin="-30", cost="10")
    valued(fine)
    make.cost(account=service, amount="90.00", kind="service", on=SUMMER)
    make.cost(account=gone, amount="40.00", kind="service", on=SUMMER)
    make.cost(account=service, amount="100.00", kind="delivery", on=SUMMER)
    make.cost(account=service, amount="900.00", kind="credit", on=dt.date(2025, 1, 1))
    make.cost(account=goods, amount="10.00", kind="delivery", on=SUMMER)
    for account, minutes in ((service, 30), (gone, 15)):
        at = dt.datetime(2026, 7, 1, 9, tzinfo=dt.UTC)
        make.touchpoint(account=account, minutes=minutes, occurred_at=at)
    found = losses.net_losses(scope, "").rows
    assert [
        (one.value.account.name, one.result, one.cause, one.cause_amount, one.minutes)
        for one in found
    ] == [
        ("Service", Decimal(-100), "Service", Decimal("130.00"), 45),
        ("Goods", Decimal(-40), "Goods sold below cost", Decimal(30), 0),
    ]
    totals = losses.loss_totals(scope)
    assert (totals.accounts, totals.result, totals.customers) == (2, -140, 3)


def test_what_goes_below_the_line_is_a_figure_and_a_list(scope, client, manager):
    low, fine = make.account(name="Low"), make.account(name="Fine")
    make.membership(account=low, worth_class="never_profitable")
    make.membership(account=fine)
    for account, amount, kind in (
        (low, "30.00", "service"),
        (low, "10.00", "marketing"),
        (fine, "60.00", "service"),
    ):
        make.cost(account=account, amount=amount, kind=kind, on=SUMMER)
    below = losses.below_the_line(scope)
    assert (below.accounts, below.spent, below.part) == (1, 40, Decimal("0.4"))
    client.force_login(manager)
    shown = client.get(reverse("segments:loss_list"))
    assert "40 % of all" in shown.content.decode().replace("\u202f", " ")
    opened = client.get(f"{shown.context['below_url']}&kind=marketing")
    assert "Low" in opened.content.decode()
    assert "Fine" not in opened.content.decode()


def test_what_was_spread_and_taken_back_counts_nobody_below_the_line(
    scope, client, manager
):
    low, even = make.account(name="Low"), make.account(name="Even")
    for account in (low, even):
        make.membership(account=account, worth_class="never_profitable")
    make.cost(account=low, amount="30.00", kind="service", on=SUMMER)
    for amount in ("12.00", "-12.00"):
        make.cost(account=even, amount=amount, kind="service", on=SUMMER)
    below = losses.below_the_line(scope)
    assert (below.accounts, below.spent) == (1, 30)
    client.force_login(manager)
    shown = client.get(reverse("segments:loss_list"))
    opened = client.get(shown.context["below_url"]).content.decode()
    assert "Low" in opened
    assert "Even" not in opened


# -- Tenure ----------------------------------------------------------------------------


def test_cost_per_revenue_by_year_of_the_relationship(scope):
    for first_on, cost in ((dt.date(2026, 3, 1), "30.00"), (dt.date(2023, 3, 1), "5")):
        for _ in range(5):
            account = make.account()
            valued(account, first_on=first_on)
            make.order(account=account, on=SUMMER, lines=[(1, "100.00", "1")])
            make.cost(account=account, amount=cost, kind="service", on=SUMMER)
            make.cost(account=account, amount="999", kind="acquisition", on=SUMMER)
    found = tenure_of(scope)
    assert [(one.label, one.customers, one.ratio) for one in found.years] == [
        ("1", 5, Decimal("0.3")),
        ("4", 5, Decimal("0.05")),
    ]
    assert "cheaper in long relationships: 0.30 per 1" in found.sentence


def test_the_years_of_parts_sum_to_those_of_all(manager, scope):
    """What was merged counts for its survivor, what came back where it was sold."""
    food, steel = (make.account(industry=name) for name in ("Food", "Steel"))
    gone = make.account(merged_into=food, industry="Steel")
    for account, first_on in ((food, dt.date(2024, 3, 1)), (steel, SUMMER)):
        valued(account, first_on=first_on)
    for number, account in enumerate((food, steel, gone), 1):
        order = make.order(account=account, on=SUMMER, lines=[(number, "100.00", "1")])
        make.cost(account=account, amount=number, kind="service", on=SUMMER)
        OrderReturn.objects.create(
            line=order.lines.get(),
            account=account,
            returned_on=SUMMER,
            quantity=1,
            refund="10.00",
            cost_recovered="0.00",
        )
    parts = [Scope.read({"industry": one}, manager) for one in ("Food", "Steel")]
    found = [
        (one.year, one.customers, one.revenue, one.cost)
        for part in (*parts, scope)
        for one in tenure_of(part).years
    ]
    ours, theirs = (3, 1, 380, 4), (1, 1, 190, 2)
    assert found == [ours, theirs, theirs, ours]


def test_each_year_opens_its_customers(scope, client, manager):
    new, old = make.account(name="Newcomer"), make.account(name="Veteran")
    gone = make.account(name="Gone", merged_into=old)
    for account, first_on in ((new, dt.date(2026, 3, 1)), (old, dt.date(2010, 3, 1))):
        valued(account, first_on=first_on)
    make.order(account=new, on=SUMMER, lines=[(1, "100.00", "1")])
    make.order(account=gone, on=SUMMER, lines=[(1, "100.00", "1")])
    make.cost(account=old, amount="7", kind="service", on=dt.date(2024, 7, 1))
    client.force_login(manager)
    shown = client.get(reverse("segments:tenure")).context["found"].years
    assert [(one.label, one.customers) for one in shown] == [
        ("1", 1),
        ("10 and later", 1),
    ]
    for year, own, other in zip(
        shown, ("Newcomer", "Veteran"), ("Veteran", "Newcomer"), strict=True
    ):
        names = client.get(year.url).content.decode()
        assert own in names
        assert other not in names
    assert "year 10 or later of their relationship" in names


# -- Sources ---------------------------------------------------------------------------


def test_the_cost_of_sources_is_the_ledgers(scope):
    web, fair, prospect = (
        make.account(source="web"),
        make.account(source="trade_fair"),
        make.account(source="web", stage="prospect"),
    )
    valued(web, realised="100", expected_margin="200")
    valued(fair, realised="100", expected_margin="0")
    valued(prospect, first_on=None, realised="0", expected_margin="0")
    make.cost(account=web, amount="30.00", kind="acquisition", on=SUMMER)
    make.cost(account=web, amount="999.00", kind="service", on=SUMMER)
    make.cost(account=fair, amount="50.00", kind="onboarding", on=SUMMER)
    make.cost(account=prospect, amount="5.00", kind="acquisition", on=SUMMER)
    ledger.post_entry(
        actor=None, account=None, kind="acquisition", amount="7", incurred_on=SUMMER
    )
    found = sources_of(scope)
    assert [
        (one.label, one.customers, one.clv, one.cost, one.cost_open)
        for one in found.lines
    ] == [
        ("Website", 1, Decimal(300), Decimal(35), Decimal(5)),
        ("Trade fair", 1, Decimal(100), Decimal(50), Decimal(0)),
    ]
    posted = LedgerEntry.objects.filter(
        kind__in=["acquisition", "onboarding"], allocated_from=None
    )
    assert found.in_ledger == sum(one.amount for one in posted) == 92
    assert found.lines[1].ratio == Decimal(3)
    assert found.lines[0].why_no_marginal == "too few won: 0 and 0"


def test_the_next_one_spent_compares_two_years(scope):
    for on, n, each in ((SUMMER, 6, "20.00"), (dt.date(2025, 7, 1), 5, "10.00")):
        for _ in range(n):
            account = make.account(source="web")
            cost = Decimal(each)
            make.valuation(
                account=account,
                first_on=on,
                realised=100 - cost,
                margin=Decimal(100),
                expected_margin="0",
                cost_to_win=cost,
            )
            make.cost(account=account, amount=each, kind="acquisition", on=on)
    (web,) = sources_of(scope).lines
    # 600 against 500 of worth, for 120 against 50 of cost
    assert web.marginal == Decimal(100) / Decimal(70)


# -- Pages -----------------------------------------------------------------------------

PAGES = ["loss_list", "tenure", "source_list"]


@pytest.mark.parametrize("name", PAGES)
def test_pages_show_figures_export_them_and_keep_flat(
    scope, client, manager, name, assert_flat_queries
):
    client.force_login(manager)

    def grow():
        for source in ("web", "referral"):
            account = make.account(source=source)
            valued(account, margin="1", cost="5", first_on=dt.date(2026, 1, 1))
            make.order(account=account, on=SUMMER)
            make.cost(account=account, on=SUMMER, kind="acquisition")

    grow()
    address = reverse(f"segments:{name}")
    assert_flat_queries(lambda: client.get(address), grow)
    export = reverse(f"segments:{name.removesuffix('_list')}_export")
    lines = b"".join(client.get(export).streaming_content).decode().splitlines()
    assert len(lines) > 1


@pytest.mark.parametrize("name", PAGES)
def test_without_a_night_pages_say_what_to_do(client, manager, name):
    client.force_login(manager)
    address = reverse(f"segments:{name}")
    assert "Nothing is valued yet" in client.get(address).content.decode()
    wrong = client.get(address, {"class": "best"})
    assert "Mend the filter" in wrong.content.decode()


@pytest.mark.parametrize(
    "name", ["profit", "opportunity", "loss", "tenure", "source", "budget"]
)
def test_over_the_api_the_same_and_unreadable_filters_are_named(
    scope, client, manager, name
):
    account = make.account(source="web")
    valued(account, margin="1", cost="5", first_on=dt.date(2026, 1, 1))
    make.order(account=account, on=SUMMER)
    make.cost(account=account, on=SUMMER, amount="25.00", kind="acquisition")
    client.force_login(manager)
    address = reverse(f"api:{name}-list")
    found = client.get(address).json()
    told = {
        "profit": lambda: found["total"]["contribution"] == "15.00",
        "opportunity": lambda: found == [],
        "loss": lambda: found["rows"][0]["result"] == "-4.00",
        "tenure": lambda: found[0]["customers"] == 1,
        "source": lambda: found[0]["cost"] == "25.00",
        "budget": lambda: len(found) == 16,
    }
    assert told[name]()
    if name != "budget":
        wrong = client.get(address, {"class": "best"})
        assert wrong.status_code == 400
        assert "class" in str(wrong.json())


# -- Files -----------------------------------------------------------------------------

FILES = (
    *("segments:loss_export", "segments:tenure_export", "segments:source_export"),
    *("segments:opportunity_export", "segments:matrix_export"),
    *("segments:quality_export", "segments:targeting_export"),
    *("campaigns:experience_export", "campaigns:allocation_export"),
    *("campaigns:care_export", "campaigns:team_export"),
)


@pytest.mark.parametrize("name", FILES)
def test_no_file_is_written_for_a_filter_that_cannot_be_read(client, manager, name):
    """A wrong filter must not become a file of all customers."""
    make.run(as_of=AS_OF)
    valued(make.account(name="Losing"), margin="10", cost="90")
    client.force_login(manager)
    answer = client.get(reverse(name), {"owner": "0"})
    assert answer.status_code == 400
    assert answer.content.decode() == (
        "The filter cannot be read. Open the page: it says at which field."
    )
    assert client.get(reverse(name)).status_code == 200


def test_a_file_says_the_day_and_the_accounts_it_tells_of(client, manager):
    make.run(as_of=AS_OF)
    make.run(as_of=AS_OF + dt.timedelta(days=1))
    valued(make.account(name="Losing", industry="Food"), margin="10", cost="90")
    valued(make.account(name="Other"), margin="10", cost="95")
    client.force_login(manager)
    day = (AS_OF + dt.timedelta(days=1)).isoformat()
    answer = client.get(reverse("segments:loss_export"), {"industry": "Food"})
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert rows == [
        "Account,Revenue,Margin,Costs,Result,As of,Among",
        f"Losing,200.00,10.00,90.00,-80.00,{day},Industry Food",
    ]
    assert answer["Content-Disposition"] == f'attachment; filename="losses-{day}.csv"'
