"""What holds for every question of the bank."""

import pytest

from campaigns.queries.questions.registry import QUESTIONS
from crm.models import Account
from tests import make

KEYS = [one.key for one in QUESTIONS]


def test_the_seven_and_at_least_fifteen_more_can_be_asked():
    numbered = [one.number for one in QUESTIONS if one.number]
    assert sorted(numbered) == [f"Q{n}" for n in range(1, 8)]
    assert len(QUESTIONS) - len(numbered) >= 15
    assert len(set(KEYS)) == len(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_answered_in_a_small_firm_and_by_a_rep_for_their_own(
    firm, client, rep, manager, today, key
):
    for user in (manager, rep):
        client.force_login(user)
        page = client.get(f"/questions/{key}/")
        assert page.status_code == 200
        assert ("your own accounts" in page.content.decode()) == (user == rep)
        export = client.get(f"/questions/{key}/export.csv")
        assert export.status_code == 200
        list(export.streaming_content)


@pytest.mark.parametrize("key", KEYS)
def test_answered_without_any_data(client, manager, key):
    make.product(name="Never bought")
    make.product(name="Nor this")
    client.force_login(manager)
    page = client.get(f"/questions/{key}/")
    assert page.status_code == 200
    assert 'class="p-verdict"' in page.content.decode()
    assert "None" not in page.context["answer"].sentence


@pytest.mark.parametrize("key", KEYS)
def test_the_names_behind_are_no_more_than_one_may_see(firm, names, rep, key):
    mine = {"Ann", "Bob"}
    assert names(key, user=rep) <= mine
    assert names(key) <= set(Account.objects.values_list("name", flat=True))
