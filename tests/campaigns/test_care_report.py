"""CARE: four purposes and other sum to the change of CLV; effort sums to the whole."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from campaigns.queries.care_report import care_report
from campaigns.queries.team import team_in
from crm.models import LedgerEntry
from segments.queries.scope import Scope
from tests import make

URL = reverse("campaigns:care")
EARLY, DAY = dt.date(2025, 9, 30), dt.date(2026, 11, 20)
AT = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)


@pytest.fixture
def firm(db, rep, colleague):
    """Accounts of two reps and of nobody, and one that was merged into the first."""
    before, run = make.run(as_of=EARLY, current=False), make.run(as_of=DAY)
    mine = make.account(name="Mine", owner=rep, last_contact_on=DAY)
    theirs = make.account(name="Theirs", owner=colleague, last_contact_on=DAY)
    nobodys = make.account(name="Nobody's")
    gone = make.account(name="Gone", owner=rep, merged_into=mine, last_contact_on=DAY)
    for account, was, now in (
        (mine, "100.10", "250.11"),
        (theirs, "300.00", "120.07"),
        (nobodys, None, "40.01"),
        (gone, "17.77", None),
    ):
        for night, amount in ((before, was), (run, now)):
            if amount is not None:
                make.valuation(
                    account=account, run=night, realised=amount, expected_margin="0"
                )
    return mine, theirs, nobodys, gone


def contact(account, care, *, minutes=None, money="0", user=None):
    made = make.touchpoint(
        account=account,
        user=user or account.owner,
        care=care,
        minutes=minutes,
        occurred_at=AT,
    )
    if Decimal(money):
        LedgerEntry.objects.create(
            account=account,
            kind="account_management",
            amount=Decimal(money),
            incurred_on=AT.date(),
            touchpoint=made,
        )
    return made


def report(user, **asked):
    return care_report(Scope.read(asked, user))


def gains(found):
    return {row.key: row.gain for row in found.rows}


def test_the_parts_and_other_sum_to_what_the_team_gained(firm, manager, rep):
    mine, theirs, _, gone = firm
    contact(mine, "R", money="20.00")
    contact(gone, "E", money="10.00", user=rep)  # counts for whom it was merged into
    contact(theirs, "A", minutes=10)
    contact(theirs, "")
    found = report(manager)
    assert gains(found) == {
        "C": 0,
        "A": Decimal("-179.93"),
        "R": Decimal("100.01"),  # the cent that is over falls to the last in order
        "E": Decimal("50.00"),
        "other": Decimal("40.01") - Decimal("17.77"),
    }
    team = team_in(Scope.read({}, manager))
    assert found.total.gain == team.firm.gained == sum(gains(found).values())
    assert {row.label: row.total for row in found.people} == {
        row.label: row.gained for row in [*team.rows, team.unattributed] if row.gained
    }


def test_effort_sums_to_all_contacts_and_all_care(firm, manager):
    mine, theirs, *_ = firm
    contact(mine, "R", minutes=30, money="20.00")
    contact(theirs, "", minutes=15, money="9.00")
    make.cost(account=theirs, amount="5.00", kind="service", on=AT.date())
    make.cost(account=theirs, amount="7.00", kind="delivery", on=AT.date())
    found = report(manager)
    effort = {row.key: (row.contacts, row.minutes, row.money) for row in found.rows}
    assert effort["R"] == (1, 30, Decimal("20.00"))
    assert effort["other"] == (1, 15, Decimal("14.00"))
    assert (found.total.minutes, found.total.money) == (45, Decimal("34.00"))


def test_without_costs_minutes_decide_and_without_minutes_contacts(firm, manager):
    mine, theirs, *_ = firm
    contact(mine, "C", minutes=10)
    contact(mine, "R", minutes=20)
    contact(theirs, "A")
    contact(theirs, "E")
    found = gains(report(manager))
    assert (found["C"], found["R"]) == (Decimal("50.00"), Decimal("100.01"))
    assert found["A"] + found["E"] == Decimal("-179.93")
    assert abs(found["A"] - found["E"]) <= Decimal("0.01")


def test_a_rep_sees_their_own_accounts(client, firm, rep, manager):
    contact(firm[0], "R", minutes=10)
    contact(firm[1], "A", minutes=10)
    found = report(rep)
    assert found.total.gain == Decimal("150.01")
    assert found.people == []
    assert gains(found)["A"] == 0
    assert report(manager, owner=str(rep.pk)).total.gain == Decimal("150.01")
    client.force_login(rep)
    page = client.get(URL)
    assert "Theirs" not in page.content.decode()
    url = next(row.url for row in page.context["report"].rows if row.key == "A")
    assert "Theirs" not in client.get(url).content.decode()


def test_the_bar_narrows_effort_gains_names_and_file(client, firm, manager, rep):
    mine, theirs, nobodys, gone = firm
    contact(mine, "R", minutes=30, money="20.00")
    contact(gone, "R", minutes=6, user=rep)  # counts for whom it was merged into
    contact(theirs, "A", minutes=10, money="4.00")
    for one, kind in ((mine, "current_key"), (theirs, "general"), (nobodys, "general")):
        make.membership(account=one, worth_class=kind)
    mine.industry = "Printing"
    mine.save()
    found = report(manager, **{"class": "general"})
    assert gains(found) == {
        **dict.fromkeys("CRE", 0),
        "A": Decimal("-179.93"),
        "other": Decimal("40.01"),
    }
    assert (found.total.gain, found.total.minutes) == (Decimal("-139.92"), 10)
    assert "Class General" in found.sentence
    assert {row.label: row.total for row in found.people} == {
        "Nobody's": Decimal("40.01"),
        str(theirs.owner): Decimal("-179.93"),
    }
    kept = report(manager, industry="Printing")
    assert (kept.total.gain, kept.total.contacts) == (Decimal("150.01"), 2)
    both = report(manager, industry="Printing", owner=str(theirs.owner.pk))
    assert (both.total.gain, both.total.contacts) == (0, 0)
    client.force_login(manager)
    page = client.get(URL, {"class": "general"})
    url = next(row.url for row in page.context["report"].rows if row.key == "other")
    names = client.get(url).content.decode()
    assert "Nobody&#x27;s" in names
    assert "Mine" not in names
    export = client.get(reverse("campaigns:care_export"), {"class": "general"})
    lines = b"".join(export).decode().splitlines()
    assert lines[-1].split(",")[5] == "-139.92"
    assert report(rep, **{"class": "general"}).total.gain == 0


def test_every_figure_opens_its_accounts(client, manager, firm):
    contact(firm[0], "R", minutes=10)
    client.force_login(manager)
    page = client.get(URL)
    assert "CLV of the firm changed by" in page.content.decode()
    urls = {row.key: row.url for row in page.context["report"].rows}
    names = client.get(urls["R"]).content.decode()
    assert "Mine" in names
    assert "Theirs" not in names
    assert "Theirs" in client.get(urls["other"]).content.decode()
    export = b"".join(client.get(reverse("campaigns:care_export"))).decode()
    assert "Retain by excellent service" in export


def test_one_night_only_has_effort_and_no_gain(client, manager):
    account = make.account()
    make.valuation(account=account, run=make.run(as_of=DAY))
    contact(account, "R", minutes=10, user=manager)
    found = report(manager)
    assert found.total.gain is None
    assert "two nights" in found.sentence
    client.force_login(manager)
    assert "not known" in client.get(URL).content.decode()


def test_an_empty_firm_and_a_bad_filter(client, manager):
    client.force_login(manager)
    assert "Nothing is valued yet" in client.get(URL).content.decode()
    assert client.get(URL, {"from": "soon"}).status_code == 422


def test_questions_stay_flat(client, manager, firm, assert_flat_queries):
    client.force_login(manager)
    contact(firm[0], "R", minutes=10)
    more = iter(range(10))

    def add():
        for _ in range(2):
            contact(firm[1], "CARE"[next(more) % 4], minutes=5)

    assert_flat_queries(lambda: client.get(URL), add)


def test_the_api_says_the_same(manager, firm):
    contact(firm[0], "R", minutes=10)
    api = APIClient()
    api.force_authenticate(manager)
    rows = {row["purpose"]: row for row in api.get("/api/v1/care/").data}
    assert rows["R"]["clv_gained"] == "150.01"
    assert rows["all"]["clv_gained"] == "-7.68"
    assert api.get("/api/v1/care/", {"from": "soon"}).status_code == 400
