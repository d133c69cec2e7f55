"""What holds for every question of the bank; one firm serves all of them."""

from campaigns.queries.questions.registry import QUESTIONS
from crm.models import Account
from tests import make

KEYS = [one.key for one in QUESTIONS]


def test_the_seven_and_at_least_fifteen_more_can_be_asked():
    numbered = [one.number for one in QUESTIONS if one.number]
    assert sorted(numbered) == [f"Q{n}" for n in range(1, 8)]
    assert len(QUESTIONS) - len(numbered) >= 15
    assert len(set(KEYS)) == len(KEYS)


def test_answered_in_a_small_firm_and_by_a_rep_for_their_own(
    firm, client, rep, manager, today
):
    for user in (manager, rep):
        client.force_login(user)
        for key in KEYS:
            page = client.get(f"/questions/{key}/")
            assert page.status_code == 200, key
            is_said = "your own accounts" in page.content.decode()
            assert is_said == (user == rep), key
            export = client.get(f"/questions/{key}/export.csv")
            assert export.status_code == 200, key
            list(export.streaming_content)


def test_answered_without_any_data(client, manager):
    make.product(name="Never bought")
    make.product(name="Nor this")
    client.force_login(manager)
    for key in KEYS:
        page = client.get(f"/questions/{key}/")
        assert page.status_code == 200, key
        assert 'class="p-verdict"' in page.content.decode(), key
        assert "None" not in page.context["answer"].sentence, key


def test_the_names_behind_are_no_more_than_one_may_see(firm, names, rep):
    everybody = set(Account.objects.values_list("name", flat=True))
    for key in KEYS:
        assert names(key, user=rep) <= {"Ann", "Bob"}, key
        assert names(key) <= everybody, key
