"""Setting classes by hand on an account's page, the list of them, and in bulk."""

import datetime as dt

import pytest
from django.urls import reverse

from common.clock import business_today
from segments.models import ClassingRequest, Override
from tests import make

LIST = reverse("segments:override_list")
BULK = reverse("campaigns:list_bulk", args=["accounts"])


@pytest.fixture
def account(db, rep):
    make.class_policy()
    account = make.account(name="Hafen Süd", owner=rep)
    run = make.run(as_of=business_today())
    make.valuation(account=account, run=run, margin_year="0", expected_margin="5")
    make.membership(account=account, since=business_today(), run=run)
    return account


def given(**changes):
    return {
        "worth_class": "current_key",
        "reason": "Merger ahead",
        "expires_on": business_today().isoformat(),
        "begin": "night",
        "seen": "0",
        **changes,
    }


def url(account, name="override_edit"):
    return reverse(f"segments:{name}", args=[account.pk])


def test_a_manager_sets_changes_and_ends_it(client, manager, account):
    client.force_login(manager)
    assert "The rule says: General" in client.get(url(account)).content.decode()

    assert client.post(url(account), given()).status_code == 302
    panel = client.get(reverse("segments:account_class", args=[account.pk]))
    assert "It counts from the coming night on." in panel.content.decode()
    badge = client.get(reverse("segments:account_header", args=[account.pk]))
    assert "by hand until" in badge.content.decode()

    again = client.post(url(account), given(worth_class="general"))
    assert again.status_code == 409  # somebody set one since the form was opened
    changed = given(worth_class="general", seen="1", begin="now")
    assert client.post(url(account), changed).status_code == 302
    assert Override.objects.open().get().worth_class == "general"
    assert ClassingRequest.objects.count() == 1

    done = client.post(
        url(account, "override_end"), {"reason": "Off", "seen": "1", "begin": "night"}
    )
    assert done.status_code == 302
    assert not Override.objects.open().exists()


def test_what_is_wrong_is_said_at_its_field(client, manager, account):
    client.force_login(manager)
    past = business_today() - dt.timedelta(days=1)
    answer = client.post(url(account), given(expires_on=past.isoformat()))
    assert answer.status_code == 422
    assert "expires_on" in answer.context["form"].errors
    assert not Override.objects.exists()


def test_a_rep_sees_own_ones_and_sets_none(client, rep, manager, account):
    foreign = make.account(name="Elsewhere")
    for one in (account, foreign):
        Override.objects.create(
            account=one,
            worth_class="current_key",
            reason="Promised",
            expires_on=business_today(),
            author=manager,
        )
    client.force_login(rep)
    rows = client.get(LIST).context["rows"]
    assert [row.override.account.name for row in rows] == ["Hafen Süd"]
    assert rows[0].verdict.worth_class == "general"
    assert client.post(url(account), given()).status_code == 403


def test_the_list_says_who_why_until_and_those_that_ended(client, manager, account):
    client.force_login(manager)
    assert "No class is set by hand" in client.get(LIST).content.decode()
    client.post(url(account), given())
    text = client.get(LIST).content.decode()
    assert "Merger ahead" in text
    assert "Mia Manager" in text
    client.post(url(account, "override_end"), {"seen": "1", "reason": "Over"})
    assert "Over" in client.get(LIST, {"ended": "1"}).content.decode()


def test_many_are_set_from_the_list_of_accounts(client, manager, account):
    client.force_login(manager)
    other = make.account()
    chosen = {"action": "set_class", "chosen": [account.pk, other.pk]}
    assert client.post(BULK, chosen).status_code == 200
    sure = chosen | given() | {"count": "2"}
    assert client.post(BULK, sure | {"count": "3"}).status_code == 302
    assert not Override.objects.exists()
    assert client.post(BULK, sure).status_code == 302
    assert Override.objects.open().count() == 2


def test_queries_do_not_grow_with_overrides(
    client, manager, account, assert_flat_queries
):
    client.force_login(manager)

    def grow():
        for _ in range(3):
            Override.objects.create(
                account=make.account(),
                worth_class="general",
                reason="Many",
                expires_on=business_today(),
                author=manager,
            )

    grow()
    assert_flat_queries(lambda: client.get(LIST), grow)
