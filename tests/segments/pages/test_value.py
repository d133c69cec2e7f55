import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from segments.models import ClassTotal
from segments.queries import changes, spread
from tests import make

EARLIER, TODAY = dt.date(2026, 11, 19), dt.date(2026, 11, 20)
URL = reverse("segments:value")
PAGES = ["segments:value", "segments:value_changes", "segments:value_week"]


def class_total(run, worth_class="general", **fields):
    numbers = dict.fromkeys(
        ["clv", "future_value", "customer_equity", "realised_profit"], Decimal(0)
    )
    numbers |= {"margin_year": Decimal(0), "cost_year": Decimal(0)}
    counts = {"accounts": 0, "customers": 0, "came": 0, "left": 0}
    return ClassTotal.objects.create(
        run=run, worth_class=worth_class, **numbers | counts | fields
    )


@pytest.fixture
def before(db):
    return make.run(as_of=EARLIER)


@pytest.fixture
def run(before):
    return make.run(as_of=TODAY)


def no_orders():
    return {"first_on": None, "last_on": None, "order_days": 0, "order_count": 0}


@pytest.mark.parametrize("name", PAGES)
def test_only_roles_of_the_whole_firm_may_look(client, rep, manager, marketer, name):
    url = reverse(name)
    assert client.get(url).status_code == 302
    client.force_login(rep)
    assert client.get(url).status_code == 403
    for user in (manager, marketer):
        client.force_login(user)
        assert client.get(url).status_code == 200


def test_without_a_run_it_says_what_to_do(client, manager):
    client.force_login(manager)
    assert "Nothing is valued yet" in client.get(URL).content.decode()


@pytest.mark.parametrize(
    ("role", "first", "then"),
    [
        ("manager", "Import accounts and orders", "To the runs"),
        ("marketer", "To the runs", "To the runs"),
    ],
)
def test_what_comes_first_is_the_first_account(client, db, role, first, then):
    client.force_login(make.user(role))
    for label in (first, then):
        text = client.get(URL).text
        main = text[text.index('id="main"') :]
        assert label in main
        assert ("Import accounts" in main) == (label != "To the runs")
        make.account()


def test_equity_and_its_change_come_from_the_totals(client, manager, before, run):
    class_total(before, customer_equity=Decimal("1000.00"))
    class_total(run, customer_equity=Decimal("700.00"))
    class_total(run, "current_key", customer_equity=Decimal("800.00"))
    client.force_login(manager)

    context = client.get(URL).context

    assert context["equity"] == Decimal("1500.00")
    assert context["equity_change"] == Decimal("500.00")
    assert context["before"] == EARLIER


def test_all_four_classes_have_a_tile_with_links(client, manager, run):
    class_total(run, "current_key", accounts=3, clv=Decimal("1234.00"), came=2, left=1)
    client.force_login(manager)

    response = client.get(URL)

    tiles = response.context["tiles"]
    assert [tile.accounts for tile in tiles] == [3, 0, 0, 0]
    page = response.content.decode()
    assert "?class=current_key" in page
    assert (
        f"{reverse('segments:class_detail', args=['current_key'])}#class-flow" in page
    )


def test_the_best_customers_come_first_with_their_class(client, manager, run):
    small, big = make.account(name="Small"), make.account(name="Big")
    make.valuation(account=small, run=run, realised="1.00")
    make.valuation(account=big, run=run, realised="5.00")
    make.valuation(account=make.account(), run=run, realised="9.00", **no_orders())
    make.membership(account=big, worth_class="potential_key", run=run)
    client.force_login(manager)

    top = client.get(URL).context["top"]

    assert [one.value.account.name for one in top] == ["Big", "Small"]
    assert [one.worth_class for one in top] == ["potential_key", None]


def test_a_past_day_shows_the_run_of_that_day(client, manager, before, run):
    class_total(before, customer_equity=Decimal("1000.00"))
    class_total(run, customer_equity=Decimal("1500.00"))
    client.force_login(manager)

    response = client.get(URL, {"as_of": "2026-11-19"})

    assert response.context["equity"] == Decimal("1000.00")
    page = response.content.decode()
    assert "You look at 19 Nov 2026" in page
    assert "?as_of=2026-11-19&amp;class=general" in page


def test_a_day_before_the_first_run_is_said_to_be_too_early(client, manager, run):
    client.force_login(manager)
    page = client.get(URL, {"as_of": "2020-01-01"}).content.decode()
    assert "No run that early" in page


def test_an_unreadable_day_is_an_error_at_its_field(client, manager, run):
    client.force_login(manager)
    response = client.get(URL, {"as_of": "yesterday"})
    assert response.status_code == 400
    assert "Write the day as year-month-day" in response.text
    assert "tiles" not in response.context


