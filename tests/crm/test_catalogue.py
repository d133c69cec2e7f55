"""The catalogue: products, what goes with what, who has it."""

import pytest
from django.urls import reverse

from common.clock import business_today
from crm import policy
from crm.errors import CannotSaveProductError
from crm.models import Complement, Product
from crm.queries.catalogue import bought_together, owners, owning_accounts
from crm.services import products
from tests import make

TODAY = business_today()


def buy(account, *bought):
    for product in bought:
        order = make.order(account=account, on=TODAY)
        order.lines.update(product=product)


def test_lift_is_both_times_all_by_one_times_other(db, monkeypatch):
    """10 of 20 accounts buy nails, 8 hammers, 6 both: 6 x 20 / (10 x 8) = 1.5."""
    monkeypatch.setattr(policy, "FEWEST_BUYING_BOTH", 6)
    nails, hammer, other = make.product(), make.product(), make.product()
    accounts = [make.account() for _ in range(20)]
    for account in accounts[:10]:
        buy(account, nails)
    for account in accounts[4:12]:
        buy(account, hammer)
    for account in accounts[12:]:
        buy(account, other)
    (row,) = bought_together(nails)
    assert (row.other, row.both, row.one_count, row.other_count, row.accounts) == (
        hammer,
        6,
        10,
        8,
        20,
    )
    assert row.lift == 1.5
    nails.complements.add(hammer)
    assert bought_together(nails) == []
    monkeypatch.setattr(policy, "FEWEST_BUYING_BOTH", 7)
    nails.complements.clear()
    assert bought_together(nails) == []


def test_links_hold_both_ways_and_keep_their_reason(administrator):
    one, other = make.product(), make.product()
    link = {"actor": administrator, "product": one, "other": other}
    products.link_products(**link, reason="Old")
    products.link_products(**link, reason="New")
    rows = Complement.objects.order_by("from_product_id")
    assert [(row.from_product, row.reason) for row in rows] == [
        (one, "New"),
        (other, "New"),
    ]
    products.unlink_products(actor=administrator, product=other, other=one)
    assert not Complement.objects.exists()
    with pytest.raises(CannotSaveProductError):
        products.unlink_products(actor=administrator, product=other, other=one)


def test_impossible_links_change_nothing(administrator):
    better = make.product()
    one = make.product(upgrade_to=better)
    for other in (one, better):
        with pytest.raises(CannotSaveProductError):
            products.link_products(actor=administrator, product=one, other=other)
    assert not Complement.objects.exists()


def test_who_has_it_is_what_the_reader_may_see(rep, manager):
    product = make.product()
    mine, foreign = make.account(owner=rep), make.account()
    buy(mine, product, product)
    order = make.order(account=mine, on=TODAY.replace(year=TODAY.year - 1))
    order.lines.update(product=product)
    buy(foreign, product)
    mine.holdings.create(product=product, quantity=1, acquired_on=TODAY)
    found = owners(product, manager)
    assert (found.bought, found.bought_again, found.have_now) == (2, 1, 1)
    assert owners(product, rep).bought == 1
    assert [row.has_now for row in owning_accounts(product, rep)] == [True]


def test_an_administrator_keeps_the_catalogue(client, administrator, manager):
    client.force_login(administrator)
    fields = {"sku": "P-1", "name": "Örtliche “Nägel”", "list_price": "3.5"}
    path = reverse("crm:product_create")
    assert client.post(path, fields | {"list_price": "-1"}).status_code == 422
    assert client.post(path, fields | {"is_active": "on"}).status_code == 302
    made = Product.objects.get(sku="P-1")
    assert client.post(path, fields).status_code == 422
    path = reverse("crm:product_edit", args=[made.pk])
    stale = fields | {"version": made.version + 1}
    assert client.post(path, stale).status_code == 409
    assert client.post(path, fields | {"version": made.version}).status_code == 302
    made.refresh_from_db()
    assert not made.is_active
    client.force_login(manager)
    other = make.product()
    path = reverse("crm:product_link", args=[made.pk])
    client.post(path, {"other": other.pk, "reason": "Both are needed"})
    page = client.get(reverse("crm:product_detail", args=[made.pk])).content.decode()
    assert "Both are needed" in page
    assert "Retired" in page


def test_lists_open_in_part_and_stay_flat(client, rep, assert_flat_queries):
    client.force_login(rep)
    product = make.product(name="Nails", category="Iron")
    detail = reverse("crm:product_detail", args=[product.pk])
    listed = reverse("crm:product_list")

    def grow():
        for _ in range(3):
            buy(make.account(owner=rep), product)
            product.complements.add(make.product())

    grow()
    for path in (detail, listed):
        assert_flat_queries(lambda path=path: client.get(path), grow)
        part = client.get(path, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part
    page = client.get(listed, {"search": "nai", "category": "Iron"}).content.decode()
    assert "Nails" in page
    together = reverse("crm:product_together", args=[product.pk])
    assert "often enough" in client.get(together).content.decode()
