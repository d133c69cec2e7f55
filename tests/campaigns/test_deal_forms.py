"""Deals are begun in a form; what is wrong is said beside it."""

from decimal import Decimal

from django.urls import reverse

from crm.models import Deal, DealStage
from tests import make
from tests.campaigns.test_deals import rows, url


def test_a_deal_is_begun_with_its_lines(client, rep):
    account = make.account(owner=rep)
    product = make.product(list_price=Decimal(80), unit_cost=Decimal(50))
    client.force_login(rep)
    data = {
        "title": "Chairs",
        "stage": DealStage.objects.get(position=2).pk,
        **rows(
            {"product": product.pk, "quantity": "2"},
            {"text": "Delivery", "unit_price": "30", "unit_cost": "10"},
            {},
        ),
    }
    answer = client.post(
        f"{reverse('campaigns:deal_create')}?account={account.pk}", data
    )
    deal = Deal.objects.with_sums().get()
    assert answer.url == url("detail", deal)
    assert (deal.owner, deal.stage.position) == (rep, 2)
    assert (deal.revenue, deal.margin_known) == (Decimal(190), Decimal(80))


def test_a_line_without_price_is_said_beside_it(client, rep):
    account = make.account(owner=rep)
    client.force_login(rep)
    data = {"title": "Chairs", "stage": DealStage.objects.first().pk}
    answer = client.post(
        f"{reverse('campaigns:deal_create')}?account={account.pk}",
        data | rows({"text": "Delivery"}),
    )
    assert (answer.status_code, Deal.objects.count()) == (422, 0)
    assert "Give a price." in answer.text