def test_the_curve_adds_up_clv_from_the_best_down(run):
    for realised in ["70.00", "40.00", "-10.00"]:
        make.valuation(
            account=make.account(), run=run, realised=realised, expected_margin="0.00"
        )
    make.valuation(account=make.account(), run=run, **no_orders())

    curve = spread.whale_curve(run)

    assert [(p.customers, str(p.clv)) for p in curve] == [
        (1, "70.00"),
        (2, "110.00"),
        (3, "100.00"),
    ]


def test_the_curve_has_at_most_a_hundred_points(run):
    for n in range(130):
        make.valuation(account=make.account(), run=run, realised=f"{n}.00")
    curve = spread.whale_curve(run)
    assert len(curve) == 100
    assert curve[-1].customers == 130


def test_bars_count_customers_between_the_edges(run):
    for expected in ["-5.00", "0.00", "99.99", "100.00", "350.00"]:
        make.valuation(
            account=make.account(),
            run=run,
            expected_margin=expected,
            future_low=Decimal(0),
            future_high=Decimal(1),
        )
    bars = [(b.low, b.high, b.customers) for b in spread.future_value_bars(run)]
    assert bars == [(None, 0, 1), (0, 100, 2), (100, 200, 1), (200, 500, 1)]


def test_the_parts_of_the_change_sum_to_it(before, run):
    rose, fell, first, gone = (make.account() for _ in range(4))
    for account, then, now in [(rose, "100.00", "130.00"), (fell, "80.00", "75.50")]:
        make.valuation(account=account, run=before, expected_margin=then)
        make.valuation(account=account, run=run, expected_margin=now)
    make.valuation(account=first, run=before, expected_margin="60.00", **no_orders())
    make.valuation(account=first, run=run, expected_margin="40.00")
    make.valuation(account=gone, run=before, expected_margin="9.00")

    change = changes.equity_change(run, before)

    assert (change.risen, change.risen_count) == (Decimal("30.00"), 1)
    assert (change.fallen, change.fallen_count) == (Decimal("-4.50"), 1)
    assert (change.first_orders, change.first_orders_count) == (Decimal("40.00"), 1)
    assert (change.gone, change.gone_count) == (Decimal("-9.00"), 1)
    assert change.total == Decimal("56.50")


def test_movers_are_named_with_their_change(client, manager, before, run):
    up, down = make.account(name="Upward"), make.account(name="Downward")
    still = make.account(name="Hardly moved")
    for account, then, now in [
        (up, "10.00", "50.00"),
        (down, "90.00", "20.00"),
        (still, "10.00", "10.99"),
    ]:
        make.valuation(account=account, run=before, realised=then)
        make.valuation(account=account, run=run, realised=now)
    make.membership(account=up, since=EARLIER, until=TODAY, run=before)
    make.membership(account=up, worth_class="current_key", since=TODAY, run=run)
    client.force_login(manager)

    response = client.get(reverse("segments:value_changes"))

    assert [m.name for m in response.context["risers"]] == ["Upward"]
    assert [str(m.change) for m in response.context["fallers"]] == ["-70.00"]
    counts = response.context["counts"]
    assert [(c.before, c.after, c.accounts) for c in counts] == [
        ("general", "current_key", 1)
    ]
    assert [m.name for m in response.context["moves"]] == ["Upward"]


def test_a_first_run_has_nothing_to_compare_with(client, manager, before):
    client.force_login(manager)
    page = client.get(reverse("segments:value_changes")).content.decode()
    assert "Nothing to compare with" in page


def test_one_account_is_enough_for_the_charts(client, manager, run):
    make.valuation(account=make.account(), run=run, realised="-500.00")
    make.valuation(account=make.account(), run=run, realised="-900.00")
    client.force_login(manager)
    page = client.get(reverse("segments:value_block", args=["spread"])).content.decode()
    assert "The best 1 of 2 customers holds" in page
    assert "as a table" in page


@pytest.mark.parametrize("name", PAGES)
def test_queries_do_not_grow_with_accounts(
    client, manager, before, run, assert_flat_queries, name
):
    client.force_login(manager)

    def add_accounts():
        for _ in range(3):
            account = make.account(owner=manager)
            make.valuation(account=account, run=before)
            make.valuation(account=account, run=run, realised="150.00")
            make.membership(account=account, since=EARLIER, until=TODAY, run=before)
            make.membership(
                account=account, worth_class="current_key", since=TODAY, run=run
            )

    add_accounts()
    assert_flat_queries(lambda: client.get(reverse(name)), add_accounts)
