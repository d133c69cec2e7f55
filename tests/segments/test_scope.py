import datetime as dt

import pytest

from clv.models import ValuationRun
from crm.models import Holding, OrderLine, Product, Territory
from segments.queries.scope import Scope
from tests import make

EARLIER, TODAY = dt.date(2026, 11, 10), dt.date(2026, 11, 20)


@pytest.fixture
def nights(db):
    return make.run(as_of=EARLIER), make.run(as_of=TODAY)


def names(scope):
    return sorted(scope.accounts().values_list("name", flat=True))


def test_nothing_said_is_the_latest_night_of_all_accounts(manager, nights):
    make.account(name="A")
    scope = Scope.read({}, manager)
    assert scope.is_ready
    assert scope.is_whole_firm
    assert scope.run == nights[1]
    assert names(scope) == ["A"]
    assert (scope.period.since, scope.period.until) == (dt.date(2025, 11, 21), TODAY)
    assert scope.query() == ""


def test_any_past_day_has_the_night_that_counted_on_it(manager, nights):
    scope = Scope.read({"as_of": "2026-11-15"}, manager)
    assert scope.run == nights[0]
    assert scope.is_past
    assert scope.day == dt.date(2026, 11, 15)


def test_a_day_before_the_first_night_has_no_run_and_is_told(manager, nights):
    scope = Scope.read({"as_of": "2026-11-01"}, manager)
    assert scope.run is None
    assert scope.is_before_all
    assert not scope.is_ready
    assert not scope.values().exists()


def test_an_empty_firm_is_not_before_its_first_night(manager):
    assert not Scope.read({"as_of": "2020-01-01"}, manager).is_before_all


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"as_of": "yesterday"}, "as_of"),
        ({"as_of": "2999-01-01"}, "as_of"),
        ({"from": "2026-05-05", "to": "2026-05-04"}, "to"),
        ({"as_of": "2026-11-10", "to": "2026-11-11"}, "to"),
        ({"class": "royal"}, "class"),
        ({"owner": "0"}, "owner"),
        ({"territory": "x"}, "territory"),
        ({"industry": "Alchemy"}, "industry"),
        ({"product": "99999999"}, "product"),
        ({"relationship": "enemy"}, "relationship"),
    ],
)
def test_what_cannot_be_read_is_an_error_at_its_field(manager, nights, given, field):
    scope = Scope.read(given, manager)
    assert list(scope.form.errors) == [field]
    assert not scope.is_ready


def test_each_filter_keeps_the_accounts_that_fit(manager, rep, nights):
    territory = Territory.objects.create(name="North")
    wanted = make.account(
        name="Wanted",
        owner=rep,
        territory=territory,
        industry="Food",
        relationship_type="partner",
    )
    make.account(name="Other", industry="Steel", relationship_type="contract")
    make.membership(account=wanted, worth_class="general", since=EARLIER)
    for given in (
        {"owner": rep.pk},
        {"territory": territory.pk},
        {"industry": "Food"},
        {"relationship": "partner"},
        {"class": "general"},
    ):
        assert names(Scope.read(given, manager)) == ["Wanted"], given
    given = {"industry": "Food", "relationship": "contract"}
    assert names(Scope.read(given, manager)) == []


def test_a_product_counts_whether_bought_or_held_by_the_day(manager, nights):
    product = make.product()
    bought, held = make.account(name="Bought"), make.account(name="Held")
    late = make.account(name="Late")
    for account, on in ((bought, EARLIER), (late, TODAY)):
        order = make.order(account=account, on=on)
        OrderLine.objects.filter(order=order).update(product=product)
    Holding.objects.create(
        account=held, product=product, quantity=1, acquired_on=EARLIER
    )
    make.account(name="Neither")
    swallowed = make.account(name="Swallowed", merged_into=held)
    for name, account in (("Again", swallowed), ("Other", make.account(name="Heir"))):
        twin = make.account(name=name, merged_into=account)
        order = make.order(account=twin, on=TODAY)
        OrderLine.objects.filter(order=order).update(product=product)
    assert names(Scope.read({"product": product.pk}, manager)) == [
        "Bought",
        "Heir",
        "Held",
        "Late",
    ]
    past = Scope.read({"product": product.pk, "as_of": str(EARLIER)}, manager)
    assert names(past) == ["Bought", "Held"]


def test_a_rep_sees_own_accounts_and_cannot_ask_for_others(rep, colleague, nights):
    make.account(name="Mine", owner=rep, industry="Food")
    make.account(
        name="Theirs",
        owner=colleague,
        industry="Steel",
        territory=Territory.objects.create(name="South"),
    )
    scope = Scope.read({}, rep)
    assert names(scope) == ["Mine"]
    assert not scope.is_whole_firm
    assert "owner" not in scope.form.fields
    assert not scope.form.fields["territory"].queryset.exists()
    assert "Steel" not in str(scope.form["industry"])
    assert "own accounts" in str(Scope.read({"owner": colleague.pk}, rep).form.errors)
    assert Scope.read({"industry": "Steel"}, rep).form.errors


def test_links_keep_what_is_set_and_take_away_one_at_a_time(manager, nights):
    given = {"class": "general", "from": "2026-01-01", "as_of": "2026-11-15"}
    scope = Scope.read(given, manager)
    assert scope.query() == "?as_of=2026-11-15&from=2026-01-01&class=general"
    assert scope.query(**{"class": None, "since": "x"}) == (
        "?as_of=2026-11-15&from=2026-01-01&since=x"
    )
    assert [chip.text for chip in scope.chips] == [
        "15 Nov 2026",
        "1 Jan 2026",
        "General",
    ]
    assert scope.chips[2].without == "?as_of=2026-11-15&from=2026-01-01"
    assert scope.list_url() == "/accounts/?as_of=2026-11-15&class=general"


def test_the_statement_for_reports_selects_the_same_accounts(manager, nights):
    account = make.account(name="It's", industry="O'Hara & 100 %")
    scope = Scope.read({"industry": "O'Hara & 100 %"}, manager)
    sql, params = scope.accounts_sql()
    rows = ValuationRun.objects.raw(
        f"SELECT id FROM crm_account WHERE id IN ({sql})", params
    )
    assert [row.pk for row in rows] == [account.pk]
    make.valuation(account=account, run=nights[1])
    make.valuation(account=make.account(), run=nights[1])
    assert [one.account_id for one in scope.values()] == [account.pk]


def test_of_many_products_the_bar_draws_the_first_and_the_chosen_one(
    client, manager, nights
):
    products = Product.objects.bulk_create(
        Product(sku=f"S{n:03}", name=f"Product {n:03}") for n in range(60)
    )
    scope = Scope.read({"product": str(products[59].pk)}, manager)
    drawn = str(scope.form["product"])
    assert drawn.count("<option") == 52  # all, the first fifty, and the last
    assert f'value="{products[59].pk}" selected' in drawn
    assert "Product 050" not in drawn
    assert [chip.text for chip in scope.chips] == ["Product 059"]

    client.force_login(manager)
    for words in ("uct 055", "s055"):
        found = client.get("/api/v1/products/", {"search": words}).json()
        assert [one["id"] for one in found["results"]] == [products[55].pk]
