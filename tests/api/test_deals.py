"""Deals over the API: begun, moved, won with their order, lost; who may."""

from decimal import Decimal

import pytest

from crm.models import Deal, Order
from tests import make

URL = "/api/v1/deals/"


@pytest.fixture
def own(rep):
    return make.account(owner=rep)


def begin(client, account, **more):
    data = {"account": account.pk, "title": "Chairs"} | more
    return client.post(URL, data, content_type="application/json")


def test_a_deal_goes_its_way(client, rep, own):
    client.force_login(rep)
    product = make.product(sku="CHAIR", unit_cost=Decimal(50))
    lines = [{"sku": product.sku, "quantity": "2", "unit_price": "80"}]
    made = begin(client, own, lines=lines)
    assert made.status_code == 201
    deal = made.json()
    assert (deal["stage"], deal["status"], deal["owner"]) == (
        "Enquiry",
        "open",
        rep.email,
    )
    assert deal["lines"][0]["cost"] == "100.00"
    url = f"{URL}{deal['id']}/"

    def act(name, **data):
        return client.post(f"{url}{name}/", data, content_type="application/json")

    assert act("move", stage="Negotiation").json()["stage"] == "Negotiation"
    assert act("move", stage="Nowhere").status_code == 400
    assert act("lose").status_code == 400
    assert act("lose", reason="Price").json()["loss_reason"] == "Price"
    assert act("reopen").json()["status"] == "open"
    assert act("win", competitor="Rival").json()["status"] == "won"
    ordered = act("order", ordered_on=own.created_at.date().isoformat()).json()
    assert ordered["order"] == Order.objects.get().pk


def test_a_change_needs_the_version(client, rep, own):
    client.force_login(rep)
    made = begin(client, own)
    url = f"{URL}{made.json()['id']}/"
    data = {"title": "Tables"}
    assert client.patch(url, data, content_type="application/json").status_code == 428
    good = client.patch(
        url, data, content_type="application/json", headers={"If-Match": made["ETag"]}
    )
    assert good.json()["title"] == "Tables"


def test_colleagues_accounts_are_unknown(client, rep, colleague):
    client.force_login(rep)
    foreign = make.deal(account=make.account(owner=colleague))
    assert begin(client, foreign.account).status_code == 400
    assert client.get(f"{URL}{foreign.pk}/").status_code == 404
    assert client.get(URL).json()["results"] == []
    assert Deal.objects.count() == 1


def test_a_marketer_reads_only(client, marketer, own):
    client.force_login(marketer)
    assert client.get(URL).status_code == 200
    assert begin(client, own).status_code == 403


def test_chances_are_those_of_the_pages(client, rep):
    make.deal(stage=1, status="won")
    client.force_login(rep)
    rows = {
        row["name"]: row
        for row in client.get("/api/v1/deal-chances/").json()["results"]
    }
    assert rows["Enquiry"]["won"] == 1
    assert rows["Enquiry"]["chance"] == pytest.approx(2 / 11)
