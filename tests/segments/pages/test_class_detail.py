import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from segments.models import Membership
from tests import make
from tests.segments.pages.test_value import class_total

EARLIER, TODAY = dt.date(2026, 11, 19), dt.date(2026, 11, 20)
URL = reverse("segments:class_detail", args=["current_key"])
FLOW = reverse("segments:class_flow", args=["current_key"])


@pytest.fixture
def before(db):
    return make.run(as_of=EARLIER)


@pytest.fixture
def run(before):
    return make.run(as_of=TODAY)


def member(run, *, worth_class="current_key", realised="100.00", **fields):
    account = make.account(**fields)
    make.valuation(account=account, run=run, realised=realised)
    make.membership(account=account, worth_class=worth_class, run=run)
    return account


def names(context):
    return [one.value.account.name for one in context["members"]]


def test_members_stand_in_order_of_clv_with_their_reason(client, manager, run):
    member(run, name="Small", realised="10.00")
    member(run, name="Big", realised="90.00")
    member(run, name="Elsewhere", worth_class="general")
    client.force_login(manager)

    response = client.get(URL)

    assert names(response.context) == ["Big", "Small"]
    assert "For the test" in response.content.decode()


def test_a_rep_sees_own_members_and_no_totals_of_the_firm(client, rep, run):
    member(run, name="Mine", owner=rep)
    member(run, name="Foreign")
    class_total(run, "current_key", clv=Decimal("98765.00"))
    client.force_login(rep)

    response = client.get(URL)

    assert names(response.context) == ["Mine"]
    assert "98\u202f765" not in response.content.decode()
    assert "Foreign" not in response.content.decode()


def test_who_came_and_left_is_named(client, manager, before, run):
    came, left, new = (make.account(name=n) for n in ("Comer", "Leaver", "Newcomer"))
    for account, was, now in [
        (came, "general", "current_key"),
        (left, "current_key", "general"),
    ]:
        make.membership(
            account=account, worth_class=was, since=EARLIER, until=TODAY, run=before
        )
        make.membership(account=account, worth_class=now, since=TODAY, run=run)
    make.membership(account=new, worth_class="current_key", since=TODAY, run=run)
    client.force_login(manager)

    context = client.get(FLOW).context

    assert [one.name for one in context["came"]] == ["Comer", "Newcomer"]
    assert [one.was for one in context["came"]] == ["general", None]
    assert [one.name for one in context["left"]] == ["Leaver"]
    assert (context["flow"].came, context["flow"].left) == (2, 1)


def test_the_first_run_has_nobody_come(client, manager, before):
    member(before, name="First")
    Membership.objects.update(since=EARLIER)
    client.force_login(manager)

    assert names(client.get(URL).context) == ["First"]
    assert "Nothing to compare with" in client.get(FLOW).content.decode()


def test_a_past_day_shows_the_members_of_that_day(client, manager, before, run):
    account = make.account(name="Once key")
    make.valuation(account=account, run=before)
    make.valuation(account=account, run=run)
    make.membership(
        account=account,
        worth_class="current_key",
        since=EARLIER,
        until=TODAY,
        run=before,
    )
    client.force_login(manager)

    assert names(client.get(URL).context) == []
    assert names(client.get(URL, {"as_of": "2026-11-19"}).context) == ["Once key"]


def test_pages_follow_one_another(client, manager, run):
    for n in range(53):
        member(run, realised=f"{n}.00")
    client.force_login(manager)

    first = client.get(URL).context
    second = client.get(URL, {"cursor": first["page"].next}).context

    assert (len(first["members"]), len(second["members"])) == (50, 3)
    assert set(names(first)).isdisjoint(names(second))


def test_htmx_gets_only_the_members(client, manager, run):
    member(run, name="Big")
    client.force_login(manager)
    page = client.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert 'id="class-members"' in page
    assert "<html" not in page


def test_an_unknown_class_is_not_found(client, manager):
    client.force_login(manager)
    url = reverse("segments:class_detail", args=["golden"])
    assert client.get(url).status_code == 404


def test_before_the_first_run_it_says_what_to_do(client, manager):
    client.force_login(manager)
    assert "Nobody is classed yet" in client.get(URL).content.decode()


def test_a_stranger_is_sent_to_sign_in(client, db):
    assert client.get(URL).status_code == 302


def test_queries_do_not_grow_with_members(client, manager, run, assert_flat_queries):
    client.force_login(manager)

    def add_members():
        for _ in range(3):
            member(run, owner=manager)

    add_members()
    assert_flat_queries(lambda: client.get(URL), add_members)


@pytest.mark.parametrize("name", ["segments:account_class", "segments:account_header"])
def test_the_account_page_gets_class_and_reason(client, rep, colleague, run, name):
    mine, url = member(run, owner=rep), None
    url = reverse(name, args=[mine.pk])
    client.force_login(rep)
    page = client.get(url).content.decode()
    assert "Current key" in page
    assert "For the test" in page
    client.force_login(colleague)
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("segments:account_class", "No class yet"),
        ("segments:account_header", "no class yet"),
    ],
)
def test_an_account_without_class_says_so(client, rep, name, words):
    account = make.account(owner=rep)
    client.force_login(rep)
    url = reverse(name, args=[account.pk])
    assert words in client.get(url).content.decode()


def test_the_bar_narrows_members_totals_and_links(client, manager, rep, run):
    member(run, name="Mine", owner=rep, realised="40.00")
    member(run, name="Other", realised="60.00")
    client.force_login(manager)

    answer = client.get(URL, {"owner": rep.pk})

    assert names(answer.context) == ["Mine"]
    tile = answer.context["tile"]
    assert tile.accounts == 1
    assert "class=current_key" in tile.accounts_url
    assert f"owner={rep.pk}" in tile.accounts_url
    assert "of the whole class, whatever the filter says" in answer.content.decode()
    assert client.get(URL, {"owner": manager.pk}).context["members"] == []
    wrong = client.get(URL, {"class": "general"})
    assert wrong.status_code == 400
    assert "members" not in wrong.context


def test_a_filter_that_matches_nobody_says_so_and_shows_no_zeros(
    client, manager, rep, run
):
    member(run, name="Another's")
    client.force_login(manager)
    response = client.get(URL, {"owner": rep.pk})
    assert "No account matches" in response.text
    assert "Clear the filter" in response.text
    assert "Expected of customers" not in response.text
    assert "class-portrait" not in response.text
