"""Today before there is anything to do: one step that comes first."""

import pytest
from django.urls import reverse

from tests import make

URL = reverse("campaigns:today")


def shown(client, user):
    client.force_login(user)
    return client.get(URL)


@pytest.mark.parametrize(
    ("role", "title", "link"),
    [
        ("rep", "There is no account yet", "crm:account_create"),
        ("manager", "Begin with your customers", "crm:import_list"),
        ("marketer", "There is no account yet", None),
        ("administrator", "Begin with your customers", "crm:import_list"),
    ],
)
def test_an_empty_firm_is_led_to_its_first_step(client, db, role, title, link):
    page = shown(client, make.user(role)).text

    main = page[page.index('id="main"') :]
    assert main.count("c-empty__title") == 1
    assert title in main
    assert "Nothing to send" not in main
    links = [reverse("crm:account_create"), reverse("crm:import_list")]
    offered = [one for one in links if f'href="{one}"' in main]
    assert offered == ([reverse(link)] if link else [])


def test_a_rep_without_accounts_learns_how_to_get_some(client, rep, colleague):
    make.account(owner=colleague)

    page = shown(client, rep).text

    assert "You own no account yet" in page
    assert "Nothing needs you today" not in page
