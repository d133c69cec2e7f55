"""Two people edit one record: disjoint changes merge, the same field is asked about."""

import re

import pytest
from django.urls import reverse

from crm.models import Account, Contact, Deal
from crm.services import accounts, contacts, deals
from tests import make


@pytest.fixture
def account(rep):
    made = make.account(owner=rep, name="Kontor Nord", city="Bremen", phone="1")
    return Account.objects.get(pk=made.pk)


@pytest.fixture
def signed_in(client, rep):
    client.force_login(rep)
    return client


def opened(client, url):
    """Return what the form at `url` would submit if nothing were changed."""
    return submitted(client.get(url).context["form"])


def submitted(form):
    values = {bound.name: bound.value() for bound in form}
    return {name: "" if value is None else value for name, value in values.items()}


def test_fields_that_only_one_changed_merge(signed_in, account, manager):
    url = reverse("crm:account_edit", args=[account.pk])
    mine = opened(signed_in, url) | {"city": "Kiel"}
    accounts.change_account(actor=manager, account=account, phone="2", note="Call")

    answer = signed_in.post(url, mine, follow=True)

    stored = Account.objects.get()
    assert (stored.city, stored.phone, stored.note) == ("Kiel", "2", "Call")
    assert stored.version == mine["version"] + 2
    kept = "Mia Manager had changed this meanwhile, and that was kept"
    said = [str(one) for one in answer.context["messages"]]
    assert said == [f"{kept}: Phone “2”, Note “Call”."]


def conflict(signed_in, account, manager):
    url = reverse("crm:account_edit", args=[account.pk])
    mine = opened(signed_in, url) | {"city": "Kiel", "name": "Nordkontor"}
    accounts.change_account(actor=manager, account=account, city="Lübeck", phone="2")
    answer = signed_in.post(url, mine)
    assert answer.status_code == 409
    stored = Account.objects.get()
    assert (stored.city, stored.name) == ("Lübeck", "Kontor Nord")
    return url, answer


def test_the_same_field_shows_both_and_loses_nothing(signed_in, account, manager):
    _, answer = conflict(signed_in, account, manager)
    page = answer.content.decode()
    assert "City: now “Lübeck”" in page
    assert "Mine, as it stands below: “Kiel”" in page
    assert "Mia Manager changed this record" in page
    assert re.findall(r'name="(keep-\w+)" value="mine"', page) == ["keep-city"]
    again = submitted(answer.context["form"])
    said = [again[name] for name in ("city", "name", "phone")]
    assert said == ["Kiel", "Nordkontor", "2"]


@pytest.mark.parametrize(("choice", "city"), [("mine", "Kiel"), ("theirs", "Lübeck")])
def test_what_is_chosen_is_stored(signed_in, account, manager, choice, city):
    url, answer = conflict(signed_in, account, manager)
    again = submitted(answer.context["form"]) | {"keep-city": choice}
    assert signed_in.post(url, again).status_code == 302
    stored = Account.objects.get()
    assert (stored.city, stored.name, stored.phone) == (city, "Nordkontor", "2")


def test_a_third_change_after_the_choice_is_asked_about_too(
    signed_in, account, manager
):
    url, answer = conflict(signed_in, account, manager)
    accounts.change_account(actor=manager, account=account, city="Rostock")
    again = submitted(answer.context["form"]) | {"keep-city": "mine"}
    answer = signed_in.post(url, again)
    assert answer.status_code == 409
    assert "City: now “Rostock”" in answer.content.decode()
    assert Account.objects.get().city == "Rostock"


def test_a_base_that_is_no_base_merges_nothing(signed_in, account, manager):
    url = reverse("crm:account_edit", args=[account.pk])
    for base in ("", "[]", "{", '{"values": 1}'):
        mine = opened(signed_in, url) | {"phone": "3", "base": base}
        accounts.change_account(actor=manager, account=account, city=f"City {base}")
        assert signed_in.post(url, mine).status_code == 409
    assert Account.objects.get().phone == "1"


def test_people_merge_and_conflict_likewise(signed_in, account, manager):
    anna = Contact.objects.get(pk=make.contact(account=account, name="Anna").pk)
    url = reverse("crm:contact_edit", args=[anna.pk])
    mine = opened(signed_in, url) | {"title": "Buyer"}
    contacts.change_contact(actor=manager, contact=anna, phone="7", do_not_contact=True)
    del mine["do_not_contact"]  # as a browser sends a box without its tick
    assert signed_in.post(url, mine).status_code == 302
    anna.refresh_from_db()
    assert (anna.title, anna.phone, anna.do_not_contact) == ("Buyer", "7", True)

    mine = opened(signed_in, url) | {"title": "Head"}
    contacts.change_contact(actor=manager, contact=anna, title="Chief")
    answer = signed_in.post(url, mine)
    assert answer.status_code == 409
    assert "Job title: now “Chief”" in answer.content.decode()
    again = submitted(answer.context["form"]) | {"keep-title": "theirs"}
    assert signed_in.post(url, again).status_code == 302
    anna.refresh_from_db()
    assert (anna.title, anna.do_not_contact) == ("Chief", True)


def test_deals_merge_unless_their_lines_changed(signed_in, account, manager):
    deal = Deal.objects.get(pk=make.deal(account=account, title="Shelves").pk)
    url = reverse("campaigns:deal_edit", args=[deal.pk])
    rows = {"line-TOTAL_FORMS": 0, "line-INITIAL_FORMS": 0}
    mine = opened(signed_in, url) | rows | {"note": "Mine"}
    deals.change_deal(actor=manager, deal=deal, title="Racks")
    assert signed_in.post(url, mine).status_code == 302
    deal.refresh_from_db()
    assert (deal.title, deal.note) == ("Racks", "Mine")
