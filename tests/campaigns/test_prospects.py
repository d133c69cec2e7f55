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
from crm.models import AuditEvent, Territory
from tests import make

URL = reverse("campaigns:prospect_list")
EXPORT = reverse("campaigns:prospect_export")
ASSIGN = reverse("campaigns:prospect_assign")
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
    make.valuation(account=make.account(name="Elm", owner=rep), run=run)
    return made


def names(response):
    return [one.account.name for one in response.context["page"]]


def listed(client, user, **query):
    client.force_login(user)
    return client.get(URL, query)


def test_the_most_promising_come_first(client, firm, manager):
    response = listed(client, manager)

    assert names(response) == ["Alder", "Birch", "Dogwood", "Cedar"]
    assert response.context["count"] == 4
    first = response.context["page"].rows[0]
    assert first.like.rank == Decimal("900.00")  # 2000 x 50 % - 100
    assert "Elm" not in response.text


def test_the_factors_tenure_and_like_customers_are_shown(client, firm, manager):
    text = listed(client, manager, search="Alder").text
    for said in ("2\u202f000 × 50\u202f% − 100", "3.1 y", "71\u202f%", "48"):
        assert said in text
    assert "same size and industry" in text


def test_pay_at_most_counts_what_was_used(client, firm, manager):
    rows = {one.account.name: one for one in listed(client, manager).context["page"]}
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
    assert "Hand over" not in response.text


@pytest.mark.parametrize("cursor", ["", "nonsense", "WzFd"])
def test_many_accounts_are_walked_not_counted(
    client, firm, manager, monkeypatch, cursor
):
    monkeypatch.setattr("clv.queries.prospects.COUNTED_UP_TO", 2)
    response = listed(client, manager, cursor=cursor)
    assert names(response) == ["Alder", "Birch", "Dogwood", "Cedar"]
    assert response.context["count"] is None


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


# -- Handing over -------------------------------------------------------------------


def hand_over(client, user, accounts, owner):
    client.force_login(user)
    data = {"chosen": [one.pk for one in accounts], "new_owner": owner.pk}
    return client.post(f"{ASSIGN}?industry=Care", data)


def test_chosen_accounts_change_hands(client, firm, manager, rep, colleague):
    answer = hand_over(client, manager, [firm["Alder"], firm["Birch"]], colleague)

    assert answer.url == f"{URL}?industry=Care"
    firm["Alder"].refresh_from_db()
    assert firm["Alder"].owner == colleague
    changed = AuditEvent.objects.filter(action="account.changed")
    assert [event.subject_id for event in changed] == [firm["Alder"].pk]


def test_all_or_none_change_hands(client, firm, manager, colleague):
    gone = make.account(merged_into=firm["Alder"])
    hand_over(client, manager, [firm["Alder"], gone], colleague)
    firm["Alder"].refresh_from_db()
    assert firm["Alder"].owner != colleague
    assert not AuditEvent.objects.filter(action="account.changed").exists()


@pytest.mark.parametrize("role", ["rep", "marketer"])
def test_who_may_not_hand_over(client, firm, colleague, role, request):
    answer = hand_over(
        client, request.getfixturevalue(role), [firm["Alder"]], colleague
    )
    assert answer.status_code == 403
    firm["Alder"].refresh_from_db()
    assert firm["Alder"].owner != colleague


def test_nobody_chosen_changes_nothing(client, firm, manager, colleague):
    assert hand_over(client, manager, [], colleague).status_code == 302
    assert not AuditEvent.objects.exists()


# -- Export and API -----------------------------------------------------------------


def test_the_export_has_every_row_and_leaves_a_trace(client, firm, manager):
    client.force_login(manager)
    answer = client.post(f"{EXPORT}?industry=Care")
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [row["Name"] for row in rows] == ["Alder", "Birch"]
    assert rows[1]["Pay at most"] == "50.00"
    assert rows[0]["Like customers"] == "48"
    event = AuditEvent.objects.get(action="prospects.exported")
    assert (event.actor, event.detail["filter"]) == (manager, {"industry": "Care"})


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
    rows = {one.account.name: one for one in listed(client, manager).context["page"]}
    assert rows["Dogwood"].chance == pytest.approx(0.7)
    assert rows["Dogwood"].gain == Decimal("530.00")  # 900 x 70 % - 100
    assert rows["Dogwood"].pay_at_most == Decimal("630.00")
    assert rows["Cedar"].gain == Decimal("-90.00")  # 100 x 10 % - 100
    assert rows["Cedar"].pay_at_most == Decimal(0)  # 20 used of 10
    assert rows["Birch"].deal_chance is None
    assert "of its deal" in listed(client, manager).text
    make.deal(account=firm["Birch"], stage=3)
    make.deal(account=firm["Birch"], stage=1)
    found = {one.account.name: one for one in listed(client, manager).context["page"]}
    assert found["Birch"].gain > found["Dogwood"].gain  # 45 % of 2000 - 100 = 800, 530
    assert list(found) == ["Alder", "Birch", "Dogwood", "Cedar"]
    api = client.get("/api/v1/prospects/", {"account": firm["Dogwood"].pk})
    (row,) = api.json()["results"]
    assert (row["rank"], row["pay_at_most"]) == ("530.00", "630.00")


def test_a_deal_moves_its_prospect_in_the_order(client, firm, manager):
    make.deal(account=firm["Alder"], stage=1)  # 10 % of 2000 - 100 = 100
    assert names(listed(client, manager)) == ["Birch", "Dogwood", "Alder", "Cedar"]
