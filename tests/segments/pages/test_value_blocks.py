"""The blocks of the value page, with much, little or nothing to tell."""

import csv
import datetime as dt
import io
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from segments.queries.blocks import BLOCKS
from segments.queries.scope import Scope
from segments.services import classes
from segments.views.blocks import SHOWN
from tests import make

BEFORE, NOW = dt.date(2026, 9, 30), dt.date(2026, 11, 20)
URL = reverse("segments:value")


def block(key):
    return reverse("segments:value_block", args=[key])


def export(key):
    return reverse("segments:value_export", args=[key])


def lines(response):
    text = b"".join(response.streaming_content).decode().lstrip("\ufeff")
    return list(csv.reader(io.StringIO(text)))


def value(account, run, *, expected="100.00", realised="50.00", won="2025-02-03"):
    make.valuation(
        account=account,
        run=run,
        realised=realised,
        expected_margin=expected,
        first_on=dt.date.fromisoformat(won),
        last_on=NOW,
        future_spread=5.0,
    )


@pytest.fixture
def firm(db, rep):
    """Two nights; six customers won in two quarters, three of them Food."""
    accounts = [
        make.account(
            name=f"Firm {n}",
            owner=rep if n % 2 else None,
            industry="Food" if n < 3 else "Steel",
            relationship_type="partner",
        )
        for n in range(6)
    ]
    runs = [make.run(as_of=day, metrics={}) for day in (BEFORE, NOW)]
    for run in runs:
        for n, account in enumerate(accounts):
            won = "2025-02-03" if n < 4 else "2025-08-05"
            value(account, run, expected=f"{n * 100 + run.pk % 7}.00", won=won)
    classes.classify(runs[-1])
    for n, account in enumerate(accounts):
        first = dt.date(2025, 2, 3) if n < 4 else dt.date(2025, 8, 5)
        make.order(account=account, on=first)
        if n in {0, 1, 4}:
            make.order(account=account, on=dt.date(2026, 2, 10))
        make.cost(account=account, on=first, kind="acquisition", amount="30.00")
        make.cost(account=account, on=dt.date(2026, 2, 1), kind="service")
    return runs


@pytest.fixture
def show(client, manager):
    def get(url, **query):
        client.force_login(manager)
        return client.get(url, query)

    return get


def test_only_roles_of_the_whole_firm_see_blocks(client, rep, marketer, firm):
    for key in SHOWN:
        client.force_login(rep)
        assert client.get(block(key)).status_code == 403
        client.force_login(marketer)
        assert client.get(block(key)).status_code == 200
    client.force_login(rep)
    assert client.get(export("cohorts")).status_code == 403


def test_there_is_no_other_block(show, firm):
    assert show(block("nonsense")).status_code == 404
    assert show(export("nonsense")).status_code == 404


def test_classes_sum_to_customer_equity_and_its_history(show, firm):
    context = show(URL).context
    assert sum(tile.equity for tile in context["tiles"]) == context["head"].equity
    assert context["equity"] == context["head"].equity
    assert context["head"].accounts == 6


def test_the_filter_narrows_every_figure_of_the_page(show, firm):
    context = show(URL, industry="Food").context
    assert context["head"].accounts == 3
    assert {one.value.account.industry for one in context["top"]} == {"Food"}
    assert context["head"].low < context["head"].equity < context["head"].high
    assert all("industry=Food" in tile.accounts_url for tile in context["tiles"])
    cohorts = show(block("cohorts"), industry="Food").context["cohorts"]
    assert cohorts.customers == 3
    why = show(reverse("segments:value_why"), industry="Food").text
    assert 'name="industry" value="Food"' in why


def test_a_cell_opens_exactly_the_names_that_it_counts(show, client, firm):
    maps = show(block("cohorts")).context["maps"]
    counted = 0
    for row in maps[0].rows:
        assert client.get(row.url).context["totals"].count == row.customers
        for cell in row.cells:
            if cell is None:
                continue
            named = client.get(cell.url).context["totals"].count
            assert cell.hint.startswith(f"{named} of {row.customers} ")
            counted += named
    assert counted == 6 + 3


def test_bars_open_exactly_the_names_that_they_count(show, client, firm):
    chart = show(block("spread")).context["future"]
    for url, count in zip(chart.urls, chart.series[0].values, strict=True):
        assert client.get(url).context["totals"].count == count


def test_a_period_keeps_its_quarters_and_nights(show, firm):
    given = {"from": "2026-01-01", "to": "2026-06-30"}
    quarters = show(block("balance"), **given).context["quarters"]
    assert [one.name for one in quarters] == ["Q1 2026", "Q2 2026"]
    assert len(lines(show(export("equity"), **{"from": "2026-10-01"}))) == 1 + 1
    why = show(reverse("segments:value_why"), **{"from": "2026-10-05"})
    assert why.context["comparison"].before == firm[0]


def test_a_ratio_is_said_with_its_counts(show, firm):
    quarters = {one.name: one for one in show(block("balance")).context["quarters"]}
    won, later = quarters["Q3 2025"], quarters["Q1 2026"]
    assert (won.won, won.win) == (2, Decimal("60.00"))
    assert won.ratio is None
    assert (later.kept, later.keep) == (3, Decimal("150.00"))
    assert later.win_each is None


