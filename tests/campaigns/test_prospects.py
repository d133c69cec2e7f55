"""The list of prospects: order, arithmetic, filters, handing over, who sees what."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.urls import reverse

from clv.models import LikeGroup, ValuationRun
from clv.queries.prospects import ProspectFilter, ProspectList
from crm.choices import Stage
from crm.models import Account, AuditEvent, BulkEdit, Tag, Territory
from crm.services import tags
from tests import make

URL = reverse("campaigns:prospect_list")
EXPORT = reverse("campaigns:prospect_export")
BULK = reverse("campaigns:list_bulk", args=["prospects"])
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def like(run, code, *, worth="1000.00", won="100.00", industry="", **fields):
    chance = fields.get("chance_to_win", 0.5)
    defaults = {
        "customers": 48,
        "shared": 3,
        "margin_per_order": 50.0,
        "margin_doubt": 5.0,
        "pace": 1.0,
        "pace_doubt": 0.1,
        "mean_cost_to_win": float(won),
        "share_ordering_again": 0.71,
        "chance_to_win": chance,
        "prospects_seen": 200,
        "rank": Decimal(str(chance)) * Decimal(worth) - Decimal(won),
        "tenure_years": 3.14,
        "repeat_share": 0.71,
    }
    return LikeGroup.objects.create(
        run=run,
        trait_code=code,
        worth_once_won=Decimal(worth),
        cost_to_win=Decimal(won),
        industry=industry,
        **defaults | fields,
    )


def prospect(run, code, *, used="0.00", **fields):
    account = make.account(**{"stage": Stage.PROSPECT} | fields)
    make.valuation(
        account=account,
        run=run,
        realised=f"-{used}" if Decimal(used) else "0.00",
        cost_to_win=Decimal(used),
        margin=Decimal(0),
        expected_margin="1200.00",
        expected_cost="300.00",
        first_on=None,
        last_on=None,
        order_days=0,
        order_count=0,
        ladder_step="assumption",
        probability_alive=None,
        break_even="unknown",
        trait_code=code,
    )
    return account


@pytest.fixture
def firm(db, rep, colleague):
    """Four prospects in three groups and one customer."""
    run = make.run()
    for code, worth, industry in ((0, "900", ""), (1, "2000", "Care"), (2, "100", "")):
        like(run, code, worth=f"{worth}.00", industry=industry)
    north = Territory.objects.create(name="North")
    made = {
        "Alder": prospect(run, 1, name="Alder", owner=rep, industry="Care"),
        "Birch": prospect(
            run, 1, name="Birch", owner=colleague, used="950.00", source="web"
        ),
        "Cedar": prospect(
            run, 2, name="Cedar", owner=rep, used="20.00", territory=north
        ),
        "Dogwood": prospect(
            run, 0, name="Dogwood", owner=rep, last_contact_on=dt.date(2026, 1, 5)
        ),
    }
    make.valuation(account=make.account(name="Elm & Sons", owner=rep), run=run)
    return made


def names(response):
    return [one.account.name for one in response.context["page"]]


def by_name(response):
    return {one.account.name: one.prospect for one in response.context["page"]}


def listed(client, user, **query):
    client.force_login(user)
    return client.get(URL, query)


def test_the_most_promising_come_first(client, firm, manager):
    response = listed(client, manager)

    assert names(response) == ["Alder", "Birch", "Dogwood", "Cedar"]
    assert response.context["totals"].count == 4
    first = response.context["page"].rows[0].prospect
    assert first.like.rank == Decimal("900.00")  # 2000 x 50 % - 100
    assert "Elm &amp; Sons" not in response.text


def test_the_factors_tenure_and_like_customers_are_shown(client, firm, manager):
    text = listed(client, manager, search="Alder").text
    for said in ("2\u202f000 × 50\u202f% − 100", "3.1", "71\u202f%", "48"):
        assert said in text
    assert "same size and industry" in text


def test_pay_at_most_counts_what_was_used(client, firm, manager):
    rows = by_name(listed(client, manager))
    assert rows["Alder"].pay_at_most == Decimal("1000.00")
    assert rows["Birch"].pay_at_most == Decimal("50.00")
    assert rows["Cedar"].pay_at_most == Decimal("30.00")
    assert rows["Birch"].used == Decimal("950.00")


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("-gain", "ABDC"),
        ("gain", "CDAB"),
        ("-worth", "ABDC"),
        ("name", "ABCD"),
        ("-name", "DCBA"),
        ("-last_contact", "ABDC"),
        ("nonsense", "ABDC"),
    ],
)
def test_sorting(client, firm, manager, sort, order):
    found = names(listed(client, manager, sort=sort))
    assert "".join(name[0] for name in found) == order


@pytest.mark.parametrize("few", [10_000, 1])
@pytest.mark.parametrize(
    ("sort", "order"),
    [("-gain", "ABDC"), ("gain", "CDAB"), ("-worth", "ABDC"), ("name", "ABCD")],
)
def test_pages_neither_repeat_nor_skip(firm, manager, monkeypatch, few, sort, order):
    """Forwards and backwards, for a short list and for one that is walked."""
    monkeypatch.setattr("clv.queries.prospects.COUNTED_UP_TO", few)
    shown = ProspectList(
        user=manager,
        run=ValuationRun.objects.current(),
        wanted=ProspectFilter(sort=sort),
    )

    def read(cursor, way):
        pages = []
        while not pages or (cursor and len(pages) < 9):
            page = shown.page(cursor, size=1)
            pages.append((page, "".join(one.account.name[0] for one in page)))
            cursor = getattr(page, way)
        return pages

    forwards = read("", "next")
    assert "".join(names for _, names in forwards) == order
    assert not forwards[0][0].previous
    backwards = read(forwards[-1][0].previous, "previous")
    assert "".join(names for _, names in backwards) == order[-2::-1]
    assert "".join(one.account.name[0] for one in shown.every_row()) == order


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ({"search": "alder"}, "A"),
        ({"industry": "Care"}, "AB"),  # of like customers, as the night knew it
        ({"source": "web"}, "B"),
        ({"search": "nobody"}, ""),
    ],
)
def test_filters(client, firm, manager, query, order):
    found = names(listed(client, manager, **query))
    assert "".join(name[0] for name in found) == order


def test_filters_by_owner_and_territory(client, firm, manager, rep):
    assert names(listed(client, manager, owner=rep.pk)) == ["Alder", "Dogwood", "Cedar"]
    north = Territory.objects.get()
    assert names(listed(client, manager, territory=north.pk)) == ["Cedar"]


def test_a_rep_sees_the_own(client, firm, rep):
    response = listed(client, rep)
    assert names(response) == ["Alder", "Dogwood", "Cedar"]
    assert "Assign an owner" not in response.text


@pytest.mark.parametrize("cursor", ["", "nonsense", "WzFd"])
def test_many_accounts_are_walked_not_counted(
    client, firm, manager, monkeypatch, cursor
):
    monkeypatch.setattr("clv.queries.prospects.COUNTED_UP_TO", 2)
    monkeypatch.setattr("campaigns.queries.lists.base.COUNTED_UP_TO", 2)
    response = listed(client, manager, cursor=cursor)
    assert names(response) == ["Alder", "Birch", "Dogwood", "Cedar"]
    assert response.context["totals"].is_more


def test_a_walk_keeps_the_filters(client, firm, manager, rep, monkeypatch):
    monkeypatch.setattr("clv.queries.prospects.COUNTED_UP_TO", 0)
    assert names(listed(client, rep)) == ["Alder", "Dogwood", "Cedar"]
    assert names(listed(client, rep, owner=manager.pk)) == ["Alder", "Dogwood", "Cedar"]
    assert names(listed(client, manager, industry="Care")) == ["Alder", "Birch"]
    assert names(listed(client, manager, source="web")) == ["Birch"]
    firm["Alder"].merged_into = firm["Birch"]
    firm["Alder"].save()
    assert names(listed(client, manager)) == ["Birch", "Dogwood", "Cedar"]


def test_fragment_and_page(client, firm, manager):
    client.force_login(manager)
    assert "<html" in client.get(URL).text
    fragment = client.get(URL, headers=HTMX)
    assert "<html" not in fragment.text
    assert 'id="prospect-list"' in fragment.text


def test_queries_do_not_grow_with_rows(client, firm, manager, assert_flat_queries):
    client.force_login(manager)

    def grow():
        for _ in range(3):
            prospect(ValuationRun.objects.current(), 1, owner=manager)

    assert_flat_queries(lambda: client.get(URL), grow)


def test_before_the_first_night(client, manager, db):
    assert "Nothing is valued yet" in listed(client, manager).text


def test_a_firm_whose_accounts_all_ordered(client, manager, db):
    make.valuation(account=make.account())
    assert "No prospects" in listed(client, manager).text


# -- Like every list ----------------------------------------------------------------


def test_columns_tags_and_views_are_those_of_every_list(client, firm, manager):
    tags.set_tags(actor=manager, record=firm["Birch"], names=["VIP"])
    tag = Tag.objects.get()
    page = listed(client, manager, tag=tag.pk, columns="name,tags,chance,low")
    assert names(page) == ["Birch"]
    titles = [heading.column.title for heading in page.context["listing"].headings]
    assert titles == ["Name", "Tags", "Chance to win", "If won, from"]
    assert "VIP</a>" in page.text
    url = reverse("crm:view_create", args=["prospects"])
    answer = client.post(url, {"name": "Care", "query": "industry=Care", "back": URL})
    assert answer.url.startswith(f"{URL}?")
    assert names(client.get(answer.url)) == ["Alder", "Birch"]


def change(client, count, **given):
    given = {"action": "set_owner", "count": count, **given}
    return client.post(f"{BULK}?industry=Care", given)


def test_all_that_match_change_hands_and_come_back(client, firm, manager, colleague):
    client.force_login(manager)
    asked = client.post(
        f"{BULK}?industry=Care", {"scope": "all", "action": "set_owner"}
    )
    chosen = asked.context["chosen"]
    assert (chosen.count, [one.name for one in chosen.sample]) == (
        2,
        ["Alder", "Birch"],
    )
    answer = change(client, 2, scope="all", value=colleague.pk)
    assert answer.url.startswith(f"{URL}?industry=Care")
    firm["Alder"].refresh_from_db()
    assert firm["Alder"].owner == colleague
    client.post(reverse("campaigns:bulk_undo", args=[BulkEdit.objects.get().pk]))
    firm["Alder"].refresh_from_db()
    assert firm["Alder"].owner != colleague


def test_who_is_no_prospect_or_not_theirs_is_not_changed(client, firm, rep, manager):
    client.force_login(rep)
    given = {"action": "set_city", "chosen": [firm["Birch"].pk], "value": "Ulm"}
    change(client, 1, **given | {"action": "set_industry"})
    client.force_login(manager)
    customer = Account.objects.get(name="Elm & Sons")
    change(client, 1, action="set_industry", chosen=[customer.pk], value="Ports")
    assert not BulkEdit.objects.exists()
    assert not Account.objects.filter(industry="Ports").exists()


def test_a_cell_of_a_prospect_is_edited(client, firm, rep):
    client.force_login(rep)
    url = reverse("campaigns:list_cell", args=["prospects", firm["Cedar"].pk, "source"])
    assert client.post(url, {"value": "trade_fair", "version": 1}).status_code == 200
    firm["Cedar"].refresh_from_db()
    assert firm["Cedar"].source == "trade_fair"
    foreign = reverse(
        "campaigns:list_cell", args=["prospects", firm["Birch"].pk, "source"]
    )
    assert client.get(foreign).status_code == 404


# -- Export and API -----------------------------------------------------------------


def test_the_export_has_every_row_and_leaves_a_trace(client, firm, manager):
    client.force_login(manager)
    answer = client.post(f"{EXPORT}?industry=Care")
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [row["Name"] for row in rows] == ["Alder", "Birch"]
    assert rows[1]["Pay at most"] == "50.00"
    assert rows[0]["Like customers"] == "48"
    event = AuditEvent.objects.get(action="list.exported")
    assert (event.actor, event.detail["query"]) == (manager, "industry=Care")


def test_a_rep_exports_the_own(client, firm, rep):
    client.force_login(rep)
    text = b"".join(client.post(EXPORT).streaming_content).decode()
    assert "Birch" not in text
    assert "Alder" in text


def test_the_api_tells_the_same(client, firm, manager):
    client.force_login(manager)
    answer = client.get("/api/v1/prospects/", {"industry": "Care"})
    (row,) = answer.json()["results"]
    assert row["account"] == firm["Alder"].pk
    assert (row["rank"], row["pay_at_most"]) == ("900.00", "1000.00")
    assert (row["like_customers"], row["like_by"]) == (48, "same size and industry")


# -- With an open deal ----------------------------------------------------------------


def test_an_open_deal_brings_its_own_chance(client, firm, manager):
    make.deal(account=firm["Cedar"], stage=1)
    make.deal(account=firm["Dogwood"], stage=4)
    make.deal(account=firm["Birch"], stage=2, status="lost")
    rows = by_name(listed(client, manager))
    assert rows["Dogwood"].chance == pytest.approx(0.7)
    assert rows["Dogwood"].gain == Decimal("530.00")  # 900 x 70 % - 100
    assert rows["Dogwood"].pay_at_most == Decimal("630.00")
    assert rows["Cedar"].gain == Decimal("-90.00")  # 100 x 10 % - 100
    assert rows["Cedar"].pay_at_most == Decimal(0)  # 20 used of 10
    assert rows["Birch"].deal_chance is None
    assert "of its deal" in listed(client, manager).text
    make.deal(account=firm["Birch"], stage=3)
    make.deal(account=firm["Birch"], stage=1)
    found = by_name(listed(client, manager))
    assert found["Birch"].gain > found["Dogwood"].gain  # 45 % of 2000 - 100 = 800, 530
    assert list(found) == ["Alder", "Birch", "Dogwood", "Cedar"]
    api = client.get("/api/v1/prospects/", {"account": firm["Dogwood"].pk})
    (row,) = api.json()["results"]
    assert (row["rank"], row["pay_at_most"]) == ("530.00", "630.00")


def test_a_deal_moves_its_prospect_in_the_order(client, firm, manager):
    make.deal(account=firm["Alder"], stage=1)  # 10 % of 2000 - 100 = 100
    assert names(listed(client, manager)) == ["Birch", "Dogwood", "Alder", "Cedar"]
