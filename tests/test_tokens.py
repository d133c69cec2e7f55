"""What the tests change for themselves: tokens of forms hold no words."""

import re

from django.urls import reverse


def test_tokens_of_pages_hold_no_word_that_a_test_could_miss(client, manager):
    client.force_login(manager)
    page = client.get(reverse("campaigns:account_list")).content.decode()
    tokens = re.findall(r"CSRFToken[^A-Za-z0-9]+([A-Za-z0-9]{64})", page)
    tokens += re.findall(r"csrfmiddlewaretoken\" value=\"([A-Za-z0-9]{64})", page)
    assert tokens
    assert set("".join(tokens)) <= set("QXqx")
