"""The plan's line on the tile of a class."""

import pytest
from django.urls import reverse

from campaigns.services.plans import ensure_plans
from tests import make


def url(key):
    return reverse("campaigns:class_plan_name", args=[key])


def test_a_class_without_a_plan_carries_a_warning(client, manager):
    client.force_login(manager)
    assert "No plan" in client.get(url("general")).content.decode()


def test_a_class_with_a_plan_names_it(client, manager):
    ensure_plans()
    client.force_login(manager)
    page = client.get(url("general")).content.decode()
    assert "No plan" not in page
    assert reverse("campaigns:plan_detail", args=["general"]) in page


@pytest.mark.parametrize("key", ["platinum", "GENERAL"])
def test_an_unknown_class_is_not_found(client, manager, key):
    client.force_login(manager)
    assert client.get(url(key)).status_code == 404


def test_the_dashboard_asks_for_it_on_each_tile(client, manager):
    make.run()
    client.force_login(manager)
    page = client.get(reverse("segments:value")).content.decode()
    assert page.count("_plan-name/") == 4
