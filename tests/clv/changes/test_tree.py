"""The value tree: every figure reconciles with what is stored, to the cent."""

from decimal import Decimal

import pytest
from django.urls import reverse

from clv.models import Valuation
from clv.services.tree import value_tree
from common.templatetags.display import cents
from tests import make
from tests.clv.changes.firm import TODAY, valued


def nodes(node):
    yield node
    for branch in node.branches:
        yield from nodes(branch)


def labels(node):
    return [one.label for one in nodes(node)]


@pytest.fixture
def run(accounts):
    return valued(TODAY)


def test_branches_sum_to_their_node_in_every_account(run):
    rows = list(Valuation.objects.of_run(run))
    assert {row.order_days > 0 for row in rows} == {True, False}
    for value in rows:
        tree = value_tree(value=value, run=run)
        assert tree.amount == value.clv
        assert [branch.amount for branch in tree.branches] == [
            value.realised_profit,
            value.future_value,
        ]
        for node in nodes(tree):
            if node.branches:
                assert sum(branch.amount for branch in node.branches) == node.amount
        assert ("To win" in labels(tree)) is (value.order_days == 0)
        assert {"Delivery", "Service"} <= set(labels(tree))


def test_factors_say_the_stored_amounts(run):
    value = Valuation.objects.of_run(run).filter(order_days__gt=3).first()
    tree = value_tree(value=value, run=run)
    words = {node.label: node.how for node in nodes(tree)}
    orders, price = words["Expected margin"].split("discounting ")[1].split(" × ")
    product = Decimal(orders) * Decimal(price.split(" an ")[0].replace("\u202f", ""))
    assert product == pytest.approx(value.expected_margin, rel=Decimal("0.01"))


def test_without_models_the_tree_ends_at_stored_figures(run):
    value = Valuation.objects.of_run(run).filter(order_days__gt=3).first()
    for spoilt in ({}, None):
        if spoilt is None:
            run.refresh_from_db()
            # Not what the value rests on.
            run.parameters["buying"]["parameters"]["alpha"] *= 2
        else:
            run.parameters = spoilt
        tree = value_tree(value=value, run=run)
        assert not tree.branches[1].branches[1].branches
        assert tree.amount == value.clv


def test_the_value_panel_shows_the_tree(client, manager, run):
    value = Valuation.objects.of_run(run).filter(order_days__gt=3).first()
    client.force_login(manager)
    url = reverse("clv:account_value", args=[value.account_id])
    page = client.get(url).content.decode()
    assert page.count('class="c-tree"') == 5
    for node in nodes(value_tree(value=value, run=run)):
        assert cents(node.amount) in page
    newcomer = make.account()
    empty = client.get(reverse("clv:account_value", args=[newcomer.pk]))
    assert "c-tree" not in empty.content.decode()
