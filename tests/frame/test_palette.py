"""The palette finds what one may open, the best first, and prefills what it creates."""

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from common.clock import business_today
from crm.models import Task
from segments.services import gut
from tests import make

URL = reverse("palette")


@pytest.fixture
def firm(db, rep, colleague):
    """Three accounts that begin alike; the one worth most is a colleague's."""
    run = make.run()
    made = {}
    for name, owner, clv in (
        ("Müller Bau", rep, "100.00"),
        ("Mullerhof", rep, "900.00"),
        ("Möbel Müller", colleague, "5000.00"),
    ):
        made[name] = make.account(name=name, owner=owner)
        make.valuation(
            account=made[name], run=run, realised=clv, expected_margin="0.00"
        )
    make.membership(account=made["Mullerhof"], worth_class="current_key")
    make.contact(account=made["Müller Bau"], name="Jörg Muller", email="j@b.example")
    make.contact(account=made["Möbel Müller"], name="Mulla Noor")
    return made


def found(client, user, typed):
    client.force_login(user)
    answer = client.get(URL, {"q": typed})
    assert answer.status_code == 200
    return {
        section.title: [line.hit.title for line in section.lines]
        for section in answer.context["sections"]
    }


def test_a_rep_finds_their_own_by_prefix_whatever_accent(client, rep, firm):
    assert found(client, rep, "müll") == {
        "Accounts": ["Mullerhof", "Müller Bau"],
        "People": ["Jörg Muller"],
    }


def test_a_manager_finds_all_that_begin_so_first(client, manager, firm):
    assert found(client, manager, "MULL")["Accounts"] == [
        "Mullerhof",
        "Müller Bau",
        "Möbel Müller",
    ]


def test_a_task_is_found_and_made(client, rep, colleague, firm):
    account = firm["Müller Bau"]
    for owner, title, status in (
        (rep, "Send Müßig the offer", "open"),
        (rep, "Send müssig the bill", "cancelled"),
        (colleague, "Send Müßig a card", "open"),
    ):
        Task.objects.create(
            account=account,
            owner=owner,
            title=title,
            status=status,
            due_on=business_today(),
        )
    assert found(client, rep, "mussig send")["Tasks"] == ["Send Müßig the offer"]
    page = client.get(URL, {"q": "new task call Ann"}).text
    assert f'href="{reverse("crm:task_new")}?title=call+Ann"' in page


def test_what_an_account_is_worth_stands_beside_it(client, rep, firm):
    client.force_login(rep)
    page = client.get(URL, {"q": "mullerhof"}).content.decode()
    assert "c-class--current_key" in page
    assert "900" in strip_tags(page)


def test_a_new_account_is_prefilled_with_the_words_behind_the_command(client, rep):
    client.force_login(rep)
    sections = client.get(URL, {"q": "new acc O'Brien & Söhne"}).context["sections"]
    (line,) = sections[0].lines
    assert line.hit.title == "New account: O'Brien & Söhne"
    form = client.get(line.hit.url)
    assert form.context["form"]["name"].value() == "O'Brien & Söhne"


def test_nobody_is_offered_what_they_may_not_open(client, rep, administrator):
    assert "Runs" not in str(found(client, rep, "runs"))
    assert found(client, administrator, "runs")["Go and do"][0] == "Runs"
    assert "sign" not in str(found(client, rep, "new person"))


def test_without_words_it_shows_what_one_worked_on_last(client, rep, firm):
    make.touchpoint(account=firm["Mullerhof"], user=rep)
    make.touchpoint(account=firm["Müller Bau"], user=rep)
    sections = found(client, rep, "")
    assert sections["Accounts"] == ["Müller Bau", "Mullerhof"]
    assert "Today" in sections["Go and do"]


def test_products_and_deals_are_found_too(client, rep, colleague, firm):
    make.product(name="Müllsäcke 60 l")
    make.deal(account=firm["Mullerhof"], title="Big machine")
    make.deal(account=firm["Möbel Müller"], title="Big desk")
    sections = found(client, rep, "mull")
    assert sections["Products"] == ["Müllsäcke 60 l"]
    assert sections["Deals"] == ["Big machine"]
    assert found(client, rep, "big")["Deals"] == ["Big machine"]


def test_what_is_not_there_is_said(client, rep, firm):
    client.force_login(rep)
    page = client.get(URL, {"q": "<b>zzz</b>"}).content.decode()
    assert "Nothing begins with “&lt;b&gt;zzz&lt;/b&gt;”" in page


def test_it_asks_the_database_little(client, manager, firm, assert_flat_queries):
    client.force_login(manager)
    assert_flat_queries(
        lambda: client.get(URL, {"q": "mu"}),
        lambda: make.account(name="Mumm & Co", owner=None),
    )


def test_over_the_naming_page_nobody_sees_what_accounts_are_worth(client, rep, firm):
    client.force_login(rep)
    naming = {"HX-Current-URL": f"http://testserver{reverse('segments:gut')}?q=mull"}
    answer = client.get(URL, {"q": "mull"}, headers=naming)
    page = answer.content.decode()
    (accounts,) = (s for s in answer.context["sections"] if s.title == "Accounts")
    assert {line.hit.title for line in accounts.lines} == {"Müller Bau", "Mullerhof"}
    assert "c-class--" not in page
    assert "900" not in strip_tags(page)  # an address may hold it

    gut.name_account(actor=rep, account=firm["Müller Bau"])
    gut.submit(actor=rep)
    again = client.get(URL, {"q": "mullerhof"}, headers=naming).content.decode()
    assert "c-class--current_key" in again
