"""Contacts, products, orders, costs, touchpoints and events over the API."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from crm.models import (
    Contact,
    EventType,
    LedgerEntry,
    LifeEvent,
    Order,
    OrderReturn,
    Product,
    Touchpoint,
)
from tests import make

ROOT = "/api/v1/"


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def event(account):
    kind = EventType.objects.get(key="complaint")
    day = dt.date(2026, 1, 15)
    return LifeEvent.objects.create(account=account, type=kind, occurred_on=day)


OF_ACCOUNTS = {
    "contacts": lambda account: make.contact(account=account),
    "orders": lambda account: make.order(account=account),
    "ledger-entries": lambda account: make.cost(account=account),
    "touchpoints": lambda account: make.touchpoint(account=account),
    "events": event,
}


@pytest.mark.parametrize("name", OF_ACCOUNTS)
class TestRowsOfAccounts:
    def test_each_role_sees_exactly_its_rows(self, api, name, own, foreign, everybody):
        mine, theirs = OF_ACCOUNTS[name](own), OF_ACCOUNTS[name](foreign)
        seen = {
            role: ids(api(user).get(f"{ROOT}{name}/"))
            for role, user in everybody.items()
        }
        both = [theirs.pk, mine.pk]
        assert seen == {
            "rep": [mine.pk],
            "colleague": [theirs.pk],
            "manager": both,
            "marketer": both,
            "administrator": both,
        }

    def test_a_foreign_row_is_not_found(self, api, name, own, foreign, rep):
        mine, theirs = OF_ACCOUNTS[name](own), OF_ACCOUNTS[name](foreign)
        assert api(rep).get(f"{ROOT}{name}/{mine.pk}/").json()["id"] == mine.pk
        assert api(rep).get(f"{ROOT}{name}/{theirs.pk}/").status_code == 404

    def test_filtering_by_account(self, api, name, own, foreign, rep, manager):
        OF_ACCOUNTS[name](own)
        theirs = OF_ACCOUNTS[name](foreign)
        url = f"{ROOT}{name}/?account={foreign.pk}"
        assert ids(api(manager).get(url)) == [theirs.pk]
        assert ids(api(rep).get(url)) == []

    def test_lists_ask_no_more_for_more_rows(
        self, api, name, own, manager, assert_flat_queries
    ):
        OF_ACCOUNTS[name](own)
        client = api(manager)

        def add_rows():
            for _ in range(3):
                OF_ACCOUNTS[name](make.account())

        assert_flat_queries(lambda: client.get(f"{ROOT}{name}/"), add_rows)

    def test_nothing_is_deleted_or_replaced(self, api, name, own, administrator):
        row = OF_ACCOUNTS[name](own)
        for method in ("put", "delete"):
            call = getattr(api(administrator), method)
            assert call(f"{ROOT}{name}/{row.pk}/").status_code == 405
        assert type(row).objects.filter(pk=row.pk).exists()


BODIES = {
    "contacts": {"name": "Anna"},
    "orders": {
        "ordered_on": "2026-01-15",
        "external_id": "O-1",
        "lines": [{"quantity": "2", "unit_price": "10"}],
    },
    "ledger-entries": {
        "kind": "service",
        "amount": "12.50",
        "incurred_on": "2026-01-15",
    },
    "touchpoints": {"channel": "phone", "occurred_at": "2026-01-15T09:00:00Z"},
    "events": {"type": "complaint", "occurred_on": "2026-01-15"},
}


# Whoever posts costs sees every account, so there is no foreign one for them.
@pytest.mark.parametrize("name", sorted(set(BODIES) - {"ledger-entries"}))
def test_a_foreign_account_is_unknown_and_nothing_is_stored(
    api, name, foreign, rep, manager
):
    body = BODIES[name] | {"account": foreign.pk}
    answer = api(rep).post(f"{ROOT}{name}/", body)
    assert (answer.status_code, answer.json()) == (
        400,
        {"account": ["unknown account"]},
    )
    answer = api(rep).post(f"{ROOT}{name}/", body | {"account": 10**9})
    assert answer.json() == {"account": ["unknown account"]}
    assert ids(api(manager).get(f"{ROOT}{name}/")) == []


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("field", ["id", "created_by", "user", "version", "status"])
def test_unknown_fields_are_named(api, name, field, own, administrator):
    body = BODIES[name] | {"account": own.pk, field: 1}
    answer = api(administrator).post(f"{ROOT}{name}/", body)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert ids(api(administrator).get(f"{ROOT}{name}/")) == []


@pytest.mark.parametrize(
    ("name", "allowed"),
    {
        "contacts": "rep manager administrator",
        "orders": "rep manager administrator",
        "ledger-entries": "manager administrator",
        "touchpoints": "rep manager marketer administrator",
        "events": "rep manager marketer administrator",
    }.items(),
)
def test_who_may_write(api, name, allowed, own, everybody):
    for role in ("rep", "manager", "marketer", "administrator"):
        body = BODIES[name] | {"account": own.pk}
        if name == "orders":
            body["external_id"] = f"O-{role}"
        answer = api(everybody[role]).post(f"{ROOT}{name}/", body)
        expected = 201 if role in allowed.split() else 403
        assert answer.status_code == expected, (role, answer.content)


# -- Contacts ----------------------------------------------------------------------


def test_a_contact_stays_at_its_account(api, rep, own, foreign):
    contact = make.contact(account=own)
    for other in (foreign.pk, make.account(owner=rep).pk):
        answer = api(rep).patch(
            f"{ROOT}contacts/{contact.pk}/",
            {"account": other},
            headers={"If-Match": "*"},
        )
        assert (answer.status_code, list(answer.json())) == (400, ["account"])
    contact.refresh_from_db()
    assert contact.account == own


def test_a_contact_is_changed_under_its_version(api, rep, own):
    contact = make.contact(account=own)
    url, client = f"{ROOT}contacts/{contact.pk}/", api(rep)
    body = {"decision_role": "decider", "influence": 5, "socials": {"web": "anna"}}
    answer = client.patch(url, body, headers={"If-Match": client.get(url)["ETag"]})
    assert answer.status_code == 200
    assert {k: answer.json()[k] for k in body} == body
    answer = client.patch(url, {"influence": 6}, headers={"If-Match": "*"})
    assert (answer.status_code, list(answer.json())) == (400, ["influence"])
    assert Contact.objects.get().influence == 5


# -- Products ------------------------------------------------------------------------


def test_products_are_everybodys_to_read_and_administrators_to_write(
    api, rep, administrator
):
    answer = api(administrator).post(
        f"{ROOT}products/",
        {"sku": "P-1", "name": "Paper", "list_price": "4.50", "unit_cost": None},
    )
    assert (answer.status_code, answer.json()["list_price"]) == (201, "4.5000")
    url = f"{ROOT}products/{answer.json()['id']}/"
    assert api(rep).get(url).json()["unit_cost"] is None
    assert api(rep).post(f"{ROOT}products/", {"sku": "P-2"}).status_code == 403
    taken = api(administrator).post(f"{ROOT}products/", {"sku": "P-1", "name": "X"})
    assert (taken.status_code, "sku" in taken.json()) == (400, True)
    assert Product.objects.count() == 1


def test_a_product_upgrades_to_another_by_sku(api, administrator):
    old, new = make.product(sku="OLD"), make.product(sku="NEW")
    client, url = api(administrator), f"{ROOT}products/{old.pk}/"
    for sku, code in (("NEW", 200), ("OLD", 400), ("NONE", 400)):
        answer = client.patch(url, {"upgrade_to": sku}, headers={"If-Match": "*"})
        assert answer.status_code == code
    old.refresh_from_db()
    assert old.upgrade_to == new


# -- Orders --------------------------------------------------------------------------


def test_an_order_comes_with_lines_and_exact_amounts(api, rep, own):
    make.product(sku="A", unit_cost=Decimal("6.00"))
    lines = [
        {"sku": "A", "quantity": "2", "unit_price": "10", "discount": "1.50"},
        {"quantity": "0.333", "unit_price": "3"},
    ]
    body = BODIES["orders"] | {"account": own.pk, "lines": lines, "currency": "EUR"}
    answer = api(rep).post(f"{ROOT}orders/", body)
    assert answer.status_code == 201
    assert answer["ETag"] == f'"{answer.json()["id"]}-1"'
    amounts = [(row["revenue"], row["cost"]) for row in answer.json()["lines"]]
    assert amounts == [("18.50", "12.00"), ("1.00", None)]

    again = api(rep).post(f"{ROOT}orders/", body)
    assert again.json() == answer.json()
    other = api(rep).post(f"{ROOT}orders/", body | {"lines": lines[:1]})
    assert (other.status_code, other.json()["code"]) == (400, "already_exists")
    assert Order.objects.get().lines.count() == 2


def test_an_order_is_corrected_and_cancelled(api, rep, own):
    order = make.order(account=own)
    client, url = api(rep), f"{ROOT}orders/{order.pk}/"
    body = {"ordered_on": "2026-01-20"}
    assert client.patch(url, body).status_code == 428
    answer = client.patch(url, body, headers={"If-Match": client.get(url)["ETag"]})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    answer = client.patch(url, body, headers={"If-Match": f'"{order.pk}-1"'})
    assert answer.status_code == 412
    answer = client.post(f"{url}cancel/", {"reason": "typed twice"})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_goods_come_back_to_their_own_order_only(api, rep, own, foreign):
    mine, theirs = make.order(account=own), make.order(account=foreign)
    body = {"returned_on": "2026-02-01", "quantity": "1", "refund": "10.00"}
    line, other = mine.lines.get().pk, theirs.lines.get().pk
    client = api(rep)

    for order, named, code in (
        (mine.pk, other, 400),
        (theirs.pk, other, 404),
        (theirs.pk, line, 404),
    ):
        answer = client.post(f"{ROOT}orders/{order}/returns/", body | {"line": named})
        assert answer.status_code == code
    assert OrderReturn.objects.exists() is False

    answer = client.post(f"{ROOT}orders/{mine.pk}/returns/", body | {"line": line})
    assert (answer.status_code, answer.json()["refund"]) == (201, "10.00")
    shown = client.get(f"{ROOT}orders/{mine.pk}/").json()["lines"][0]["returns"]
    assert shown == [answer.json()]
    too_much = body | {"line": line, "quantity": "10"}
    answer = client.post(f"{ROOT}orders/{mine.pk}/returns/", too_much)
    assert (answer.status_code, list(answer.json())) == (400, ["code", "quantity"])


# -- Costs ---------------------------------------------------------------------------


def test_a_cost_is_posted_once_and_reversed_once(api, manager, own):
    body = BODIES["ledger-entries"] | {"account": own.pk, "external_id": "V-1"}
    client = api(manager)
    first = client.post(f"{ROOT}ledger-entries/", body).json()
    again = client.post(f"{ROOT}ledger-entries/", body)
    assert (again.status_code, again.json()["id"]) == (201, first["id"])
    other = client.post(f"{ROOT}ledger-entries/", body | {"amount": "13"})
    assert (other.status_code, other.json()["code"]) == (400, "already_exists")

    url = f"{ROOT}ledger-entries/{first['id']}/"
    assert client.patch(url, {"amount": "1"}).status_code == 405
    reversal = client.post(f"{url}reversal/", {"reason": "wrong account"})
    assert (reversal.status_code, reversal.json()["amount"]) == (201, "-12.50")
    assert client.get(url).json()["reversed_by"] == reversal.json()["id"]
    twice = client.post(f"{url}reversal/", {"reason": "again"})
    assert (twice.status_code, twice.json()["code"]) == (400, "already_reversed")
    assert LedgerEntry.objects.count() == 2


def test_a_shared_cost_has_no_account(api, manager, rep):
    answer = api(manager).post(f"{ROOT}ledger-entries/", BODIES["ledger-entries"])
    assert (answer.status_code, answer.json()["account"]) == (201, None)
    assert ids(api(rep).get(f"{ROOT}ledger-entries/")) == []


# -- Touchpoints and events ------------------------------------------------------------


def test_minutes_become_a_cost_once_and_undo_takes_it_back(api, rep, own):
    rep.hourly_cost = Decimal("60.00")
    rep.save()
    contact = make.contact(account=own)
    body = BODIES["touchpoints"] | {
        "account": own.pk,
        "contact": contact.pk,
        "minutes": 12,
        "rating_people": 4,
        "follow_up": {"title": "Send offer", "due_on": "2027-01-15"},
        "idempotency_key": str(uuid.uuid4()),
    }
    client = api(rep)
    answer = client.post(f"{ROOT}touchpoints/", body)
    assert answer.status_code == 201, answer.content
    assert (answer.json()["source"], answer.json()["rating_people"]) == ("api", 4)
    assert client.post(f"{ROOT}touchpoints/", body).json() == answer.json()
    assert LedgerEntry.objects.get().amount == Decimal("12.00")

    url = f"{ROOT}touchpoints/{answer.json()['id']}/undo/"
    assert client.post(url).json()["voided_at"] is not None
    assert sum(e.amount for e in LedgerEntry.objects.all()) == 0
    assert own.tasks.get().status == "cancelled"


def test_a_foreign_contact_is_unknown(api, rep, own, foreign):
    stranger = make.contact(account=foreign)
    for name in ("touchpoints", "events"):
        body = BODIES[name] | {"account": own.pk, "contact": stranger.pk}
        answer = api(rep).post(f"{ROOT}{name}/", body)
        assert answer.json() == {"contact": ["unknown contact"]}
    assert Touchpoint.objects.exists() is LifeEvent.objects.exists() is False


def test_an_event_of_a_source_is_stored_once(api, rep, own):
    body = BODIES["events"] | {"account": own.pk, "external_id": "E-1"}
    client = api(rep)
    first = client.post(f"{ROOT}events/", body)
    assert (first.status_code, first.json()["type"]) == (201, "complaint")
    assert client.post(f"{ROOT}events/", body).json() == first.json()
    answer = client.post(f"{ROOT}events/", body | {"type": "no-such"})
    assert answer.json() == {"type": ["unknown type"]}
    assert LifeEvent.objects.count() == 1


def test_event_types_are_listed(api, rep):
    keys = [r["key"] for r in api(rep).get(f"{ROOT}event-types/").json()["results"]]
    assert len(keys) == EventType.objects.count() > 0
    assert api(rep).post(f"{ROOT}event-types/", {}).status_code == 403
