"""The rows of a list over the API."""

import pytest

from crm.models import Account
from tests import make

ROOT = "/api/v1/lists/"


@pytest.fixture
def firm(rep, colleague):
    run = make.run()
    for name, city, owner, clv in (
        ("Alder", "Kiel", rep, "900.00"),
        ("Birch", "Kiel", rep, "300.00"),
        ("Cedar", "Bonn", rep, "500.00"),
        ("Dogwood", "Kiel", colleague, "700.00"),
    ):
        account = make.account(name=name, city=city, owner=owner)
        make.valuation(account=account, run=run, realised=clv, expected_margin="0.00")


def names(answer):
    return [row["values"]["name"] for row in answer.json()["rows"]]


def test_the_lists_tell_what_their_addresses_may_say(api, rep):
    told = {one["key"]: one for one in api(rep).get(ROOT).json()}
    assert {"accounts", "prospects", "contacts", "tasks"} <= set(told)
    accounts = told["accounts"]
    assert {"key": "clv", "title": "CLV"} in accounts["columns"]
    assert {"city", "lifecycle"} <= {one["key"] for one in accounts["filters"]}
    assert "last_contact" in accounts["sorts"]
    # A rep is offered nothing about whose an account is: all are theirs.
    assert "owner" not in {one["key"] for one in accounts["columns"]}


def test_the_query_of_a_page_gives_its_rows(api, rep, firm):
    query = "?city=Kiel&sort=-clv&columns=name,clv,last_order"
    answer = api(rep).get(f"{ROOT}accounts/{query}")
    assert names(answer) == ["Alder", "Birch"]
    first = answer.json()["rows"][0]
    assert first["id"] == Account.objects.get(name="Alder").pk
    assert first["values"] == {
        "name": "Alder",
        "clv": "900.00",
        "last_order": "2026-01-15",
    }
    assert (answer.json()["count"], answer.json()["has_more"]) == (2, False)


def test_pages_follow_one_another(api, manager, firm):
    seen, cursor = [], ""
    while len(seen) < 9:
        more = f"&cursor={cursor}" if cursor else ""
        answer = api(manager).get(f"{ROOT}accounts/?sort=-clv&page_size=3{more}")
        seen += names(answer)
        cursor = answer.json()["next"]
        if not cursor:
            break
    assert seen == ["Alder", "Dogwood", "Cedar", "Birch"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=nonsense", "sort"),
        ("columns=name,nonsense", "columns"),
        ("stage=nonsense", "stage"),
        ("page_size=201", "page_size"),
        ("among=nothing", "among"),
        ("password=x", "password"),
    ],
)
def test_what_cannot_be_read_is_named(api, manager, firm, query, field):
    answer = api(manager).get(f"{ROOT}accounts/?{query}")
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_there_is_no_other_list(api, manager):
    assert api(manager).get(f"{ROOT}secrets/").status_code == 404


def test_whoever_sees_all_sees_owners(api, manager, firm):
    answer = api(manager).get(f"{ROOT}accounts/?columns=name,owner&sort=name")
    assert answer.json()["rows"][0]["values"]["owner"] == "Rita Rep"