def test_the_change_of_a_part_sums_exactly(show, firm):
    """Runs of tests have kept no models: then it is said that nothing can be split."""
    assert (
        "cannot be split" in show(reverse("segments:value_why"), industry="Food").text
    )


@pytest.mark.parametrize("key", BLOCKS)
def test_every_block_leaves_as_csv_and_over_the_api(show, client, firm, key, manager):
    given = {"relationship": "partner"}
    sheet = lines(show(export(key), **given))
    answer = client.get(f"/api/v1/value-blocks/{key}/", given).json()
    columns = list(BLOCKS[key].columns)
    assert answer["columns"] == columns
    assert sheet[0] == [*columns, "As of", "Among"]
    told = {tuple(line[len(columns) :]) for line in sheet[1:]}
    assert told == {(NOW.isoformat(), "Relationship Partner")}
    assert len(sheet) - 1 == len(answer["rows"]) > 0
    scope = Scope.read(given, manager)
    rows = BLOCKS[key].rows(scope)
    assert [[str(v) for v in row if v is not None] for row in rows] == [
        [str(v) for v in row if v is not None] for row in answer["rows"]
    ]
    assert answer["accounts"] == "Relationship Partner"


def test_the_api_names_blocks_and_refuses_what_it_cannot_read(client, manager, rep):
    client.force_login(manager)
    url = "/api/v1/value-blocks/"
    assert [one["key"] for one in client.get(url).json()] == list(BLOCKS)
    assert client.get(f"{url}cohorts/").json()["code"] == "nothing_valued_yet"
    make.run(as_of=NOW)
    assert client.get(f"{url}cohorts/", {"as_of": "soon"}).status_code == 400
    assert client.get(f"{url}cohorts/", {"colour": "red"}).status_code == 400
    assert client.get(f"{url}nonsense/").status_code == 404
    client.force_login(rep)
    assert client.get(f"{url}cohorts/").status_code == 403


# -- Little or nothing -----------------------------------------------------------------


@pytest.mark.parametrize("key", SHOWN)
def test_an_empty_firm_has_no_night_to_show(show, key):
    assert "Nothing to show" in show(block(key)).text
    assert show(export("whale")).status_code == 404


@pytest.mark.parametrize("key", SHOWN)
def test_a_night_without_customers_says_so(show, key, db):
    run = make.run(as_of=NOW, metrics={})
    classes.classify(run)
    page = show(block(key))
    assert page.status_code == 200
    said = {
        "balance": "No cost is known",
        "spread": "No customer yet",
        "cohorts": "No customer to follow",
        "retention": "No customer yet",
        "paybacks": "No customer yet",
    }
    assert said[key] in page.text
    assert "No customer" in show(URL).text


def test_one_account_and_one_night(show, db):
    run = make.run(as_of=NOW, metrics={})
    account = make.account(name="Only")
    value(account, run)
    classes.classify(run)
    make.order(account=account, on=dt.date(2025, 2, 3))
    page = show(URL)
    assert page.context["head"].customers == 1
    assert "first run" in page.text
    assert sum(tile.accounts > 0 for tile in page.context["tiles"]) == 1
    assert "needs two nights" in show(block("balance")).text
    maps = show(block("cohorts")).context["maps"]
    assert [row.customers for row in maps[0].rows] == [1]
    assert "too few to say much" in maps[0].rows[0].cells[0].hint
    assert "Too few to draw a curve" in show(block("retention")).text


def test_equity_below_zero_is_said(show, db):
    run = make.run(as_of=NOW, metrics={})
    make.valuation(
        account=make.account(),
        run=run,
        realised="10.00",
        expected_margin="-500.00",
        future_low=Decimal(-900),
        future_high=Decimal(-100),
    )
    classes.classify(run)
    page = show(URL)
    assert page.context["head"].equity == Decimal("-500.00")
    assert "Below zero" in page.text
    assert "hold" in show(block("spread")).text


def test_a_filter_that_matches_nobody_says_so(show, firm):
    page = show(URL, industry="Food", relationship="contract")
    assert "No account matches" in page.text
    for key in SHOWN:
        found = show(block(key), industry="Food", relationship="contract")
        assert found.status_code == 200


def test_a_day_before_the_first_night_has_nothing(show, firm):
    assert "No run that early" in show(URL, as_of="2026-01-01").text
    assert "Nothing to show" in show(block("cohorts"), as_of="2026-01-01").text
    assert show(export("cohorts"), as_of="2026-01-01").status_code == 404


def test_what_cannot_be_read_is_refused_for_files_too(show, firm):
    response = show(export("cohorts"), owner="nobody")
    assert response.status_code == 400
    assert "There is no “nobody” to choose" in response.text


def test_a_past_day_shows_what_was_known_then(show, firm):
    names = show(block("cohorts"), as_of=BEFORE.isoformat())
    assert names.context["cohorts"].counted == firm[0]
    page = show(URL, as_of="2026-10-15")
    assert page.context["scope"].run == firm[0]
    links = re.findall(r'href="(/accounts/\?[^"]+)"', page.text)
    assert links
    assert all("as_of=2026-10-15" in link for link in links)
